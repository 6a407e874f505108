"""ICMP: errors about packets, answers to pings, and what NAT makes of an error on its way back."""

from typing import Any

import pytest
from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import ExceptionLearned, HookPassed, IcmpIgnored, IcmpSent, SocketFound, Transmitted
from app.datapath.icmp import icmp_rcv, icmp_send
from app.kernel.netns import Netns, netns
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.kernel.socket import Socket, SocketKey
from app.kernel.world import World
from app.wire.packet import Icmp, IPv4
from tests.iptables import rules
from tests.journeys import Walked, send
from tests.stages import bare, frame, packet, run, tcp, udp
from tests.worlds import LO, cloud, device, knows, node, on_one_bridge, routed, routes, world

OWN, SENDER = "10.1.0.1", "10.1.0.9"


def host(*sockets: Socket) -> Netns:
    eth0 = device("eth0", "physical", f"{OWN}/24")
    return netns("host", (LO, eth0), neigh=[knows("eth0", SENDER)], sockets=sockets)


def told(skb: Skb | None) -> Icmp:
    assert skb is not None and isinstance(skb.ip.payload, Icmp)
    return skb.ip.payload


def test_an_error_quotes_the_packet_and_goes_to_its_sender() -> None:
    failed = bare(packet(SENDER, "10.9.9.9", udp()))
    sent = run(host(), icmp_send, failed, 3, 0).one(Transmitted).skb
    assert sent and (sent.ip.src, sent.ip.dst, sent.ip.ttl, sent.ip.df) == (OWN, SENDER, 64, False)
    assert told(sent).quoted == failed.ip


def test_its_source_is_the_address_the_packet_was_sent_to_if_that_is_ours() -> None:
    two = netns(
        "host", (LO, device("eth0", "physical", f"{OWN}/24"), device("eth1", "physical", "10.2.0.1/24"))
    )
    written = run(two, icmp_send, bare(packet(SENDER, "10.2.0.1", udp())), 3, 3).one(IcmpSent).skb
    assert written and written.ip.src == "10.2.0.1"


def test_no_error_is_ever_sent_about_an_error() -> None:
    error = Icmp(3, 1, packet(SENDER, OWN, udp()))
    assert not run(host(), icmp_send, bare(packet(SENDER, "10.9.9.9", error)), 3, 0).events


def test_an_error_is_sent_about_a_ping() -> None:
    assert run(host(), icmp_send, bare(packet(SENDER, "10.9.9.9")), 3, 0).all(IcmpSent)


def test_a_sender_to_whom_no_way_leads_cannot_be_told() -> None:
    assert not run(host(), icmp_send, bare(packet("198.51.100.7", "10.9.9.9", udp())), 3, 0).events


def test_an_echo_is_answered_by_the_kernel_with_the_same_id_and_sequence() -> None:
    ran = run(host(), icmp_rcv, frame(packet(SENDER, OWN, Icmp(8, 0, id=77, sequence=5))), "eth0")
    reply = ran.one(Transmitted).skb
    assert reply and (reply.ip.src, reply.ip.dst) == (OWN, SENDER)
    assert (told(reply).type, told(reply).id, told(reply).sequence) == (0, 77, 5)


def test_an_echo_from_whom_no_way_leads_back_is_not_answered_and_that_is_no_drop() -> None:
    """Recorded: icmp_reply gives up, and the echo is freed as one that was read."""
    ran = run(host(), icmp_rcv, frame(packet("198.51.100.7", OWN, Icmp(8, 0, id=7))), "eth0")
    assert ran.one(IcmpIgnored).function == "icmp_reply"
    assert not ran.drop and not ran.did(IcmpSent)


def test_an_echo_reply_wakes_who_pinged_with_this_identifier() -> None:
    pinger = Socket(SocketKey("icmp", "0.0.0.0", 77), "ping")
    ran = run(host(pinger), icmp_rcv, frame(packet(SENDER, OWN, Icmp(0, 0, id=77, sequence=1))), "eth0")
    assert ran.one(SocketFound).before.process == "ping"


