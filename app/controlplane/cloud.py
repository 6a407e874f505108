"""The cloud: one router, whose main table is the network's route table, and the 1:1 NAT towards the internet."""

from collections.abc import Iterator

from app.controlplane.cables import CLOUD, SWITCH, Cable, gateway_of
from app.controlplane.macs import nic_on_segment
from app.controlplane.site import Piece, Site
from app.kernel.device import Device, Interface, Peer
from app.kernel.iptables import Line, parse
from app.kernel.netns import IP_FORWARD
from app.kernel.origin import Origin
from app.kernel.route import Route
from app.kube.objects import Node
from app.wire.addr import DEFAULT, Prefix

TO_SWITCH = "to-switch"


def is_there(site: Site) -> bool:
    """Nodes on one switch, or joined by pigeon, need a router only to reach what is outside."""
    return bool(site.cables)


def plug_in(cable: Cable) -> Piece:
    """The machine's end: eth0, and a default route by the router."""
    eth0 = Device(
        "eth0",
        "physical",
        mac=cable.mac,
        addresses=(Interface(cable.address, cable.length),),
        mtu=cable.mtu,
        peer=Peer(CLOUD, cable.port),
        delay=cable.delay,
        origin=cable.origin,
    )
    to_gateway = Route(Prefix.parse(cable.gateway), "eth0", scope="link", origin=cable.origin)
    default = Route(DEFAULT, "eth0", via=cable.gateway, origin=cable.origin)
    return Piece(
        cable.machine, devices=(eth0,), routes=(default,) if cable.length == 24 else (to_gateway, default)
    )


def run_router(site: Site) -> Iterator[Piece]:
    """The router's devices, its routes, and its NAT where there is an outside."""
    if not is_there(site):
        return
    yield Piece(CLOUD, sysctl={IP_FORWARD: 1})
    for cable in site.cables.values():
        yield port_of(cable)
    if site.infra.fabric.kind == "l2":
        yield port_of_switch(site)
    yield Piece(CLOUD, routes=tuple(block_routes(site)))
    yield Piece(CLOUD, routes=tuple(vip_routes(site)))
    if site.infra.hosts:
        yield Piece(CLOUD, rules=tuple(internet_gateway(site)))


def port_of(cable: Cable) -> Piece:
    port = Device(
        cable.port,
        "physical",
        mac=cable.port_mac,
        addresses=(Interface(cable.gateway, cable.length),),
        mtu=cable.mtu,
        peer=Peer(cable.machine, "eth0"),
        origin=cable.origin,
    )
    to_machine = Route(Prefix.parse(cable.address), cable.port, scope="link", origin=cable.origin)
    return Piece(CLOUD, devices=(port,), routes=() if cable.length == 24 else (to_machine,))


def port_of_switch(site: Site) -> Piece:
    """One cable for the whole segment: the switch's last port."""
    gateway = gateway_of(site.nodes[0].address)
    port = Device(
        TO_SWITCH,
        "physical",
        mac=nic_on_segment(gateway),
        addresses=(Interface(gateway, 24),),
        mtu=site.infra.fabric.mtu,
        peer=Peer(SWITCH, f"port{len(site.nodes) + 1}"),
        origin=Origin("cloud"),
    )
    return Piece(CLOUD, devices=(port,))


def block_routes(site: Site) -> Iterator[Route]:
    """What the cloud route controller writes: each node's block by that node, as far as the limit goes."""
    fabric = site.infra.fabric
    if fabric.kind != "cloud" or not fabric.pod_routes or site.infra.network.plugin != "bridge":
        return
    for node in site.nodes[: fabric.route_limit]:
        yield Route(
            Prefix.parse(node.pod_cidr),
            f"to-{node.name}",
            via=node.address,
            origin=Origin("cloud route controller", f"Node/{node.name}"),
        )


def vip_routes(site: Site) -> Iterator[Route]:
    for balancer in site.infra.balancers:
        cable = site.cables[balancer.name]
        yield Route(Prefix.parse(balancer.vip), cable.port, via=balancer.address, origin=cable.origin)


def internet_gateway(site: Site) -> Iterator[Line]:
    """Public addresses are NATed 1:1; what has none may not leave, for no answer would find its way back."""
    inet = "inet0" if len(site.infra.hosts) == 1 else "inet+"
    for node in site.nodes:
        if node.external:
            yield from public_address(node, inet)
    for balancer in site.infra.balancers:
        yield from parse(
            f"-A FORWARD -s {balancer.vip} -o {inet} -j ACCEPT", site.cables[balancer.name].origin
        )
    comment = "source is not a node: no public address for it"
    yield from parse(f'-A FORWARD -o {inet} -m comment --comment "{comment}" -j DROP', Origin("cloud"))


def public_address(node: Node, inet: str) -> Iterator[Line]:
    yield from parse(
        f"""
        *nat
        -A PREROUTING -d {node.external} -i {inet} -j DNAT --to-destination {node.address}
        -A POSTROUTING -s {node.address} -o {inet} -j SNAT --to-source {node.external}
        *filter
        -A FORWARD -s {node.address} -o {inet} -j ACCEPT
        """,
        Origin("cloud", f"Node/{node.name}"),
    )
