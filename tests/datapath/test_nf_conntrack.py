"""Connection tracking: what begins an entry, what moves it, when it is confirmed, assured, forgotten (R6, section 5)."""

import pytest

from app.datapath.events import (
    ConntrackConfirmed,
    ConntrackCreated,
    ConntrackDestroyed,
    ConntrackFound,
)
from app.datapath.nf_chains import At
from app.datapath.nf_conntrack import nf_confirm, nf_conntrack_in, tuple_of
from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.netns import Netns, netns
from app.kernel.skb import Skb
from app.wire.packet import Icmp, Tcp, Udp
from tests.iptables import rules
from tests.journeys import send
from tests.stages import Ran, frame, packet, run, tcp, udp
from tests.worlds import LO, cloud, device, on_one_bridge, routed

CLIENT, SERVER = "10.1.0.9", "10.2.0.9"
PRE = At("PREROUTING", "east", None)
TRACKING = rules("*filter\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT")


def router(*conns: Conn) -> Netns:
    machine = netns("router", (LO, device("east", "physical", "10.1.0.1/24")), rules=TRACKING)
    return machine.learn(conntrack={key: conn for conn in conns for key in (conn.original, conn.reply)})


def there(l4: Tcp | Udp | Icmp) -> Skb:
    return frame(packet(CLIENT, SERVER, l4))


def back(l4: Tcp | Udp | Icmp) -> Skb:
    return frame(packet(SERVER, CLIENT, l4))


def seen(at: Netns, skb: Skb) -> Ran:
    return run(at, nf_conntrack_in, skb, PRE)


def through(at: Netns, *packets: Skb) -> Netns:
    """These packets pass, each through PREROUTING and the confirmation at the end."""
    for skb in packets:
        ran = seen(at, skb)
        at = run(ran.netns, nf_confirm, ran.result, PRE).netns
    return at


def entry(at: Netns) -> Conn:
    (conn,) = {conn.original: conn for conn in at.learned.conntrack.values()}.values()
    return conn


def segment(*flags: str, answer: bool = False) -> Skb:
    return back(tcp(8080, 40001, *flags)) if answer else there(tcp(40001, 8080, *flags))


def test_r6_a_first_packet_is_new_and_its_entry_is_on_the_packet_only() -> None:
    ran = seen(router(), segment("SYN"))
    conn = ran.one(ConntrackCreated).conn
    assert conn.original == FlowTuple("tcp", CLIENT, 40001, SERVER, 8080)
    assert conn.reply == conn.original.reversed
    assert (ran.result.ctinfo, conn.state, conn.confirmed) == ("NEW", "SYN_SENT", False)
    assert not ran.netns.learned.conntrack


def test_r6_it_is_in_the_table_from_the_end_of_the_last_hook_on_under_both_tuples() -> None:
    at = through(router(), segment("SYN"))
    assert entry(at).confirmed
    assert set(at.learned.conntrack) == {entry(at).original, entry(at).reply}


def test_a_confirmed_packet_is_not_confirmed_twice() -> None:
    at = through(router(), segment("SYN"))
    again = seen(at, segment("SYN"))
    assert not run(again.netns, nf_confirm, again.result, PRE).all(ConntrackConfirmed)


