"""IP datagrams on avian carriers (RFC 1149): two nodes joined by a carrier that is slow, narrow, and knows its way."""

from app.controlplane import macs
from app.controlplane.cables import network_of, node_mac
from app.controlplane.site import Piece, Site
from app.kernel.device import Device, Interface, Peer
from app.kernel.neigh import Neighbour
from app.kernel.origin import Origin
from app.kernel.route import Route
from app.kube.objects import Node
from app.wire.addr import Mac, Prefix

PIGEON0 = "pigeon0"


def plug_in(site: Site, node: Node) -> Piece:
    """The node's end.  Nobody asks by ARP here: a pigeon is told its destination before it leaves.

    Raises ValueError unless there are exactly two nodes and nothing outside.
    """
    others = [other for other in site.nodes if other.name != node.name]
    if len(others) != 1 or site.cables:
        raise ValueError(
            "pigeons fly between two nodes, and nowhere else: no third node, no host or balancer outside"
        )
    (other,) = others
    fabric, origin = site.infra.fabric, Origin("pigeon", f"Node/{other.name}")
    device = Device(
        PIGEON0,
        "physical",
        mac=mac(node),
        addresses=(Interface(node.address, 24),),
        mtu=fabric.mtu,
        peer=Peer(other.name, PIGEON0),
        delay=fabric.delay,
        origin=origin,
    )
    far = network_of(other.address) != network_of(node.address)
    route = Route(Prefix.parse(other.address), PIGEON0, scope="link", origin=origin)
    return Piece(
        node.name,
        devices=(device,),
        routes=(route,) if far else (),
        neigh=(Neighbour(other.address, PIGEON0, "PERMANENT", mac(other), origin=origin),),
    )


def mac(node: Node) -> Mac:
    return node_mac(node, macs.nic(node.address))
