"""flanneld: subnets of other nodes become routes (host-gw), or routes, neighbours and FDB entries of a VXLAN device.

Sources: flannel, pkg/backend/vxlan/vxlan_network.go, pkg/backend/hostgw, pkg/trafficmngr/iptables.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, field, json

from app.controlplane import fabric, macs
from app.controlplane.cni_bridge import VXLAN_OVERHEAD
from app.controlplane.site import Piece, Site
from app.kernel.device import Device, Interface, VxlanLink
from app.kernel.iptables import Line, parse
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.origin import Origin
from app.kernel.route import Route
from app.kube.objects import Node
from app.wire.addr import Prefix

BACKEND_DATA = "flannel.alpha.coreos.com/backend-data"


class BackendData(Struct, frozen=True):
    """What flanneld notes of its own VTEP in its node's annotation, `{"VNI": 1, ...}`.  A device name holds seven digits more.

    Source: flannel, pkg/backend/vxlan/vxlan.go (vxlanLeaseAttrs).
    """

    vni: Annotated[int, Meta(ge=1, le=9_999_999)] = field(default=1, name="VNI")


def backend_data(text: str) -> BackendData:
    """Raises msgspec.DecodeError."""
    return json.decode(text, type=BackendData)


def vni(node: Node) -> int:
    return backend_data(dict(node.annotations).get(BACKEND_DATA, "{}")).vni


def vtep(node: Node) -> str:
    """The device's name: `flannel.1`"""
    return f"flannel.{vni(node)}"


def run_flanneld(site: Site, node: Node) -> Iterator[Piece]:
    """The backend that the network names, the rules that let its network be forwarded, and those of `--ip-masq`."""
    network = site.infra.network
    match network.plugin:
        case "bridge":
            return
        case "flannel-vxlan":
            yield from overlay(site, node)
        case "flannel-host-gw":
            yield from host_gateway(site, node)
    yield Piece(node.name, rules=tuple(forward(network.cluster_cidr, node)))
    if network.ip_masq:
        yield Piece(node.name, rules=tuple(masquerade(network.cluster_cidr, node)))


def host_gateway(site: Site, node: Node) -> Iterator[Piece]:
    """Nodes as gateways of each other: the kernel refuses such a route where they share no link."""
    if site.infra.fabric.kind != "cloud":
        yield Piece(node.name, routes=tuple(fabric.routes_by_node(site, node, "flanneld")))


def overlay(site: Site, node: Node) -> Iterator[Piece]:
    """The VTEP, and for every other node the three entries that lead to its VTEP."""
    subnet = Prefix.parse(node.pod_cidr).address
    yield Piece(
        node.name,
        devices=(
            Device(
                vtep(node),
                "vxlan",
                mac=macs.vtep(subnet),
                addresses=(Interface(subnet, 32),),
                mtu=site.infra.fabric.mtu - VXLAN_OVERHEAD,
                vxlan=VxlanLink(vni(node), node.address, fabric.nic_of(site)),
                origin=Origin("flanneld", f"Node/{node.name}"),
            ),
        ),
    )
    for other in site.nodes:
        if other.name != node.name:
            yield way_to(other, node)


def way_to(other: Node, node: Node) -> Piece:
    """Its block by its VTEP's address, that address by the VTEP's MAC, that MAC by the node's address."""
    block = Prefix.parse(other.pod_cidr)
    far, mac, origin = block.address, macs.vtep(block.address), Origin("flanneld", f"Node/{other.name}")
    dev = vtep(node)
    return Piece(
        node.name,
        neigh=(Neighbour(far, dev, "PERMANENT", mac, origin=origin),),
        fdb=(FdbEntry(mac, dev, dst=other.address, permanent=True, origin=origin),),
        routes=(Route(block, dev, via=far, onlink=True, origin=origin),),
    )


def masquerade(net: str, node: Node) -> Iterator[Line]:
    """Pod to pod stays as it is; pod to outside, and strangers to pods elsewhere, take the node's address."""
    masq = '-m comment --comment "flanneld masq"'
    return parse(
        f"""
        *nat
        -A POSTROUTING {masq} -j FLANNEL-POSTRTG
        -A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 {masq} -j RETURN
        -A FLANNEL-POSTRTG -s {node.pod_cidr} -d {net} {masq} -j RETURN
        -A FLANNEL-POSTRTG -s {net} -d {node.pod_cidr} {masq} -j RETURN
        -A FLANNEL-POSTRTG ! -s {net} -d {node.pod_cidr} {masq} -j RETURN
        -A FLANNEL-POSTRTG -s {net} ! -d 224.0.0.0/4 {masq} -j MASQUERADE --random-fully
        -A FLANNEL-POSTRTG ! -s {net} -d {net} {masq} -j MASQUERADE --random-fully
        """,
        Origin("flanneld", f"Node/{node.name}"),
    )


def forward(net: str, node: Node) -> Iterator[Line]:
    """`--iptables-forward-rules`, on by default: where FORWARD's policy is DROP, the cluster's own traffic passes all the same."""
    comment = '-m comment --comment "flanneld forward"'
    return parse(
        f"""
        *filter
        -A FORWARD {comment} -j FLANNEL-FWD
        -A FLANNEL-FWD -s {net} {comment} -j ACCEPT
        -A FLANNEL-FWD -d {net} {comment} -j ACCEPT
        """,
        Origin("flanneld", f"Node/{node.name}"),
    )