@pytest.mark.parametrize(
    ("packets", "state", "assured"),
    [
        (["SYN>"], "SYN_SENT", False),
        (["SYN>", "SYN+ACK<"], "SYN_RECV", False),
        (["SYN>", "SYN+ACK<", "ACK>"], "ESTABLISHED", True),
        (["SYN>", "SYN+ACK<", "ACK>", "FIN+ACK>"], "FIN_WAIT", True),
        (["SYN>", "SYN+ACK<", "ACK>", "FIN+ACK>", "ACK<"], "CLOSE_WAIT", True),
        (["SYN>", "SYN+ACK<", "ACK>", "FIN+ACK>", "FIN+ACK<"], "LAST_ACK", True),
        (["SYN>", "SYN+ACK<", "ACK>", "FIN+ACK>", "FIN+ACK<", "ACK>"], "TIME_WAIT", True),
        (["SYN>", "SYN+ACK<", "ACK>", "RST+ACK<"], "CLOSE", True),
        (["SYN>", "SYN+ACK<", "RST>"], "CLOSE", False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_r6_a_tcp_entry_moves_with_its_packets_and_is_assured_by_the_third(
    packets: list[str], state: str, assured: bool
) -> None:
    """tcp_conntracks of nf_conntrack_proto_tcp.c; `119 TIME_WAIT` after a close (section 5)."""
    at = through(router(), *(segment(*p[:-1].split("+"), answer=p.endswith("<")) for p in packets))
    assert (entry(at).state, entry(at).assured) == (state, assured)


def test_r6_from_the_first_reply_on_packets_are_established() -> None:
    at = through(router(), segment("SYN"))
    assert seen(at, segment("SYN")).result.ctinfo == "NEW", "a repetition before any answer"
    answer = seen(at, segment("SYN", "ACK", answer=True))
    assert (answer.result.ctinfo, answer.result.direction) == ("ESTABLISHED", "reply")
    assert seen(answer.netns, segment("ACK")).result.ctinfo == "ESTABLISHED"


def test_section_5_a_connection_that_was_only_ever_refused_leaves_nothing() -> None:
    at = through(router(), segment("SYN"))
    ran = seen(at, segment("RST", "ACK", answer=True))
    assert ran.did(ConntrackDestroyed)
    assert not ran.netns.learned.conntrack


def test_a_single_udp_exchange_is_replied_not_assured() -> None:
    """`udp 17 29 src=... mark=0 use=1`, without [UNREPLIED] and without [ASSURED]."""
    asked = through(router(), there(udp()))
    assert entry(asked).state == "UNREPLIED"
    answered = through(asked, back(udp(5353, 40001)))
    assert (entry(answered).state, entry(answered).seen_reply, entry(answered).assured) == (
        "REPLIED",
        True,
        False,
    )


def test_an_echo_is_found_by_its_identifier_and_remembers_its_type() -> None:
    """`icmp 1 29 ... type=8 code=0 id=...`"""
    at = through(router(), there(Icmp(8, 0, id=7)))
    assert (entry(at).original.sport, entry(at).original.dport, entry(at).original.type) == (7, 7, 8)
    assert seen(at, back(Icmp(0, 0, id=7))).result.direction == "reply"
    assert seen(at, there(Icmp(8, 0, id=8))).all(ConntrackCreated), "another identifier, another connection"


def test_an_echo_to_oneself_is_told_from_its_reply_by_its_type() -> None:
    """Found by fuzzing: both have the same addresses and the same identifier, and still the reply confirms the entry."""
    at = through(router(), frame(packet(CLIENT, CLIENT, Icmp(8, 0, id=7))))
    answered = seen(at, frame(packet(CLIENT, CLIENT, Icmp(0, 0, id=7)))).result
    assert (answered.direction, answered.ctinfo) == ("reply", "ESTABLISHED")


@pytest.mark.parametrize(
    "l4", [tcp(40001, 8080, "RST"), Icmp(0, 0, id=7)], ids=["a stray RST", "a stray echo reply"]
)
def test_what_cannot_begin_a_connection_is_invalid(l4: Tcp | Icmp) -> None:
    ran = seen(router(), there(l4))
    assert (ran.result.ctinfo, ran.result.ct) == ("INVALID", None)
    assert not ran.events


def test_a_connection_first_seen_in_its_middle_is_picked_up() -> None:
    """nf_conntrack_tcp_loose."""
    assert seen(router(), segment("ACK")).one(ConntrackCreated).conn.state == "ESTABLISHED"


def test_an_error_is_related_to_the_connection_it_quotes() -> None:
    at = through(router(), segment("SYN"))
    error = frame(packet("10.2.0.1", CLIENT, Icmp(3, 1, segment("SYN").ip)))
    ran = seen(at, error)
    assert (ran.result.ctinfo, ran.result.direction) == ("RELATED", "reply")
    assert ran.one(ConntrackFound).conn == entry(at)


def test_an_error_about_nothing_known_is_invalid() -> None:
    error = frame(packet("10.2.0.1", CLIENT, Icmp(3, 1, segment("SYN").ip)))
    assert seen(router(), error).result.ctinfo == "INVALID"


def test_a_packet_that_has_its_connection_already_is_left_alone() -> None:
    """Over lo the reference stays on the skb."""
    first = seen(router(), segment("SYN")).result
    assert not seen(router(), first).events


def test_a_tuple_is_what_the_packet_says() -> None:
    assert tuple_of(there(udp(1, 2)).ip) == FlowTuple("udp", CLIENT, 1, SERVER, 2)


def test_r6_a_packet_dropped_before_the_end_leaves_no_entry() -> None:
    closed = rules("*filter\n-A FORWARD -m conntrack --ctstate NEW -j DROP")
    walked = send(routed(rules=closed), "node1/pod1", "10.244.2.3:8080")
    assert walked.all(ConntrackCreated, "node1")
    assert not walked.conntrack("node1")


def test_egress_no_masquerade_the_node_waits_for_a_reply_and_the_cloud_has_nothing() -> None:
    """Section 6: node1 keeps SYN_SENT [UNREPLIED], cloud nothing."""
    strict = cloud(rules=rules("*filter\n-A FORWARD -s 10.244.0.0/16 -m conntrack --ctstate NEW -j DROP"))
    walked = send(routed(rules=TRACKING, router=strict), "node1/pod1", "10.244.2.3:8080")
    assert [(c.state, c.seen_reply) for c in walked.conntrack("node1")] == [("SYN_SENT", False)]
    assert not walked.conntrack("cloud")


def test_section_5_two_nodes_remember_one_connection_each_as_it_saw_it() -> None:
    dnat = rules(
        "*nat\n-A PREROUTING -d 10.96.0.40/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080"
    )
    (conn,) = send(routed(rules=dnat), "node1/pod1", "10.96.0.40:80").conntrack("node1")
    assert conn.original == FlowTuple("tcp", "10.244.1.2", 40001, "10.96.0.40", 80)
    assert conn.reply == FlowTuple("tcp", "10.244.2.3", 8080, "10.244.1.2", 40001)
    assert (conn.dnat, conn.snat, conn.assured) == (True, False, True)


def test_arp_is_never_tracked() -> None:
    walked = send(on_one_bridge(rules=TRACKING), "node1/pod1", "10.244.1.3:8080")
    tracked = [event.skb for event in walked.all(ConntrackCreated) if event.skb]
    assert tracked and not any(skb.is_arp for skb in tracked)
