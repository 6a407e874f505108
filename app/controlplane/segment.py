"""All nodes on one layer 2 segment: a switch, which is a bridge in a namespace of its own."""

from collections.abc import Iterator

from app.controlplane import cloud, macs
from app.controlplane.cables import CLOUD, SWITCH, gateway_of, network_of, node_mac
from app.controlplane.site import Piece, Site
from app.kernel.device import Device, Interface, Peer
from app.kernel.origin import Origin
from app.kernel.route import Route
from app.kube.objects import Node
from app.wire.addr import DEFAULT, Address, Mac

WIRED = Origin("switch")


def plug_in(site: Site, node: Node) -> Piece:
    """eth0 on the switch; a default route only where a router is on the segment too."""
    fabric = site.infra.fabric
    eth0 = Device(
        "eth0",
        "physical",
        mac=node_mac(node, macs.nic_on_segment(node.address)),
        addresses=(Interface(node.address, 24),),
        mtu=fabric.mtu,
        peer=Peer(SWITCH, f"port{site.nodes.index(node) + 1}"),
        delay=fabric.delay,
        origin=WIRED,
    )
    default = Route(
        DEFAULT, "eth0", via=gateway_of(node.address), origin=Origin("cloud", f"Node/{node.name}")
    )
    return Piece(node.name, devices=(eth0,), routes=(default,) if cloud.is_there(site) else ())


def run_switch(site: Site) -> Iterator[Piece]:
    """sw0 and its ports, which share the segment's MACs.  Raises ValueError on nodes of different networks."""
    if site.infra.fabric.kind != "l2" or not site.nodes:
        return
    if len({network_of(node.address) for node in site.nodes}) > 1:
        raise ValueError("nodes on one switch need addresses of one /24 network")
    peers = [Peer(node.name, "eth0") for node in site.nodes]
    if cloud.is_there(site):
        peers.append(Peer(CLOUD, cloud.TO_SWITCH))
    base = network_of(site.nodes[0].address).address
    sw0 = Device("sw0", "bridge", mac=macs.nic_on_segment(base), mtu=site.infra.fabric.mtu, origin=WIRED)
    yield Piece(
        SWITCH,
        devices=(sw0, *(port(site, at, peer, base) for at, peer in enumerate(peers, 1))),
    )


def port(site: Site, at: int, peer: Peer, base: Address) -> Device:
    return Device(
        f"port{at}",
        "physical",
        mac=port_mac(base, at),
        mtu=site.infra.fabric.mtu,
        peer=peer,
        master="sw0",
        origin=WIRED,
    )


def port_mac(base: Address, at: int) -> Mac:
    """…:10:f1, f2, … behind the switch's own …:10:00."""
    return f"{macs.nic_on_segment(base)[:-2]}{0xF0 + at & 0xFF:02x}"
