"""The cloud's router: its route table and limit, 1:1 NAT, and who may leave."""

from msgspec.structs import replace

from app.controlplane.infrastructure import Fabric, Infrastructure, OutsideHost
from app.kube.objects import Node
from tests.controlplane.reference import CLIENT, LB, NODES, chain, cluster, lines, world


def test_the_route_table_sends_each_block_to_its_node() -> None:
    routes = lines(world(cluster()), "cloud", "ip route")
    assert "10.244.1.0/24 via 192.168.1.10 dev to-node1" in routes
    assert "10.244.2.0/24 via 192.168.2.10 dev to-node2" in routes
    assert not [route for route in routes if route.startswith("default")], (
        "a stray ClusterIP is unreachable here"
    )


def test_a_full_route_table_leaves_the_last_nodes_out() -> None:
    routes = lines(world(cluster(), Infrastructure(fabric=Fabric(route_limit=1))), "cloud", "ip route")
    assert "10.244.1.0/24 via 192.168.1.10 dev to-node1" in routes
    assert not [route for route in routes if route.startswith("10.244.2.0")]


def test_without_an_outside_the_cloud_only_routes() -> None:
    cloud = world(cluster())["cloud"].config
    assert list(cloud.devices) == ["lo", "to-node1", "to-node2"]
    assert not cloud.rules.tables


def test_public_addresses_are_translated_one_to_one_and_nobody_else_may_leave() -> None:
    built = world(cluster(), Infrastructure(hosts=(CLIENT,), balancers=(LB,)))
    assert chain(built, "cloud", "nat", "PREROUTING") == [
        "-d 198.51.100.11/32 -i inet0 -j DNAT --to-destination 192.168.1.10",
        "-d 198.51.100.12/32 -i inet0 -j DNAT --to-destination 192.168.2.10",
    ]
    assert chain(built, "cloud", "nat", "POSTROUTING") == [
        "-s 192.168.1.10/32 -o inet0 -j SNAT --to-source 198.51.100.11",
        "-s 192.168.2.10/32 -o inet0 -j SNAT --to-source 198.51.100.12",
    ]
    assert chain(built, "cloud", "filter", "FORWARD") == [
        "-s 192.168.1.10/32 -o inet0 -j ACCEPT",
        "-s 192.168.2.10/32 -o inet0 -j ACCEPT",
        "-s 198.51.100.100/32 -o inet0 -j ACCEPT",
        '-o inet0 -m comment --comment "source is not a node: no public address for it" -j DROP',
    ]


def test_nodes_of_one_subnet_are_still_alone_on_their_cables() -> None:
    near = Node("node3", "192.168.1.11", "10.244.3.0/24")
    built = world(cluster(nodes=(*NODES, near)))
    by_eth0 = [line for line in lines(built, "node3", "ip route") if "dev eth0" in line]
    assert by_eth0 == ["default via 192.168.1.1 dev eth0", "192.168.1.1 dev eth0 scope link"]
    routes = lines(built, "cloud", "ip route")
    assert "192.168.1.10 dev to-node1 scope link" in routes
    assert "192.168.1.11 dev to-node3 scope link" in routes


def test_two_hosts_outside_have_a_cable_each() -> None:
    api = OutsideHost("api", "203.0.113.80", serves=((80, "api"),))
    built = world(cluster(), Infrastructure(hosts=(CLIENT, api)))
    assert {"inet0", "inet1"} <= set(built["cloud"].config.devices)
    assert "203.0.113.80 dev inet1 scope link" in lines(built, "cloud", "ip route")
    assert chain(built, "cloud", "filter", "FORWARD")[0] == "-s 192.168.1.10/32 -o inet+ -j ACCEPT"


def test_an_annotation_fixes_the_mac_of_a_node() -> None:
    odd = replace(NODES[0], annotations=(("packet-journeys/mac", "02:00:00:00:00:07"),))
    assert world(cluster(nodes=(odd,), pods=()))["node1"].config.devices["eth0"].mac == "02:00:00:00:00:07"
