"""A layer 4 balancer as NAT."""

from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure
from app.kernel.netns import IP_FORWARD
from tests.controlplane.reference import CLIENT, LB, chain, cluster, lines, world

BUILT = world(cluster(), Infrastructure(hosts=(CLIENT,), balancers=(LB,)))


def test_it_sends_its_vip_to_a_node_port_under_its_own_address() -> None:
    assert chain(BUILT, "lb", "nat", "PREROUTING") == [
        "-d 198.51.100.100/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.168.1.10:30080"
    ]
    assert chain(BUILT, "lb", "nat", "POSTROUTING") == ["-o eth0 -j MASQUERADE"]
    assert BUILT["lb"].config.on(IP_FORWARD)


def test_the_cloud_knows_where_the_vip_is() -> None:
    assert "198.51.100.100 via 192.168.9.100 dev to-lb" in lines(BUILT, "cloud", "ip route")


def test_several_targets_get_equal_shares() -> None:
    both = replace(LB, targets=("node1", "node2"))
    rules = chain(world(cluster(), Infrastructure(balancers=(both,))), "lb", "nat", "PREROUTING")
    assert ["--probability 0.50000000000" in rule for rule in rules] == [True, False]
    assert [rule.split()[-1] for rule in rules] == ["192.168.1.10:30080", "192.168.2.10:30080"]
