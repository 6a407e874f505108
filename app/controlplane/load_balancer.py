"""A cloud's layer 4 load balancer, as NAT: what comes for its VIP goes on to a node port, under its own address."""

from collections.abc import Iterator

from app.controlplane import cloud
from app.controlplane.infrastructure import LoadBalancer
from app.controlplane.site import Piece, Site
from app.kernel.iptables import Line, parse
from app.kernel.netns import IP_FORWARD


def run_balancers(site: Site) -> Iterator[Piece]:
    for balancer in site.infra.balancers:
        cable = site.cables[balancer.name]
        yield cloud.plug_in(cable)
        yield Piece(balancer.name, sysctl={IP_FORWARD: 1}, rules=tuple(balance(site, balancer)))


def balance(site: Site, balancer: LoadBalancer) -> Iterator[Line]:
    """One DNAT rule a target, each taking its share of what is left; masqueraded, so that answers come back here."""
    origin = site.cables[balancer.name].origin
    nodes = [site.index.nodes[name] for name in balancer.targets]
    for left, node in zip(range(len(nodes), 0, -1), nodes, strict=True):
        chance = f"-m statistic --mode random --probability {1 / left:.10f}" if left > 1 else ""
        yield from parse(
            f"""
            *nat
            -A PREROUTING -d {balancer.vip} -p tcp -m tcp --dport {balancer.port} {chance} \
                -j DNAT --to-destination {node.address}:{balancer.node_port}
            """,
            origin,
        )
    yield from parse("*nat\n-A POSTROUTING -o eth0 -j MASQUERADE", origin)
