"""Bridged frames shown to iptables: the hooks nested in the bridge's own, and a DNAT that stays on the bridge (R4, R13)."""

import pytest

from app.datapath.br_netfilter import br_nf_pre_routing
from app.datapath.bridge import br_handle_frame
from app.datapath.drop import DropReason
from app.datapath.events import (
    ArpAsked,
    Dropped,
    NeighHeld,
    ProbeEnded,
    RouteLookedUp,
    Translated,
    Transmitted,
)
from app.kernel.world import World
from app.wire.addr import mac_of
from tests.iptables import rules
from tests.journeys import Walked, perform, probe, send
from tests.stages import frame, packet, run, tcp, who_has
from tests.worlds import knows, machines, node, on_one_bridge, routes, world

POD1, POD2 = "10.244.1.2", "10.244.1.3"
EVERY_HOOK = rules(
    """
    *mangle
    -A PREROUTING
    -A INPUT
    -A FORWARD
    -A OUTPUT
    -A POSTROUTING
    """
)
TO_POD2 = rules(
    "*nat\n -A PREROUTING -d 10.96.0.20/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.3:8080"
)
TO_ITSELF = rules(
    """
    *nat
    -A PREROUTING -d 10.96.0.10/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.2:8080
    -A POSTROUTING -s 10.244.1.2/32 -d 10.244.1.2/32 -j MASQUERADE
    """
)
FAR = rules(
    "*nat\n -A PREROUTING -d 10.96.0.40/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080"
)


def test_r4_a_bridged_packet_passes_three_hooks_inside_the_bridge() -> None:
    walked = send(on_one_bridge(rules=EVERY_HOOK), "node1/pod1", f"{POD2}:8080")
    assert walked.hooks("SYN", "node1") == ["[PRE cbr0->]", "[FWD cbr0->cbr0]", "[POST ->cbr0]"]


def test_r4_with_bridge_nf_off_a_bridged_packet_meets_no_rule() -> None:
    walked = send(on_one_bridge(rules=EVERY_HOOK, brnf=False), "node1/pod1", f"{POD2}:8080")
    assert walked.hooks("SYN", "node1") == []


def test_r4_on_its_way_up_a_packet_does_not_meet_prerouting_twice() -> None:
    walked = send(on_one_bridge(rules=EVERY_HOOK), "node1/pod1", "10.244.1.1", "icmp")
    assert walked.hooks("icmp 8/0", "node1") == ["[PRE cbr0->]", "IN cbr0->"]
    assert walked.hooks("icmp 0/0", "node1") == ["OUT ->cbr0", "POST ->cbr0"], (
        "no second POST inside the bridge"
    )


def test_r4_with_bridge_nf_off_prerouting_runs_after_cbr0() -> None:
    walked = send(on_one_bridge(rules=EVERY_HOOK, brnf=False), "node1/pod1", "10.244.1.1", "icmp")
    assert walked.hooks("icmp 8/0", "node1") == ["PRE cbr0->", "IN cbr0->"]


def test_r4_arp_is_shown_to_no_ip_hook() -> None:
    ran = run(on_one_bridge(rules=EVERY_HOOK)["node1"], br_handle_frame, who_has(POD2, tell=POD1), "vethxxx")
    assert "HookPassed" not in ran.names


def test_the_port_behind_the_bridge_is_visible_to_physdev_only() -> None:
    only_bridged = rules("*filter\n -A FORWARD -m physdev --physdev-is-in -j DROP")
    walked = send(on_one_bridge(rules=only_bridged), "node1/pod1", f"{POD2}:8080")
    assert walked.drops[0] == "node1 nf_hook_slow NETFILTER_DROP"
    assert walked.seen("SYN") == ["pod1:eth0>", "node1:vethxxx<"], (
        "dropped before it left by the other port (section 8)"
    )


def test_section_8_with_bridge_nf_off_a_drop_in_forward_does_not_apply_to_neighbours() -> None:
    policy = rules("*filter\n -A FORWARD -d 10.244.1.3/32 -j DROP")
    walked = send(on_one_bridge(rules=policy, brnf=False), "node1/pod1", f"{POD2}:8080")
    assert walked.end.error is None


