"""The compiled reference cluster, row by row of its table: names, MACs, addresses, order of creation."""

import pytest

from app.controlplane.infrastructure import Fabric, Infrastructure, Network
from app.kernel.device import Peer
from app.kernel.world import World
from tests.controlplane.reference import CLIENT, LB, NODES_ON_A_SWITCH, cluster, device, world

ROUTED = world(cluster(), Infrastructure(hosts=(CLIENT,), balancers=(LB,)))
OVERLAY = world(cluster(), Infrastructure(network=Network("flannel-vxlan"), fabric=Fabric(pod_routes=False)))
SWITCHED = world(
    cluster(nodes=NODES_ON_A_SWITCH), Infrastructure(network=Network("flannel-host-gw"), fabric=Fabric("l2"))
)

Row = tuple[World, str, str, str, str | None, int]
ROWS: list[Row] = [
    (ROUTED, "node1", "cbr0", "0a:58:0a:f4:01:01", "10.244.1.1/24", 1500),
    (ROUTED, "node1", "vethxxx", "2e:00:00:00:01:02", None, 1500),
    (ROUTED, "node1", "vethyyy", "2e:00:00:00:01:03", None, 1500),
    (ROUTED, "node1", "vethzzz", "2e:00:00:00:01:06", None, 1500),
    (ROUTED, "node1/pod1", "eth0", "0a:58:0a:f4:01:02", "10.244.1.2/24", 1500),
    (ROUTED, "node1/pod2", "eth0", "0a:58:0a:f4:01:03", "10.244.1.3/24", 1500),
    (ROUTED, "node1/pod5", "eth0", "0a:58:0a:f4:01:06", "10.244.1.6/24", 1500),
    (ROUTED, "node1", "eth0", "52:54:00:00:01:0a", "192.168.1.10/24", 1500),
    (ROUTED, "node2", "cbr0", "0a:58:0a:f4:02:01", "10.244.2.1/24", 1500),
    (ROUTED, "node2", "vethxxx", "2e:00:00:00:02:02", None, 1500),
    (ROUTED, "node2", "vethyyy", "2e:00:00:00:02:03", None, 1500),
    (ROUTED, "node2/pod3", "eth0", "0a:58:0a:f4:02:02", "10.244.2.2/24", 1500),
    (ROUTED, "node2/pod4", "eth0", "0a:58:0a:f4:02:03", "10.244.2.3/24", 1500),
    (ROUTED, "node2", "eth0", "52:54:00:00:02:0a", "192.168.2.10/24", 1500),
    (ROUTED, "cloud", "to-node1", "52:54:00:00:00:01", "192.168.1.1/24", 1500),
    (ROUTED, "cloud", "to-node2", "52:54:00:00:00:02", "192.168.2.1/24", 1500),
    (ROUTED, "cloud", "inet0", "52:54:00:00:00:fe", "203.0.113.1/24", 1500),
    (ROUTED, "cloud", "to-lb", "52:54:00:00:00:1b", "192.168.9.1/24", 1500),
    (ROUTED, "client", "eth0", "52:54:00:00:cb:32", "203.0.113.50/24", 1500),
    (ROUTED, "lb", "eth0", "52:54:00:00:09:64", "192.168.9.100/24", 1500),
    (OVERLAY, "node1", "cbr0", "0a:58:0a:f4:01:01", "10.244.1.1/24", 1450),
    (OVERLAY, "node1", "vethxxx", "2e:00:00:00:01:02", None, 1450),
    (OVERLAY, "node1/pod1", "eth0", "0a:58:0a:f4:01:02", "10.244.1.2/24", 1450),
    (OVERLAY, "node1", "eth0", "52:54:00:00:01:0a", "192.168.1.10/24", 1500),
    (OVERLAY, "node1", "flannel.1", "4e:f1:a0:00:01:00", "10.244.1.0/32", 1450),
    (OVERLAY, "node2", "flannel.1", "4e:f1:a0:00:02:00", "10.244.2.0/32", 1450),
    (SWITCHED, "node1", "eth0", "52:54:00:00:10:11", "192.168.10.11/24", 1500),
    (SWITCHED, "node2", "eth0", "52:54:00:00:10:12", "192.168.10.12/24", 1500),
    (SWITCHED, "switch", "sw0", "52:54:00:00:10:00", None, 1500),
    (SWITCHED, "switch", "port1", "52:54:00:00:10:f1", None, 1500),
    (SWITCHED, "switch", "port2", "52:54:00:00:10:f2", None, 1500),
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{netns}/{name}" for _, netns, name, *_ in ROWS])
def test_a_device_is_as_the_table_says(row: Row) -> None:
    built, netns, name, mac, address, mtu = row
    found = device(built, netns, name)
    assert (found.mac, found.mtu) == (mac, mtu)
    assert [str(own) for own in found.addresses] == ([address] if address else [])


def test_the_kernel_numbers_devices_in_the_order_in_which_the_real_ones_were_made() -> None:
    devices = OVERLAY["node1"].config.devices
    assert list(devices) == ["lo", "cbr0", "vethxxx", "vethyyy", "vethzzz", "eth0", "flannel.1"]
    assert devices["vethxxx"].index == 3, "inside pod1 the device is shown as eth0@if3"
    assert device(OVERLAY, "node1/pod1", "eth0").index == 2, "on the node it is vethxxx@if2"


@pytest.mark.parametrize("built", [ROUTED, OVERLAY, SWITCHED], ids=["routed", "overlay", "switched"])
def test_every_cable_and_every_pair_has_two_ends_that_know_each_other(built: World) -> None:
    devices = [
        (netns.id, device) for netns in built.netns.values() for device in netns.config.devices.values()
    ]
    ends = {Peer(netns, device.name): device.peer for netns, device in devices if device.peer}
    strangers = [end for end, peer in ends.items() if ends.get(peer) != end]
    assert not strangers, f"these ends lead to something that does not lead back: {strangers}"


def test_a_netns_without_any_rule_has_no_table_at_all() -> None:
    assert not OVERLAY["node1/pod1"].config.rules.tables
    assert not OVERLAY["cloud"].config.rules.conntrack, "a router without NAT tracks nothing"
