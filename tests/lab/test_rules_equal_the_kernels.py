"""Rules that nobody would write, hit by hit against the running kernel: what a table does to a packet is not left to guess.

Both nodes of a cluster without kube-proxy get the same rules; somebody asks somebody; every rule hit in every chain must be
the one that was computed, and everything else must agree as well.
"""

from itertools import product

import pytest
from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure, Network
from tests.clusters import Case
from tests.lab.agreement import agrees_with_the_kernel
from tests.lab.matrix import ENDS, NO_PROXY, cluster
from tests.lab.rulesets import RULESETS, typed_at

PATIENCE = 1_500_000  # us
NETWORKS = {
    "routed": Network(),
    "routed, br_netfilter off": Network(bridge_nf_call_iptables=False),
    "tunnelled": Network(plugin="flannel-vxlan", ip_masq=False),
}
EMPTIED = {"tunnelled": "*filter\n-F\n-X\n"}
"""flanneld's own rules would let all pass before another rule is asked."""

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
    ("routed", "refused in INPUT", "from the node to its pod"),
    ("routed", "sent on to a neighbour", "to the other node"),
    ("routed", "sent on to the node", "to its neighbour"),
    ("routed", "policy of INPUT is DROP", "from the node to itself"),
    ("routed, br_netfilter off", "devices", "to the other node"),
    ("tunnelled", "devices", "to the other node"),
    ("tunnelled", "dropped in security INPUT, tracked", "to the other node"),
)
DEAD_LOOP = ("tunnelled", "sent on to the other node")
"""A tunnel that sends into itself: it ends where the kernel ends it, but the flows of what is nested are told apart otherwise."""
ALL = tuple(each for each in product(NETWORKS, RULESETS, ASKED) if each[:2] != DEAD_LOOP)


def case(network: str, ruleset: str, asked: str) -> Case:
    """Nobody waits long: what is dropped is dropped again a second later."""
    infra = Infrastructure(NETWORKS[network], NO_PROXY)
    probes = tuple(replace(probe, timeout=PATIENCE) for probe in ENDS[asked])
    written = EMPTIED.get(network, "") + RULESETS[ruleset]
    changes = (change for node in ("node1", "node2") for change in typed_at(node, written))
    return Case(cluster(), infra, probes, tuple(changes))


def hits_that_agree(network: str, ruleset: str, asked: str) -> int:
    """How many were compared."""
    found = agrees_with_the_kernel(f"{network}, {ruleset}: {asked}", case(network, ruleset, asked))
    untraced = found.recording.untraced
    assert untraced is None, f"no rule hits to compare with: {untraced}"
    return sum(row.section == "rules" for row in found.best.rows)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("network", "ruleset", "asked"), CHOICE)
def test_a_telling_choice(network: str, ruleset: str, asked: str) -> None:
    assert hits_that_agree(network, ruleset, asked), "no rule was hit, so nothing was compared"


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("network", "ruleset", "asked"), [case for case in ALL if case not in CHOICE])
def test_all_the_others(network: str, ruleset: str, asked: str) -> None:
    hits_that_agree(network, ruleset, asked)
