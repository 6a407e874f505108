"""How nodes are joined: by the cloud's router, by one switch, or by pigeon."""

from collections.abc import Iterator

from app.controlplane import cloud, pigeon, segment
from app.controlplane.site import Piece, Site
from app.kernel.origin import Origin
from app.kernel.route import Route
from app.kube.objects import Node
from app.wire.addr import Prefix


def plug_in(site: Site, node: Node) -> Iterator[Piece]:
    """The node's NIC."""
    match site.infra.fabric.kind:
        case "cloud":
            yield cloud.plug_in(site.cables[node.name])
        case "l2":
            yield segment.plug_in(site, node)
        case "pigeon":
            yield pigeon.plug_in(site, node)


def nic_of(site: Site) -> str:
    return pigeon.PIGEON0 if site.infra.fabric.kind == "pigeon" else "eth0"


def write_routes(site: Site, node: Node) -> Iterator[Piece]:
    """Routes by hand on every node, where nodes share a link and neither a plugin nor a cloud writes any."""
    fabric = site.infra.fabric
    if fabric.kind != "cloud" and fabric.pod_routes and site.infra.network.plugin == "bridge":
        yield Piece(node.name, routes=tuple(routes_by_node(site, node, "administrator")))


def routes_by_node(site: Site, node: Node, component: str) -> Iterator[Route]:
    """The block of every other node by that node's address, which must be on-link."""
    for other in site.nodes:
        if other.name != node.name:
            origin = Origin(component, f"Node/{other.name}")
            yield Route(Prefix.parse(other.pod_cidr), nic_of(site), via=other.address, origin=origin)
