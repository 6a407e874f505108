"""The engine against the kernel on journeys that no scenario tells, from `matrix.py` and `sizes.py`: a choice, all in the sweep."""

import pytest
from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure, Network
from app.lab.compare import differences_of_any
from app.lab.job import Command
from app.lab.record import record
from tests.lab import matrix, sizes

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
    "no forwarding",
    "reverse path filter",
    "a loop of routes",
    "forwarding dropped, neighbours",
    "a bridge that listens to all",
    "no room on the cable, datagram",
    "no VTEP in the FDB",
    "another VNI",
    "no room in the tunnel",
    "no room in the tunnel, datagram",
    "a large datagram",
    "a large datagram to a neighbour, with rules",
    "a large datagram that must stay whole",
    "no room in the tunnel, path MTU discovery do",
    "no room in the tunnel, twice",
    "no room under the tunnel, one segment",
    "no room at a port, in pieces",
    "no room at the far end of a cable",
    "a redirect, followed",
    "a redirect that NAT holds back",
)


def agrees_with_the_kernel(name: str) -> None:
    case = CASES[name]
    machines = case.machines()
    found = differences_of_any(machines, case.acts, record(machines, case.acts))
    assert not found, "\n".join((f"{name}: the kernel did something else:", *found))


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", CHOICE)
def test_a_telling_choice(name: str) -> None:
    agrees_with_the_kernel(name)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("sender", ["node1/pod1", "node1"])
def test_a_cable_that_becomes_narrower_under_a_tunnel(sender: str) -> None:
    """flannel.1 goes on promising 1450 octets; its own kernel learns what the path takes, and uses that for its own packets."""
    acts = tuple(replace(matrix.udp(sender, matrix.POD4, octets=1400), sport=sport) for sport in (40001, 40002))
    tunnel = Infrastructure(Network(plugin="flannel-vxlan"), matrix.NO_PROXY)
    narrow = sizes.mtus({"node1": {"eth0": 1400}, "cloud": {"to-node1": 1400}})
    before, after = (matrix.Case(matrix.cluster(), tunnel, acts, fault).machines() for fault in (None, narrow))
    changes = [
        Command(netns, ("ip", "link", "set", device, "mtu", "1400"))
        for netns, device in (("node1", "eth0"), ("cloud", "to-node1"))
    ]
    found = differences_of_any(after, acts, record(before, acts, changes=changes))
    assert not found, "\n".join(("the kernel did something else:", *found))


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", [name for name in CASES if name not in CHOICE])
def test_all_the_others(name: str) -> None:
    agrees_with_the_kernel(name)
