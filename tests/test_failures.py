"""What goes wrong in clusters: each break dies where the kernel drops it, and its sender learns what a real one learned.

Places, reasons and symptoms were recorded on a real kernel; the lab lays the same breaks beside one.
"""

import pytest

from app.datapath.events import Decapsulated, Fragmented, IcmpSent, Reassembled, SegmentSent
from app.scenario.model import Scenario
from app.simulate import broken_promises, simulate
from app.wire.packet import Icmp, Tcp
from tests import breakages
from tests.breakages import Breakage
from tests.journeys import Walked

AT_ONCE, ARP_GAVE_UP, PATIENCE_ENDED = 0.0, 3.05, 3.5
"""Seconds until the sender knows: an answer, three ARP requests without one, its own time-out."""
ETHERNET = 14  # octets of a header

FAILURES = [
    ("routed no-route", "node1 ip_error IP_INNOROUTES", "ENETUNREACH", AT_ONCE),
    ("routed no-route-in-cloud", "cloud ip_error IP_INNOROUTES", "ENETUNREACH", AT_ONCE),
    ("routed routing-loop", "cloud ip_forward IP_INHDR", "EHOSTUNREACH", AT_ONCE),
    ("routed no-forwarding", "node1 ip_error IP_INADDRERRORS", "ETIMEDOUT", PATIENCE_ENDED),
    ("routed rp-filter", "node2 ip_rcv_finish_core IP_RPFILTER", "ETIMEDOUT", PATIENCE_ENDED),
    ("routed forward-policy", "node1 nf_hook_slow NETFILTER_DROP", "ETIMEDOUT", PATIENCE_ENDED),
    ("routed dead-pod", "node2 arp_error_report NEIGH_FAILED", "EHOSTUNREACH", ARP_GAVE_UP),
    ("routed closed-port", "node2/pod4 tcp_v4_rcv NO_SOCKET", "ECONNREFUSED", AT_ONCE),
    ("routed closed-port-udp", "node2/pod4 __udp4_lib_rcv NO_SOCKET", "ECONNREFUSED", AT_ONCE),
    ("intra-node dead-pod", "node1/pod1 arp_error_report NEIGH_FAILED", "EHOSTUNREACH", ARP_GAVE_UP),
    ("intra-node forward-policy", "node1 nf_hook_slow NETFILTER_DROP", "ETIMEDOUT", PATIENCE_ENDED),
    ("overlay blocked", "cloud nf_hook_slow NETFILTER_DROP", "ETIMEDOUT", PATIENCE_ENDED),
    ("overlay no-fdb", "node1 vxlan_xmit NO_TX_TARGET", "ETIMEDOUT", PATIENCE_ENDED),
    ("overlay no-neighbour", "node1 vxlan_xmit NO_TX_TARGET", "EHOSTUNREACH", ARP_GAVE_UP),
    ("overlay wrong-vni", "node2 vxlan_rcv VXLAN_VNI_NOT_FOUND", "ETIMEDOUT", PATIENCE_ENDED),
    ("overlay mtu-udp", "node1 ip_forward PKT_TOO_BIG", "EMSGSIZE", AT_ONCE),
    ("overlay mtu-fragments", "node2 ip_forward PKT_TOO_BIG", "ETIMEDOUT", PATIENCE_ENDED),
    ("overlay narrow-underlay", "node2 ip_forward PKT_TOO_BIG", "ETIMEDOUT", PATIENCE_ENDED),
    ("service no-hairpin", "node1 br_handle_frame_finish NOT_SPECIFIED", "ETIMEDOUT", PATIENCE_ENDED),
]  # fmt: skip
BY_NAME = {f"{own.slug} {own.name}": own for own in breakages.once()}


def walk(name: str) -> Walked:
    return Walked(simulate(BY_NAME[name].load()).steps)


@pytest.mark.parametrize(("name", "death", "heard", "after"), FAILURES, ids=str)
def test_it_dies_where_the_kernel_drops_it_and_the_sender_learns_as_much(
    name: str, death: str, heard: str, after: float
) -> None:
    walked = walk(name)
    assert walked.drops[0] == death
    assert walked.end.error == heard
    assert walked.ended_at == pytest.approx(after, abs=0.06)


def test_tcp_is_told_and_sends_again_at_once_in_smaller_segments() -> None:
    walked = walk("overlay mtu")
    assert walked.drops[0] == "node1 ip_forward PKT_TOO_BIG"
    requests = [
        event
        for event in walked.all(SegmentSent, "node1/pod1")
        if event.skb and isinstance(event.skb.ip.payload, Tcp) and event.skb.ip.payload.payload
    ]
    assert [(event.skb.gso, event.retransmission) for event in requests if event.skb] == [
        (1448, 0),
        (1398, 1),
    ]
    assert (walked.end.error, walked.ended_at) == (None, 0)


def test_where_no_icmp_gets_out_large_packets_fall_into_a_black_hole() -> None:
    walked = walk("overlay mtu-black-hole")
    assert walked.drops == ["node1 nf_hook_slow NETFILTER_DROP", "node1 ip_forward PKT_TOO_BIG"]
    assert (walked.end.error, walked.ended_at) == ("ETIMEDOUT", PATIENCE_ENDED)


def test_a_router_that_may_cut_does_and_the_answer_is_lost_for_its_df() -> None:
    """Measured: the sender's datagram comes in two fragments and is put together; the answer, sent with DF, is lost once."""
    walked = walk("overlay mtu-fragments")
    (event,) = walked.all(Reassembled, "node2/pod4")
    assert event.skb and event.skb.ip.size == 1480
    (error,) = walked.all(IcmpSent, "node2")
    assert error.skb and isinstance(error.skb.ip.payload, Icmp)
    assert (error.skb.ip.payload.mtu, error.skb.ip.dst) == (1450, "10.244.2.3")


def test_the_cloud_cuts_the_outer_packet_and_the_node_puts_it_together_before_it_unwraps() -> None:
    """Measured: 1396 + 124 octets of frame, for the outer packet has no DF."""
    walked = walk("overlay narrow-underlay")
    (cut,) = walked.all(Fragmented, "cloud")
    assert [size + ETHERNET for size in cut.sizes] == [1410, 138]
    ways = [
        type(s.event)
        for s in walked.steps
        if s.at == "node2" and isinstance(s.event, Reassembled | Decapsulated)
    ]
    assert ways == [Reassembled, Decapsulated]


@pytest.mark.parametrize("own", breakages.once(), ids=str)
def test_every_break_costs_somebody_something(own: Breakage) -> None:
    """What is broken shows: the request does not arrive, or not at the first try."""
    walked = Walked(simulate(own.load()).steps)
    assert walked.end.error or walked.drops


@pytest.mark.parametrize("own", breakages.with_every_setting(), ids=str)
def test_what_a_break_promises_comes_true_with_every_setting_that_it_is_for(own: Breakage) -> None:
    scenario: Scenario = own.load()
    assert scenario.expect.verdict and scenario.expect.reason and scenario.expect.at, (
        "a break says how it ends and where"
    )
    assert list(broken_promises(scenario)) == []
