"""kubenet's rule for what leaves the cluster."""

from app.controlplane.infrastructure import Infrastructure, Network
from tests.controlplane.reference import chain, cluster, world

KUBENET = (
    "! -d 10.0.0.0/8 "
    '-m comment --comment "kubenet: SNAT for outbound traffic from cluster" '
    "-m addrtype ! --dst-type LOCAL -j MASQUERADE"
)


def test_egress_is_masqueraded_after_what_kube_proxy_has_to_say() -> None:
    built = world(cluster(), Infrastructure(network=Network(egress_masquerade=True)))
    assert chain(built, "node1", "nat", "POSTROUTING")[1:] == [KUBENET]


def test_it_is_not_there_unless_asked_for() -> None:
    assert len(chain(world(cluster()), "node1", "nat", "POSTROUTING")) == 1
