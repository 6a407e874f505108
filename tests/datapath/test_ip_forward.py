"""Packets for somebody else: TTL, then MTU, then one hop less, and only then the FORWARD rules (R8, R9)."""

import pytest
from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import Forwarded, HookPassed, IcmpSent, SegmentSent, Transmitted
from app.datapath.ip_forward import ip_forward
from app.kernel.netns import Netns, netns
from app.process.programs import HttpServer, Machines
from app.wire.packet import Icmp, Text
from tests.iptables import rules
from tests.journeys import send
from tests.stages import Ran, frame, packet, run, tcp, udp
from tests.worlds import LO, WAYS, cloud, device, knows, node, route, routed, tunnelled, world

SENDER, RECEIVER = "10.1.0.9", "10.2.0.9"
ON = route("10.2.0.0/24 dev west")
EVERY_HOOK = rules("*mangle\n -A PREROUTING\n -A INPUT\n -A FORWARD\n -A OUTPUT\n -A POSTROUTING")


def router(mtu: int = 1500, drop: bool = False) -> Netns:
    west = device("west", "physical", "10.2.0.1/24", mtu=mtu)
    known = [knows("east", SENDER), knows("west", RECEIVER)]
    written = rules("*filter\n -A FORWARD -j DROP") if drop else EVERY_HOOK
    return netns("router", (LO, device("east", "physical", "10.1.0.1/24"), west), rules=written, neigh=known)


def forwarded(at: Netns, size: int = 100, **fields: int | bool) -> Ran:
    """A datagram of `size` octets that came in by east, on its way west."""
    datagram = packet(SENDER, RECEIVER, udp(data="x" * (size - 28)))
    return run(at, ip_forward, replace(frame(replace(datagram, **fields)), dev="east"), ON)


def reported(ran: Ran) -> Icmp:
    message = ran.all(IcmpSent)[0].skb
    assert message and isinstance(message.ip.payload, Icmp)
    return message.ip.payload


def test_r8_the_ttl_is_one_lower_before_any_forward_rule_sees_it() -> None:
    ran = forwarded(router(), ttl=64)
    shown = {event.hook: event.before.ip.ttl for event in ran.all(HookPassed)}
    assert shown == {"FORWARD": 63, "POSTROUTING": 63}
    sent = ran.one(Transmitted).skb
    assert sent and sent.ip.ttl == 63


def test_r8_ttl_1_is_answered_with_time_exceeded_quoting_ttl_1_and_meets_no_forward_rule() -> None:
    ran = forwarded(router(), ttl=1)
    error = reported(ran)
    assert (error.type, error.code) == (11, 0)
    assert error.quoted and error.quoted.ttl == 1
    assert ran.death == "ip_forward IP_INHDR"
    assert not ran.all(Forwarded)
    assert "FORWARD" not in [event.hook for event in ran.all(HookPassed)]


def test_r8_ttl_2_still_passes() -> None:
    assert forwarded(router(), ttl=2).did(Forwarded)


def test_r9_too_big_is_answered_with_the_mtu_before_the_decrement_and_meets_no_forward_rule() -> None:
    ran = forwarded(router(mtu=1450), 1478)
    error = reported(ran)
    assert (error.type, error.code, error.mtu) == (3, 4, 1450)
    assert error.quoted and error.quoted.ttl == 64
    assert ran.death == "ip_forward PKT_TOO_BIG"
    assert "FORWARD" not in [event.hook for event in ran.all(HookPassed)]


@pytest.mark.parametrize(("size", "df"), [(1450, True), (1478, False)], ids=["it just fits", "it may be cut"])
def test_r9_what_fits_or_may_be_fragmented_goes_on(size: int, df: bool) -> None:
    assert forwarded(router(mtu=1450), size, df=df).did(Forwarded)


def test_r9_ttl_is_looked_at_before_the_size() -> None:
    assert reported(forwarded(router(mtu=1450), 1478, ttl=1)).type == 11


@pytest.mark.parametrize(("gso", "passes"), [(1398, True), (1448, False)])
def test_r14_the_size_that_counts_is_that_of_a_segment(gso: int, passes: bool) -> None:
    """A large TCP packet is cut on its way out; 52 octets of headers come to each segment."""
    large = replace(
        frame(packet(SENDER, RECEIVER, tcp(40001, 80, "PSH", "ACK", payload=Text("x" * 3000)))),
        dev="east",
        gso=gso,
    )
    ran = run(router(mtu=1450), ip_forward, large, ON)
    assert (ran.drop is None) is passes


