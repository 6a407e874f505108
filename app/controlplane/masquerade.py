"""kubenet's egress rule: pods leave the cluster under their node's address (kubelet until v1.23, kubenet_linux.go)."""

from collections.abc import Iterator

from app.controlplane.site import Piece, Site
from app.kernel.iptables import parse
from app.kernel.origin import Origin
from app.kube.objects import Node


def masquerade_egress(site: Site, node: Node) -> Iterator[Piece]:
    """Appended to POSTROUTING; flanneld has rules of its own for this."""
    network = site.infra.network
    if not network.egress_masquerade or network.plugin != "bridge":
        return
    rule = f"""
        *nat
        -A POSTROUTING ! -d {network.non_masquerade_cidr} \
            -m comment --comment "kubenet: SNAT for outbound traffic from cluster" \
            -m addrtype ! --dst-type LOCAL -j MASQUERADE
        """
    yield Piece(node.name, rules=tuple(parse(rule, Origin("kubenet", f"Node/{node.name}"))))
