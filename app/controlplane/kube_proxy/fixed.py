"""The rules that are there whatever the Services are, in the form in which kube-proxy writes them."""

from collections.abc import Iterator

from app.controlplane.infrastructure import Proxy
from app.kernel.iptables import Line, parse
from app.kernel.origin import Origin

ORIGIN = Origin("kube-proxy")

# Every jump is inserted at the head of its chain, so the list reads backwards from the order of writing.
JUMPS = """
*mangle
:KUBE-PROXY-CANARY
*filter
:KUBE-PROXY-CANARY
:KUBE-SERVICES
:KUBE-EXTERNAL-SERVICES
:KUBE-FORWARD
:KUBE-NODEPORTS
:KUBE-PROXY-FIREWALL
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -j KUBE-FIREWALL
*nat
:KUBE-PROXY-CANARY
:KUBE-SERVICES
:KUBE-NODEPORTS
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
"""

# The mark is taken off before masquerading, so that a packet passing twice (IPsec, say) is masqueraded once.
FIXED = """
*filter
-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark {mark}/{mark} -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
*nat
-A KUBE-MARK-MASQ -j MARK --or-mark {mark}
-A KUBE-POSTROUTING -m mark ! --mark {mark}/{mark} -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark {mark}
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
"""  # noqa: E501 - one rule, one line

TAIL = """
*nat
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
"""  # noqa: E501 - one rule, one line


def before_services(proxy: Proxy) -> Iterator[Line]:
    yield from parse(JUMPS, ORIGIN)
    yield from parse(FIXED.format(mark=f"{1 << proxy.masquerade_bit:#x}"), ORIGIN)


def after_services() -> Iterator[Line]:
    """Node ports on every local address, the default; ClusterIPs, which come first, are thus never taken for one."""
    return parse(TAIL, ORIGIN)