def test_an_echo_reply_that_nobody_waits_for_ends() -> None:
    ran = run(host(), icmp_rcv, frame(packet(SENDER, OWN, Icmp(0, 0, id=77))), "eth0")
    assert ran.drop and ran.drop.reason is DropReason.NO_SOCKET


@pytest.mark.parametrize("l4", [tcp(), udp(), None], ids=["tcp", "udp", "ping"])
def test_an_error_about_a_packet_that_no_socket_here_sent_ends(l4: object) -> None:
    error = Icmp(3, 1, packet(OWN, "10.9.9.9", l4))  # type: ignore[arg-type]
    ran = run(host(), icmp_rcv, frame(packet(SENDER, OWN, error)), "eth0")
    assert ran.did(IcmpIgnored) and not ran.drop


def answered(neighbour: str) -> Netns:
    """A host with a gateway, and a neighbour that has answered ARP."""
    ways = routes("default via 10.1.0.1 dev eth0")
    known = [knows("eth0", neighbour)]
    devices = (LO, device("eth0", "veth", "10.1.0.9/24"))
    return netns("host", devices, routes=ways, neigh=known)


def about_a_reply(kind: int, code: int, **more: Any) -> Skb:
    reply = packet("10.1.0.9", "10.2.0.9", Icmp(0, 0, id=7, sequence=1))
    return frame(packet("10.1.0.1", "10.1.0.9", Icmp(kind, code, reply, **more)))


def test_an_error_about_an_echo_reply_needs_no_socket_to_be_heeded() -> None:
    """Measured: a machine that only answers pings follows a redirect, and notes what the path takes."""
    redirect = run(answered("10.1.0.2"), icmp_rcv, about_a_reply(5, 1, gateway="10.1.0.2"), "eth0")
    assert redirect.one(ExceptionLearned).exception.gateway == "10.1.0.2"
    too_large = run(answered("10.1.0.2"), icmp_rcv, about_a_reply(3, 4, mtu=1400), "eth0")
    assert too_large.one(ExceptionLearned).exception.mtu == 1400
    unreachable = run(answered("10.1.0.2"), icmp_rcv, about_a_reply(3, 1), "eth0")
    assert unreachable.names == ["IcmpIgnored"]


def test_a_message_of_a_kind_nobody_knows_ends() -> None:
    ran = run(host(), icmp_rcv, frame(packet(SENDER, OWN, Icmp(13, 0))), "eth0")
    assert ran.drop and ran.drop.reason is DropReason.IP_NOPROTO


# --- on the way back through NAT ---------------------------------------------------------------------------

SERVICE, ENDPOINT, CLIENT = "10.96.0.40", "10.244.2.3", "10.244.1.2"
DNAT = f"*nat\n -A PREROUTING -d {SERVICE}/32 -p tcp --dport 80 -j DNAT --to-destination {ENDPOINT}:8080"
SNAT = "*nat\n -A POSTROUTING -o eth0 -j MASQUERADE"


def quoted(walked: Walked, kind: str, place: str) -> IPv4:
    about = told(walked.at(kind, place)).quoted
    assert about is not None
    return about


def no_way_beyond_the_cloud(written: str) -> World:
    return routed(rules=rules(written), router=cloud("10.244.1.0/24 via 192.168.1.10 dev to-node1"))


def test_an_error_from_afar_about_a_dnated_connection_is_turned_back_on_the_clients_node() -> None:
    """The cloud quotes what it saw, the endpoint; pod1 is told about the address it asked for."""
    walked = send(no_way_beyond_the_cloud(DNAT), "node1/pod1", f"{SERVICE}:80")
    assert quoted(walked, "icmp 3/0", "node1:eth0<").dst == ENDPOINT
    about = quoted(walked, "icmp 3/0", "pod1:eth0<")
    assert (about.dst, about.payload.dport) == (SERVICE, 80)  # type: ignore[union-attr]
    assert walked.end.error == "ENETUNREACH"


