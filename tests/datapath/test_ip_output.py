"""Packets out: which way, which source, which hooks, and what if they do not fit."""

import pytest
from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import HookPassed, IcmpSent, NeighHeld, RouteLookedUp, Transmitted
from app.datapath.ip_output import ip_local_out, ip_output, ip_route_output, out_dev, segment_size, source_of
from app.kernel.netfilter import Ruleset
from app.kernel.netns import Netns, netns
from app.wire.addr import ZERO_MAC, mac_of
from app.wire.packet import Icmp, Text
from tests.iptables import rules
from tests.stages import bare, kernel, packet, run, tcp, udp
from tests.worlds import LO, device, knows, route, routes

OWN, NEXT, GATEWAY = "10.1.0.1", "10.1.0.9", "10.1.0.254"
EVERY_HOOK = rules("*mangle\n -A OUTPUT\n -A POSTROUTING\n*raw\n -A OUTPUT")
VIA = route(f"default via {GATEWAY} dev eth0")


def host(*lines: str, written: Ruleset | None = None, mtu: int = 1500) -> Netns:
    known = [knows("eth0", NEXT), knows("eth0", GATEWAY), knows("eth0", "10.1.0.77")]
    eth0 = device("eth0", "physical", f"{OWN}/24", mtu=mtu)
    return netns("host", (LO, eth0), routes=routes(*lines), rules=written, neigh=known)


def test_a_packet_of_our_own_passes_output_then_postrouting() -> None:
    ran = run(host(written=EVERY_HOOK), ip_local_out, bare(packet(OWN, NEXT)), route("10.1.0.0/24 dev eth0"))
    assert [(e.table, e.hook) for e in ran.all(HookPassed)] == [
        ("raw", "OUTPUT"), ("mangle", "OUTPUT"), ("mangle", "POSTROUTING"),
    ]  # fmt: skip
    assert all(event.oif == "eth0" for event in ran.all(HookPassed))


def test_the_next_hop_is_the_gateway_and_the_destination_stays() -> None:
    sent = run(host(), ip_output, bare(packet(OWN, "198.51.100.7")), VIA).one(Transmitted).skb
    assert sent and (sent.eth.src, sent.eth.dst) == (mac_of(OWN), mac_of(GATEWAY))
    assert sent.ip.dst == "198.51.100.7"


def test_on_link_the_next_hop_is_the_destination_itself() -> None:
    sent = run(host(), ip_output, bare(packet(OWN, NEXT)), route("10.1.0.0/24 dev eth0")).one(Transmitted).skb
    assert sent and sent.eth.dst == mac_of(NEXT)


def test_r10_an_unknown_next_hop_is_asked_for_after_postrouting() -> None:
    ran = run(
        host(written=EVERY_HOOK), ip_output, bare(packet(OWN, "10.1.0.200")), route("10.1.0.0/24 dev eth0")
    )
    assert ran.names.index("HookPassed") < ran.names.index("NeighHeld")
    assert ran.one(NeighHeld).entry.address == "10.1.0.200"


def test_what_is_local_leaves_by_lo_whatever_device_has_the_address() -> None:
    at = host()
    local = at.config.fib.lookup(OWN)
    assert local and out_dev(local) == "lo"
    ran = run(at, ip_local_out, bare(packet(OWN, OWN)), local)
    sent = ran.one(Transmitted)
    assert sent.dev == "lo"
    assert sent.skb and (sent.skb.eth.src, sent.skb.eth.dst) == (ZERO_MAC, ZERO_MAC)


def test_a_dnat_in_output_is_routed_again() -> None:
    """ip_route_me_harder: the way out is that of the new destination (section 5, from the node itself)."""
    to_next = rules("*nat\n -A OUTPUT -d 10.96.0.1/32 -j DNAT --to-destination 10.1.0.9")
    at = host(f"default via {GATEWAY} dev eth0", written=to_next)
    ran = run(at, ip_local_out, bare(packet(OWN, "10.96.0.1", tcp())), VIA)
    again = ran.one(RouteLookedUp)
    assert (again.dst, again.route.via if again.route else "") == ("10.1.0.9", None)
    sent = ran.one(Transmitted).skb
    assert sent and sent.eth.dst == mac_of(NEXT)


def test_a_dnat_in_output_to_nowhere_ends_there() -> None:
    nowhere = rules("*nat\n -A OUTPUT -d 10.1.0.77/32 -j DNAT --to-destination 198.51.100.7")
    ran = run(
        host(written=nowhere),
        ip_local_out,
        bare(packet(OWN, "10.1.0.77", tcp())),
        route("10.1.0.0/24 dev eth0"),
    )
    assert ran.death == "ip_route_me_harder IP_OUTNOROUTES"


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_a_route_that_says_no_is_no_way_out(kind: str) -> None:
    ran = run(host(f"{kind} 10.9.0.0/16"), ip_route_output, None, "10.9.1.1")
    assert ran.result is None
    assert ran.one(RouteLookedUp).route, "it was found, and it says no"


def test_without_any_route_nothing_is_found() -> None:
    ran = run(host(), ip_route_output, None, "198.51.100.7")
    assert (ran.result, ran.one(RouteLookedUp).route) == (None, None)


@pytest.mark.parametrize(
    ("line", "source"),
    [("10.1.0.0/24 dev eth0 src 10.1.0.88", "10.1.0.88"), (f"default via {GATEWAY} dev eth0", OWN)],
    ids=["preferred", "the device's"],
)
def test_the_source_is_the_routes_preferred_one_or_the_devices(line: str, source: str) -> None:
    assert source_of(kernel(host()), route(line)) == source


def test_a_packet_that_must_not_be_cut_and_does_not_fit_ends_after_postrouting_and_its_sender_is_told() -> (
    None
):
    """ip_finish_output: its size is looked at last."""
    large = bare(packet(OWN, NEXT, udp(data="x" * 1450)))
    ran = run(host(written=EVERY_HOOK, mtu=1400), ip_output, large, route("10.1.0.0/24 dev eth0"))
    assert ran.names.index("HookPassed") < ran.names.index("IcmpSent")
    assert ran.all(HookPassed)[0].hook == "POSTROUTING"
    told = ran.one(IcmpSent).skb
    assert told and isinstance(told.ip.payload, Icmp) and (told.ip.dst, told.ip.payload.mtu) == (OWN, 1400)
    assert ran.drop and ran.drop.reason is DropReason.NOT_SPECIFIED


def test_r14_a_large_tcp_packet_counts_as_its_segments() -> None:
    large = replace(bare(packet(OWN, NEXT, tcp(1, 2, "PSH", "ACK", payload=Text("x" * 3000)))), gso=1448)
    assert large.ip.size == 3052
    assert segment_size(large) == 1500
    assert segment_size(replace(large, gso=0)) == 3052
    assert segment_size(replace(large, gso=4000)) == 3052, "it fits into one segment"