def test_r13_a_bridged_dnat_with_a_known_neighbour_changes_the_destination_mac_only() -> None:
    known = knows("cbr0", POD2)
    ran = run(
        on_one_bridge(rules=TO_POD2, neigh=[known])["node1"],
        br_handle_frame,
        frame(packet(POD1, "10.96.0.20", tcp(dport=80)), dst=mac_of("10.244.1.1")),
        "vethxxx",
    )
    sent = ran.all(Transmitted)[-1].skb
    assert sent is not None
    assert (sent.eth.src, sent.eth.dst) == (mac_of(POD1), mac_of(POD2)), "the source MAC stays pod1's"
    assert (sent.ip.dst, sent.ip.ttl) == (POD2, 64), "the TTL stays 64"
    assert "cbr0" not in ran.sent_by, "no detour: the frame never leaves the bridge"


def test_r13_with_an_unresolved_neighbour_cbr0_asks_and_the_frame_takes_a_detour() -> None:
    walked = send(on_one_bridge(rules=TO_POD2), "node1/pod1", "10.96.0.20:80")
    asked = [
        e.skb.arp.sender_ip for e in walked.all(ArpAsked, "node1") if e.skb and e.skb.arp.target_ip == POD2
    ]
    assert asked == ["10.244.1.1"], "cbr0 ARPs for pod2 in the node's name"
    assert walked.seen("SYN") == [
        "pod1:eth0>",
        "node1:vethxxx<",
        "node1:cbr0>",
        "node1:vethyyy>",
        "pod2:eth0<",
    ]
    detour, bridged = walked.at("SYN", "node1:cbr0>"), walked.at("SYN", "node1:vethyyy>")
    assert detour.eth.src == mac_of("10.244.1.1"), "cbr0 sends it, as the neighbour layer wrote it (measured)"
    assert (bridged.eth.src, bridged.ip.ttl) == (mac_of(POD1), 64), "and the bridge restored the sender's"


def test_section_5_the_reply_over_the_bridge_is_un_dnated_in_the_nested_postrouting() -> None:
    walked = send(on_one_bridge(rules=TO_POD2), "node1/pod1", "10.96.0.20:80")
    back = next(e for e in walked.all(Translated) if e.kind == "un-DNAT")
    assert back.dev == "cbr0"
    assert walked.at("SYN+ACK", "node1:vethyyy<").ip.src == POD2
    assert walked.at("SYN+ACK", "node1:vethxxx>").ip.src == "10.96.0.20"
    assert walked.end.error is None


def test_section_5_with_bridge_nf_off_the_reply_bypasses_un_dnat_and_dies_at_the_client() -> None:
    """kubernetes#21613: pod1 has no socket for 10.244.1.3 and sends RST; SYN again at 1, 2, 3 s; time-out."""
    walked = send(on_one_bridge(rules=TO_POD2, brnf=False), "node1/pod1", "10.96.0.20:80")
    there = walked.at("SYN", "node1:vethyyy>")
    assert (there.eth.src, there.ip.ttl) == (mac_of("10.244.1.1"), 63), "routed out of cbr0 again"
    assert walked.seen("SYN+ACK") == ["pod2:eth0>", "node1:vethyyy<", "node1:vethxxx>", "pod1:eth0<"]
    assert "node1/pod1 tcp_v4_rcv NO_SOCKET" in walked.drops
    assert walked.seen("RST")[0] == "pod1:eth0>"
    assert walked.end.error == "ETIMEDOUT"
    assert [(c.state, c.seen_reply) for c in walked.conntrack("node1")] == [("SYN_SENT", False)]


def hairpinned(*, brnf: bool, hairpin: bool) -> Walked:
    return send(on_one_bridge(rules=TO_ITSELF, brnf=brnf, hairpin=hairpin), "node1/pod1", "10.96.0.10:80")


def test_section_5_hairpin_bridged_out_by_the_port_it_came_in_by_both_macs_are_pod1s() -> None:
    walked = hairpinned(brnf=True, hairpin=True)
    back = walked.at("SYN", "node1:vethxxx>")
    assert (back.eth.src, back.eth.dst) == (mac_of(POD1), mac_of(POD1))
    assert back.ip.src == "10.244.1.1", "masqueraded to cbr0's address"
    assert walked.end.error is None


