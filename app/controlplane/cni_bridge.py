"""The CNI plugin `bridge`: one bridge a node, one veth pair a pod (containernetworking/plugins, main/bridge)."""

from collections.abc import Iterator
from string import ascii_lowercase

from app.controlplane import macs
from app.controlplane.infrastructure import Infrastructure
from app.controlplane.site import Piece, Site
from app.kernel.device import Device, Interface, Peer
from app.kernel.netns import BRIDGE_NF, IP_FORWARD
from app.kernel.origin import Origin
from app.kernel.route import Route
from app.kube.objects import Node, Pod
from app.wire.addr import DEFAULT, Address, Prefix, mac_of, text

VXLAN_OVERHEAD = 50  # octets: Ethernet 14, IPv4 20, UDP 8, VXLAN 8 (RFC 7348, section 5)
LETTERS = ascii_lowercase[23:] + ascii_lowercase[:23]


def attach_pods(site: Site, node: Node) -> Iterator[Piece]:
    """The bridge, then a pair for each pod in the order of the file."""
    pods, network = site.index.pods_on[node.name], site.infra.network
    origin = Origin("CNI bridge", f"Node/{node.name}")
    block, mtu = Prefix.parse(node.pod_cidr), pod_mtu(site.infra)
    gateway = gateway_of(block)
    bridge = Device(
        network.bridge,
        "bridge",
        mac=mac_of(gateway),
        addresses=(Interface(gateway, block.length),),
        mtu=mtu,
        origin=origin,
    )
    yield Piece(
        node.name,
        devices=(bridge, *(root_end(site, pod, at, mtu) for at, pod in enumerate(pods))),
        sysctl={IP_FORWARD: 1, BRIDGE_NF: int(network.bridge_nf_call_iptables)},
    )
    for at, pod in enumerate(pods):
        yield pod_end(pod, at, block, mtu)


def pod_mtu(infra: Infrastructure) -> int:
    """What the file says, otherwise what leaves room for the encapsulation."""
    overhead = VXLAN_OVERHEAD if infra.network.plugin == "flannel-vxlan" else 0
    return infra.network.mtu or infra.fabric.mtu - overhead


def gateway_of(block: Prefix) -> Address:
    """The first address of a block: the bridge's."""
    return text(block.network + 1)


def netns_of(pod: Pod) -> str:
    return f"{pod.node}/{pod.key}"


def veth_name(at: int) -> str:
    """vethxxx, vethyyy, vethzzz, vethaaa, …, then vethxyy, …; the plugin itself writes eight random hex digits."""
    turn, letter = divmod(at, len(LETTERS))
    return "veth" + LETTERS[letter] + LETTERS[(letter + turn) % len(LETTERS)] * 2


def root_end(site: Site, pod: Pod, at: int, mtu: int) -> Device:
    """The end that stays with the node: a port of the bridge, with hairpin mode as asked."""
    network = site.infra.network
    return Device(
        veth_name(at),
        "veth",
        mac=macs.veth(pod.address),
        mtu=mtu,
        peer=Peer(netns_of(pod), "eth0"),
        master=network.bridge,
        hairpin=network.hairpin,
        origin=origin_of(pod),
    )


def pod_end(pod: Pod, at: int, block: Prefix, mtu: int) -> Piece:
    """The end inside: eth0 with the pod's address, and a default route to the bridge."""
    eth0 = Device(
        "eth0",
        "veth",
        mac=mac_of(pod.address),
        addresses=(Interface(pod.address, block.length),),
        mtu=mtu,
        peer=Peer(pod.node, veth_name(at)),
        origin=origin_of(pod),
    )
    return Piece(
        netns_of(pod),
        devices=(eth0,),
        routes=(Route(DEFAULT, "eth0", via=gateway_of(block), origin=origin_of(pod)),),
    )


def origin_of(pod: Pod) -> Origin:
    return Origin("CNI bridge", f"Pod/{pod.namespace}/{pod.name}")
