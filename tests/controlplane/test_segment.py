"""One switch for all nodes, with and without a router on it."""

import pytest

from app.controlplane.infrastructure import Fabric, Infrastructure
from tests.controlplane.reference import CLIENT, NODES, NODES_ON_A_SWITCH, cluster, lines, world

L2 = Infrastructure(fabric=Fabric("l2"))


def test_the_switch_is_a_bridge_with_a_port_for_each_node() -> None:
    built = world(cluster(nodes=NODES_ON_A_SWITCH), L2)
    assert built["switch"].config.ports == {"sw0": ("port1", "port2")}
    assert "cloud" not in built.netns, "nothing outside, so no router"
    assert not [line for line in lines(built, "node1", "ip route") if line.startswith("default")]


def test_without_a_plugin_that_does_it_an_administrator_writes_the_routes() -> None:
    built = world(cluster(nodes=NODES_ON_A_SWITCH), L2)
    assert "10.244.2.0/24 via 192.168.10.12 dev eth0" in lines(built, "node1", "ip route")
    bare = world(cluster(nodes=NODES_ON_A_SWITCH), Infrastructure(fabric=Fabric("l2", pod_routes=False)))
    assert not [line for line in lines(bare, "node1", "ip route") if line.startswith("10.244.2.0")]


def test_a_host_outside_brings_a_router_onto_the_segment() -> None:
    built = world(cluster(nodes=NODES_ON_A_SWITCH), Infrastructure(fabric=Fabric("l2"), hosts=(CLIENT,)))
    assert built["switch"].config.ports == {"sw0": ("port1", "port2", "port3")}
    assert [str(own) for own in built["cloud"].config.devices["to-switch"].addresses] == ["192.168.10.1/24"]
    assert "default via 192.168.10.1 dev eth0" in lines(built, "node1", "ip route")


def test_nodes_of_two_networks_cannot_share_a_switch() -> None:
    with pytest.raises(ValueError, match="one /24 network"):
        world(cluster(nodes=NODES), L2)