def test_section_9_service_no_hairpin_ends_in_the_bridge() -> None:
    walked = hairpinned(brnf=True, hairpin=False)
    assert walked.drops[0] == "node1 br_handle_frame_finish NOT_SPECIFIED"
    assert walked.end.error == "ETIMEDOUT"


def test_section_5_with_bridge_nf_off_the_hairpin_is_routed_and_needs_no_flag() -> None:
    assert hairpinned(brnf=False, hairpin=False).end.error is None


def test_section_5_to_a_remote_endpoint_already_cbr0_shows_its_address() -> None:
    walked = send(world(*node(1, {"pod1": POD1}, rules=FAR)), "node1/pod1", "10.96.0.40:80")
    assert walked.at("SYN", "node1:vethxxx<").ip.dst == "10.96.0.40"
    assert walked.at("SYN", "node1:cbr0<").ip.dst == "10.244.2.3"


def unroutable(brnf: bool) -> World:
    """node1 without a default route: nothing leads to the endpoint on node2."""
    return on_one_bridge(rules=FAR, brnf=brnf)


@pytest.mark.parametrize("brnf", [True, False])
def test_a_destination_without_a_route_is_passed_up_and_the_sender_told(brnf: bool) -> None:
    """Measured on Linux 6.18, brnf 1 and 0 alike: ENETUNREACH at once; `10.96.0.40 > 10.244.1.2: net 10.96.0.40 unreachable`.

    br_nf_pre_routing_finish: ip_route_input succeeds with dst.input = ip_error, so the frame goes up like any other.
    """
    walked = send(unroutable(brnf), "node1/pod1", "10.96.0.40:80")
    assert "node1:cbr0<" in walked.seen("SYN")
    assert walked.drops == ["node1 ip_error IP_INNOROUTES"]
    assert (walked.end.error, walked.ended_at) == ("ENETUNREACH", 0)
    told = walked.at("icmp 3/0", "pod1:eth0<").ip
    assert told.src == "10.96.0.40", "the error is translated like an answer"


def test_without_ip_forward_a_rewritten_frame_is_passed_up_and_dies_there() -> None:
    """Measured: a ClusterIP with its endpoint on the same bridge times out when ip_forward is 0, brnf=1."""
    walked = send(on_one_bridge(rules=TO_POD2, forwarding=False), "node1/pod1", "10.96.0.20:80")
    assert walked.drops[0] == "node1 ip_error IP_INADDRERRORS"
    assert walked.end.error == "ETIMEDOUT"


def test_a_frame_whose_destination_no_rule_changed_is_not_routed_in_the_bridge() -> None:
    ran = run(
        on_one_bridge(rules=TO_POD2)["node1"], br_nf_pre_routing, frame(packet(POD1, POD2, tcp())), "vethxxx"
    )
    assert not ran.all(RouteLookedUp)
    assert ran.result.bridged_src is None


def test_a_bridged_frame_waits_for_a_dead_endpoint_and_its_sender_is_told() -> None:
    gone = rules(
        "*nat\n -A PREROUTING -d 10.96.0.20/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.99:8080"
    )
    walked = send(on_one_bridge(rules=gone), "node1/pod1", "10.96.0.20:80")
    assert walked.all(NeighHeld, "node1")[0].entry.address == "10.244.1.99"
    assert {e.reason for e in walked.all(Dropped, "node1")} == {DropReason.NEIGH_FAILED}


def test_the_second_connection_finds_the_neighbour_and_makes_no_detour() -> None:
    """R13: only while the neighbour is not resolved; afterwards the MAC is copied (neigh_hh_bridge)."""
    to = "10.96.0.20:80"
    first = perform(on_one_bridge(rules=TO_POD2), probe("node1/pod1", to))
    again = perform(machines(first.world), probe("node1/pod1", to, sport=40002))
    assert again.one(ProbeEnded).error is None
    assert again.seen("SYN") == ["pod1:eth0>", "node1:vethxxx<", "node1:vethyyy>", "pod2:eth0<"]


def test_routes_read_as_ip_route_prints_them() -> None:
    (way,) = routes("10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink")
    assert (str(way.prefix), way.via, way.dev, way.onlink) == (
        "10.244.2.0/24",
        "10.244.2.0",
        "flannel.1",
        True,
    )
