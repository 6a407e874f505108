"""What goes wrong in clusters: each break dies where the kernel drops it, and its sender learns what a real one learned.

Places, reasons and symptoms were recorded on a real kernel; the lab lays the same breaks beside one.
"""

import pytest

from app.scenario.model import Scenario
from app.simulate import broken_promises, simulate
from tests import breakages
from tests.breakages import Breakage
from tests.journeys import Walked

AT_ONCE, ARP_GAVE_UP, PATIENCE_ENDED = 0.0, 3.05, 3.5
"""Seconds until the sender knows: an answer, three ARP requests without one, its own time-out."""

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
    ("service no-hairpin", "node1 br_handle_frame_finish NOT_SPECIFIED", "ETIMEDOUT", PATIENCE_ENDED),
]  # fmt: skip
BY_NAME = {f"{own.slug} {own.name}": own for own in breakages.once()}


@pytest.mark.parametrize(("name", "death", "heard", "after"), FAILURES, ids=str)
def test_it_dies_where_the_kernel_drops_it_and_the_sender_learns_as_much(
    name: str, death: str, heard: str, after: float
) -> None:
    walked = Walked(simulate(BY_NAME[name].load()).steps)
    assert walked.drops[0] == death
    assert walked.end.error == heard
    assert walked.ended_at == pytest.approx(after, abs=0.06)


@pytest.mark.parametrize("own", breakages.once(), ids=str)
def test_without_the_break_the_same_request_arrives(own: Breakage) -> None:
    """Whatever is told of a break is told of nothing else: the same acts in the whole world end otherwise."""
    broken = simulate(own.load())
    assert broken.outcome.verdict != "delivered"


@pytest.mark.parametrize("own", breakages.with_every_setting(), ids=str)
def test_what_a_break_promises_comes_true_with_every_setting_that_it_is_for(own: Breakage) -> None:
    scenario: Scenario = own.load()
    assert scenario.expect.verdict and scenario.expect.reason and scenario.expect.at, (
        "a break says how it ends and where"
    )
    assert list(broken_promises(scenario)) == []
