"""Rules that nobody would write, hit by hit against the running kernel: what a table does to a packet is not left to guess.

Both nodes of a cluster without kube-proxy get the same rules; somebody asks somebody; every rule hit in every chain must be
the one that was computed, and everything else must agree as well.
"""

from itertools import product

import pytest
from msgspec.structs import replace

from app.controlplane.infrastructure import Fabric, Infrastructure, Network
from app.lab.compare import closest
from app.lab.record import record
from app.process.programs import Act, Machines, Probe
from tests.iptables import rules
from tests.lab.matrix import ENDS, NO_PROXY, Case, cluster
from tests.lab.rulesets import RULESETS

SECONDS = 1.5
NETWORKS = {
    "routed": Network(),
    "routed, br_netfilter off": Network(bridge_nf_call_iptables=False),
    "tunnelled": Network(plugin="flannel-vxlan"),
}
ASKED = (
    "to its neighbour",
    "to the other node",
    "datagram to its neighbour",
    "datagram to a closed port",
    "ping to the other node",
    "from the node to its pod",
    "from the node to itself",
)
CHOICE = (
    ("routed", "a rule in every chain, tracked", "to the other node"),
    ("routed", "every rule returns", "to its neighbour"),
    ("routed", "states without NAT", "to the other node"),
    ("routed", "chains in chains", "ping to the other node"),
    ("routed", "all masqueraded", "from the node to its pod"),
    ("routed", "refused in FORWARD, tracked", "datagram to a closed port"),
    ("routed", "refused in OUTPUT, tracked", "from the node to its pod"),
    ("routed", "sent on to a neighbour", "to the other node"),
    ("routed", "sent on to the node", "to its neighbour"),
    ("routed", "policy of INPUT is DROP", "from the node to itself"),
    ("routed, br_netfilter off", "devices", "to the other node"),
    ("tunnelled", "devices", "to the other node"),
    ("tunnelled", "dropped in security INPUT, tracked", "to the other node"),
)
ALL = tuple(product(NETWORKS, RULESETS, ASKED))


def machines_with(network: Network, written: str) -> Machines:
    machines = Case(cluster(), Infrastructure(network, NO_PROXY, Fabric()), ()).machines()
    world = machines.world
    for name in ("node1", "node2"):
        node = world[name]
        world = world.replace(node.reconfigure(replace(node.config, rules=rules(written))))
    return replace(machines, world=world)


def hurried(act: Act) -> Act:
    """What is dropped is dropped again a second later."""
    return replace(act, timeout=int(SECONDS * 1e6)) if isinstance(act, Probe) else act


def agrees_with_the_kernel(network: str, ruleset: str, asked: str) -> int:
    """Returns how many rule hits were compared."""
    machines = machines_with(NETWORKS[network], RULESETS[ruleset])
    acts = tuple(hurried(act) for act in ENDS[asked])
    recording = record(machines, acts)
    assert recording.untraced is None, f"no rule hits to compare with: {recording.untraced}"
    found = closest(machines, acts, recording)
    where = f"{network}, {ruleset}: {asked}"
    assert not found.differences, "\n".join((f"{where}: the kernel did something else:", *found.differences))
    return sum(row.section == "rules" for row in found.rows)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("network", "ruleset", "asked"), CHOICE)
def test_a_telling_choice(network: str, ruleset: str, asked: str) -> None:
    assert agrees_with_the_kernel(network, ruleset, asked), "no rule was hit, so nothing was compared"


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("network", "ruleset", "asked"), [case for case in ALL if case not in CHOICE])
def test_all_the_others(network: str, ruleset: str, asked: str) -> None:
    agrees_with_the_kernel(network, ruleset, asked)
