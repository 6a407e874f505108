"""Two nodes joined by a carrier (RFC 1149): slow, narrow, and no ARP."""

import pytest

from app.controlplane.infrastructure import Fabric, Infrastructure
from app.kernel.device import Peer
from tests.controlplane.reference import CLIENT, NODES, cluster, device, lines, world

PIGEON = Fabric("pigeon", delay=900_000_000, mtu=256)
BUILT = world(cluster(), Infrastructure(fabric=PIGEON))


def test_the_carrier_is_one_device_on_each_node() -> None:
    here = device(BUILT, "node1", "pigeon0")
    assert (here.kind, here.peer) == ("physical", Peer("node2", "pigeon0"))
    assert (here.delay, here.mtu) == (900_000_000, 256)
    assert device(BUILT, "node1/pod1", "eth0").mtu == 256


def test_each_node_knows_the_other_without_asking() -> None:
    assert lines(BUILT, "node1", "ip neigh") == [
        "192.168.2.10 dev pigeon0 lladdr 52:54:00:00:02:0a PERMANENT"
    ]
    routes = lines(BUILT, "node1", "ip route")
    assert "192.168.2.10 dev pigeon0 scope link" in routes
    assert "10.244.2.0/24 via 192.168.2.10 dev pigeon0" in routes


@pytest.mark.parametrize(
    "infra",
    [Infrastructure(fabric=PIGEON, hosts=(CLIENT,)), Infrastructure(fabric=PIGEON)],
    ids=["host", "lone"],
)
def test_pigeons_fly_between_two_nodes_only(infra: Infrastructure) -> None:
    nodes = NODES if infra.hosts else NODES[:1]
    with pytest.raises(ValueError, match="between two nodes"):
        world(cluster(nodes=nodes, pods=()), infra)