def test_fail_forward_policy_is_silence() -> None:
    ran = forwarded(router(drop=True))
    assert ran.drop and ran.drop.reason is DropReason.NETFILTER_DROP
    assert not ran.all(IcmpSent)


def test_inter_node_l3_captures_hooks_and_ttl_of_the_syn() -> None:
    """Section 3, cold: four ARP exchanges for the request, TTL 64, 63, 62, 61."""
    walked = send(routed(rules=EVERY_HOOK), "node1/pod1", "10.244.2.3:8080")
    assert walked.seen("SYN") == [
        "pod1:eth0>", "node1:vethxxx<", "node1:cbr0<", "node1:eth0>", "cloud:to-node1<", "cloud:to-node2>", "node2:eth0<",
        "node2:cbr0>", "node2:vethyyy>", "pod4:eth0<",
    ]  # fmt: skip
    assert walked.hooks("SYN", "node1") == ["[PRE cbr0->]", "FWD cbr0->eth0", "POST ->eth0"]
    ttls = [
        walked.at("SYN", place).ip.ttl
        for place in ("pod1:eth0>", "node1:eth0>", "cloud:to-node2>", "node2:cbr0>")
    ]
    assert ttls == [64, 63, 62, 61]


def test_inter_node_l3_who_asks_whom() -> None:
    """Section 3: the request costs four ARP exchanges; the reply costs none, for every replier learnt its asker."""
    walked = send(routed(), "node1/pod1", "10.244.2.3:8080")
    assert walked.held() == [
        "node1/pod1 10.244.1.1",
        "node1 192.168.1.1",
        "cloud 192.168.2.10",
        "node2 10.244.2.3",
    ]
    assert walked.at("SYN+ACK", "pod1:eth0<").ip.ttl == 61


def test_inter_node_l3_addresses_never_change_and_macs_do_at_every_router() -> None:
    walked = send(routed(), "node1/pod1", "10.244.2.3:8080")
    places = ("pod1:eth0>", "node1:eth0>", "cloud:to-node2>", "node2:cbr0>")
    seen = [walked.at("SYN", place) for place in places]
    assert {(skb.ip.src, skb.ip.dst) for skb in seen} == {("10.244.1.2", "10.244.2.3")}
    assert len({(skb.eth.src, skb.eth.dst) for skb in seen}) == 4


def test_fail_mtu_vxlan_a_datagram_with_df_too_big_for_the_tunnel() -> None:
    """Section 9: node1 ip_forward PKT_TOO_BIG before FWD; frag-needed mtu 1450 from 10.244.1.1, 590 octets."""
    built = tunnelled(mtu=1500)
    ran = run(built["node1"], ip_forward, replace(frame(packet("10.244.1.2", "10.244.2.3", udp(data="x" * 1450))), dev="cbr0"),
              route("10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink"))  # fmt: skip
    assert ran.death == "ip_forward PKT_TOO_BIG"
    message = ran.one(IcmpSent).skb
    assert message and message.ip.src == "10.244.1.1"
    assert message.ip.size + 14 == 590
    assert reported(ran).mtu == 1450


def test_fail_mtu_tcp_sends_again_at_once_in_smaller_segments() -> None:
    """Section 9 (`_tcp`): the server's answer is too big for the cloud, is refused once, and then comes in segments that fit."""
    built = world(*node(1, {"pod1": "10.244.1.2"}), cloud(*WAYS, mtu=1400), *node(2, {"pod4": "10.244.2.3"}))
    long = Machines(built, {("node2/pod4", "web"): HttpServer("x" * 3000)})
    walked = send(long, "node1/pod1", "10.244.2.3:8080")
    assert "cloud ip_forward PKT_TOO_BIG" in walked.drops
    error = walked.at("icmp 3/4", "pod4:eth0<").ip.payload
    assert isinstance(error, Icmp) and error.mtu == 1400
    answers = [e for e in walked.all(SegmentSent, "node2/pod4") if e.skb and e.skb.gso]
    assert [(e.skb.gso, e.retransmission) for e in answers if e.skb] == [(1448, 0), (1348, 1)]
    assert (walked.end.error, walked.ended_at) == (None, 0)