def test_an_error_from_afar_about_a_masqueraded_connection_finds_its_sender() -> None:
    """Outside, the error is addressed to the node; un-SNAT in PREROUTING, and the quote becomes pod1's own packet."""
    walked = send(no_way_beyond_the_cloud(SNAT), "node1/pod1", f"{ENDPOINT}:8080")
    assert walked.at("icmp 3/0", "node1:eth0<").ip.dst == "192.168.1.10"
    inside = walked.at("icmp 3/0", "pod1:eth0<")
    assert inside.ip.dst == CLIENT
    assert quoted(walked, "icmp 3/0", "pod1:eth0<").src == CLIENT
    assert walked.end.error == "ENETUNREACH"


@pytest.mark.parametrize(
    ("more", "seen", "error"),
    [
        ("", "icmp 3/0", "ENETUNREACH"),
        (f"*filter\n -A FORWARD -d {ENDPOINT}/32 -j REJECT", "icmp 3/3", "ECONNREFUSED"),
    ],
    ids=["no route", "rejected"],
)
def test_an_error_about_an_unconfirmed_connection_is_translated_with_it(
    more: str, seen: str, error: str
) -> None:
    """Measured: `10.96.0.40 > 10.244.1.2: ICMP …`; icmp_glue_bits attaches the connection of the packet that failed."""
    written = rules(f"{DNAT}\n{more}")
    built = world(*node(1, {"pod1": CLIENT}, rules=written)) if more else on_one_bridge(rules=written)
    walked = send(built, "node1/pod1", f"{SERVICE}:80")
    assert walked.at(seen, "pod1:eth0<").ip.src == SERVICE
    assert quoted(walked, seen, "pod1:eth0<").dst == SERVICE
    assert (walked.end.error, walked.ended_at) == (error, 0)
    assert not walked.conntrack("node1"), "a connection that never began leaves no entry"


def test_r12_the_icmp_of_a_reject_is_out_before_the_packet_is_dropped() -> None:
    """Section 5, no endpoints: from the address of the device it leaves by, 102 octets, ECONNREFUSED at once."""
    proxy = Origin("kube-proxy", "Service/default/web")
    refusing = rules("*filter\n -A FORWARD -d 10.96.0.50/32 -p tcp --dport 80 -j REJECT", proxy)
    walked = send(world(*node(1, {"pod1": CLIENT}, rules=refusing)), "node1/pod1", "10.96.0.50:80")
    names = [type(step.event).__name__ for step in walked.steps if step.at == "node1"]
    rejected = names.index("IcmpSent")
    assert names[rejected - 1] == "HookPassed"
    assert "Transmitted" in names[rejected : names.index("Dropped", rejected)], (
        "its whole way out of the node comes first"
    )
    message = walked.at("icmp 3/3", "pod1:eth0<")
    assert (message.ip.src, message.eth.size) == ("10.244.1.1", 102)
    assert walked.one(IcmpSent).by == proxy
    assert (walked.end.error, walked.ended_at) == ("ECONNREFUSED", 0)


def test_from_the_node_itself_a_reject_in_output_answers_over_lo() -> None:
    refusing = rules("*filter\n -A OUTPUT -d 10.96.0.50/32 -p tcp --dport 80 -j REJECT")
    walked = send(world(*node(1, {"pod1": CLIENT}, rules=refusing)), "node1", "10.96.0.50:80")
    assert walked.seen("icmp 3/3") == ["node1:lo>", "node1:lo<"]
    assert walked.end.error == "ECONNREFUSED"


def test_an_errors_own_way_out_passes_output_and_postrouting() -> None:
    traced = replace(
        host(), config=replace(host().config, rules=rules("*mangle\n -A OUTPUT\n -A POSTROUTING"))
    )
    ran = run(traced, icmp_send, bare(packet(SENDER, "10.9.9.9", udp())), 3, 0)
    assert [event.hook for event in ran.all(HookPassed)] == ["OUTPUT", "POSTROUTING"]
