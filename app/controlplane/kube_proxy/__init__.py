"""kube-proxy in iptables mode: Services and EndpointSlices become rules (kubernetes v1.34, pkg/proxy/iptables)."""

from collections.abc import Iterator

from app.controlplane.kube_proxy import fixed, rules
from app.controlplane.kube_proxy.port import proxied_ports
from app.controlplane.site import Piece, Site
from app.kernel.netns import ROUTE_LOCALNET
from app.kube.objects import Node


def sync_rules(site: Site, node: Node) -> Iterator[Piece]:
    """One full sync.  Services come in the order of their names; kube-proxy walks a map, so it promises none."""
    proxy = site.infra.proxy
    if proxy.mode == "none":
        return
    lines = [*fixed.before_services(proxy)]
    for port in proxied_ports(site.index, node):
        lines += rules.of_port(port, proxy, node)
    lines += fixed.after_services()
    yield Piece(node.name, rules=tuple(lines), sysctl={ROUTE_LOCALNET: 1})
