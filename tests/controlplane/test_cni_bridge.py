"""The bridge plugin: pairs, their names, hairpin, the default route, the sysctls."""

from app.controlplane.cni_bridge import veth_name
from app.controlplane.infrastructure import Infrastructure, Network
from app.kernel.netns import BRIDGE_NF, IP_FORWARD
from app.kernel.origin import Origin
from tests.controlplane.reference import cluster, device, lines, world

BUILT = world(cluster())


def test_root_ends_are_ports_of_the_bridge_in_the_order_of_the_pods() -> None:
    assert BUILT["node1"].config.ports == {"cbr0": ("vethxxx", "vethyyy", "vethzzz")}
    assert device(BUILT, "node1", "vethyyy").origin == Origin("CNI bridge", "Pod/default/pod2")


def test_names_go_on_through_the_alphabet_and_never_repeat() -> None:
    names = [veth_name(at) for at in range(110)]
    assert names[:5] == ["vethxxx", "vethyyy", "vethzzz", "vethaaa", "vethbbb"]
    assert len(set(names)) == len(names), "a node at kubelet's limit of 110 pods needs as many names"
    assert max(map(len, names)) <= 15, "IFNAMSIZ leaves room for 15 characters"


def test_a_pod_knows_its_own_block_and_sends_the_rest_to_the_bridge() -> None:
    assert lines(BUILT, "node1/pod1", "ip route") == [
        "default via 10.244.1.1 dev eth0",
        "10.244.1.0/24 dev eth0 proto kernel scope link src 10.244.1.2",
    ]


def test_hairpin_and_bridge_netfilter_are_what_the_file_says() -> None:
    network = Network(hairpin=False, bridge_nf_call_iptables=False, bridge="cni0")
    built = world(cluster(), Infrastructure(network=network))
    assert device(BUILT, "node1", "vethxxx").hairpin
    assert not device(built, "node1", "vethxxx").hairpin
    assert built["node1"].config.ports["cni0"]
    assert BUILT["node1"].config.on(BRIDGE_NF)
    assert not built["node1"].config.on(BRIDGE_NF)
    assert built["node1"].config.on(IP_FORWARD)
    assert not built["node1/pod1"].config.on(IP_FORWARD), "a pod does not forward"


def test_a_pod_may_have_a_larger_mtu_than_its_overlay() -> None:
    built = world(cluster(), Infrastructure(network=Network("flannel-vxlan", mtu=1500)))
    assert device(built, "node1/pod1", "eth0").mtu == 1500
    assert device(built, "node1", "flannel.1").mtu == 1450
