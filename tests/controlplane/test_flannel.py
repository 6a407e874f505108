"""flanneld: three entries a remote node with VXLAN, one route with host-gw, and its masquerade rules."""

from msgspec.structs import replace

from app.controlplane.infrastructure import Fabric, Infrastructure, Network
from app.kernel.device import VxlanLink
from app.kernel.netns import Netns
from app.kernel.origin import Origin
from tests.controlplane.reference import NODES_ON_A_SWITCH, chain, cluster, device, lines, world

OVERLAID = Infrastructure(network=Network("flannel-vxlan"))
OVERLAY = world(cluster(), OVERLAID)


def origins(netns: Netns) -> set[Origin]:
    routes = [route.origin for route in netns.config.fib.main if route.prefix.address == "10.244.2.0"]
    return {netns.learned.neigh["flannel.1", "10.244.2.0"].origin, *routes}


def test_the_vtep_is_what_flanneld_asks_the_kernel_for() -> None:
    assert device(OVERLAY, "node1", "flannel.1").vxlan == VxlanLink(1, "192.168.1.10", "eth0", 8472)


def test_what_flanneld_notes_on_a_node_names_its_own_vtep_only() -> None:
    noted = (("flannel.alpha.coreos.com/backend-data", '{"VNI": 7, "VtepMAC": "4e:f1:a0:00:02:00"}'),)
    first, second, *others = cluster().nodes
    built = world(cluster(nodes=(first, replace(second, annotations=noted), *others)), OVERLAID)
    assert device(built, "node2", "flannel.7").vxlan == VxlanLink(7, "192.168.2.10", "eth0", 8472)
    assert "10.244.1.0/24 via 10.244.1.0 dev flannel.7 onlink" in lines(built, "node2", "ip route")
    assert device(built, "node1", "flannel.1").vxlan == VxlanLink(1, "192.168.1.10", "eth0", 8472)


def test_the_way_to_another_node_is_a_route_a_neighbour_and_an_fdb_entry() -> None:
    assert "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink" in lines(OVERLAY, "node1", "ip route")
    assert lines(OVERLAY, "node1", "ip neigh") == [
        "10.244.2.0 dev flannel.1 lladdr 4e:f1:a0:00:02:00 PERMANENT"
    ]
    fdb = lines(OVERLAY, "node1", "bridge fdb")
    assert "4e:f1:a0:00:02:00 dev flannel.1 dst 192.168.2.10 self permanent" in fdb
    assert origins(OVERLAY["node1"]) == {Origin("flanneld", "Node/node2")}


def test_with_an_overlay_the_cloud_knows_no_pods() -> None:
    assert not [line for line in lines(OVERLAY, "cloud", "ip route") if "10.244" in line]


def test_host_gw_makes_nodes_the_gateways_of_each_other() -> None:
    infra = Infrastructure(network=Network("flannel-host-gw"), fabric=Fabric("l2"))
    built = world(cluster(nodes=NODES_ON_A_SWITCH), infra)
    assert "10.244.2.0/24 via 192.168.10.12 dev eth0" in lines(built, "node1", "ip route")
    assert "10.244.1.0/24 via 192.168.10.11 dev eth0" in lines(built, "node2", "ip route")


def test_ip_masq_comes_after_kube_proxy_and_spares_what_stays_in_the_cluster() -> None:
    assert chain(OVERLAY, "node1", "nat", "POSTROUTING") == [
        '-m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
        '-m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
    ]
    rules = [
        rule.replace(' -m comment --comment "flanneld masq"', "")
        for rule in chain(OVERLAY, "node1", "nat", "FLANNEL-POSTRTG")
    ]
    assert rules == [
        "-m mark --mark 0x4000/0x4000 -j RETURN",
        "-s 10.244.1.0/24 -d 10.244.0.0/16 -j RETURN",
        "-s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN",
        "! -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN",
        "-s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully",
        "! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE --random-fully",
    ]


def test_without_ip_masq_only_the_forward_rules_are_there() -> None:
    """`--iptables-forward-rules` is a flag of its own, and on by default."""
    built = world(cluster(), Infrastructure(network=Network("flannel-vxlan", ip_masq=False)))
    chains = {line.split()[1] for line in lines(built, "node1", "iptables-save") if line.startswith("-A")}
    assert not [chain for chain in chains if "POSTRTG" in chain]
    assert "FLANNEL-FWD" in chains
