"""The engine against the kernel on journeys that no scenario tells, from `matrix.py` and `sizes.py`: a choice, all in the sweep."""

import pytest

from tests.lab import matrix, sizes
from tests.lab.agreement import agrees_with_the_kernel

CASES = matrix.CASES | sizes.CASES

CHOICE = (
    "cloud, with rules: to nobody here",
    "cloud, with rules: datagram to a closed port",
    "cloud, with rules: to a closed port",
    "cloud, with rules: ping to a service",
    "vxlan, with rules: to nobody there",
    "vxlan, with rules: from the node to remote",
    "vxlan, without rules: a long request",
    "switch, with rules: from the other node's pod to a node port",
    "host-gw, with rules: twice",
    "hairpin off, br_netfilter on: to self",
    "hairpin on, br_netfilter off: to local",
    "hairpin off, br_netfilter off: to a warm neighbour's service",
    "vxlan: ping out",
    "no room on the cable, datagram",
    "no room in the tunnel",
    "no room in the tunnel, datagram",
    "a large datagram",
    "a large datagram to a neighbour, with rules",
    "a large datagram that must stay whole",
    "no room in the tunnel, path MTU discovery do",
    "no room in the tunnel, twice",
    "no room under the tunnel, one segment",
    "a narrower cable under the tunnel, from node1/pod1",
    "a narrower cable under the tunnel, from node1",
    "no room at a port, in pieces",
    "no room at the far end of a cable",
    "a narrower cable under the tunnel, a long request",
    "pieces of uneven sizes",
    "pieces that a bridge passes up",
    "a path that takes 400, datagrams",
    "a path that takes 400, long requests",
    "a redirect about an echo reply",
    "DNAT into the tunnel, path MTU discovery want",
    "DNAT into the tunnel, path MTU discovery do",
    "a redirect, followed",
    "a redirect that NAT holds back",
)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", CHOICE)
def test_a_telling_choice(name: str) -> None:
    agrees_with_the_kernel(name, CASES[name])


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", [name for name in CASES if name not in CHOICE])
def test_all_the_others(name: str) -> None:
    agrees_with_the_kernel(name, CASES[name])
