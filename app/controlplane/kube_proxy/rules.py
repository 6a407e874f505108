"""The rules of one service port, in the order in which kube-proxy's syncProxyRules writes them.

    KUBE-SERVICES ─ cluster IP ─────────────────────────────────────► KUBE-SVC | KUBE-SVL ─► KUBE-SEP ─► DNAT
        ├─ external address ─► (KUBE-FW ─►) KUBE-EXT ─────────────────────┘
        └─ local address ────► KUBE-NODEPORTS ─► KUBE-EXT ────────────────┘

What nat leaves alone, because nobody is behind it, meets REJECT or DROP in the filter table.
"""

from collections.abc import Iterator
from functools import partial

from app.controlplane.infrastructure import Proxy
from app.controlplane.kube_proxy.names import endpoint_chain
from app.controlplane.kube_proxy.port import ProxiedPort
from app.kernel.iptables import Line, within
from app.kernel.netfilter import (
    AddressMatch,
    AddrTypeMatch,
    CommentMatch,
    Dnat,
    Jump,
    Match,
    PortMatch,
    Reject,
    Rule,
    StatisticMatch,
    TableName,
    Target,
    Verdict,
)
from app.kube.endpoints import Backend
from app.kube.objects import Node
from app.wire.addr import Address, Prefix

MARK_MASQ = Jump("KUBE-MARK-MASQ")
FROM_HERE = AddrTypeMatch("src")
TO_HERE = AddrTypeMatch("dst")


def of_port(port: ProxiedPort, proxy: Proxy, node: Node) -> Iterator[Line]:
    """All its lines, entrances first."""
    yield from cluster_ip(port)
    for address in port.service.external_ips:
        yield from external_address(port, address, "external IP", port.ext)
    for address in port.service.load_balancer_ips:
        firewalled = bool(port.service.load_balancer_source_ranges)
        yield from external_address(port, address, "loadbalancer IP", port.fw if firewalled else port.ext)
        if firewalled and port.choice.any:
            yield not_let_through(port, address)
    yield from node_port(port)
    yield from health_check(port)
    yield from capture(port, proxy)
    yield from external_chain(port, proxy)
    yield from firewall_chain(port, node)
    yield from spread(port, port.svc, port.choice.cluster)
    yield from spread(port, port.svl, port.choice.local)
    for backend in port.choice.reachable:
        yield from endpoint(port, backend)


def line(
    port: ProxiedPort,
    table: TableName,
    chain: str,
    comment: str | None,
    target: Target,
    *matches: Match,
    src: AddressMatch | None = None,
    dst: AddressMatch | None = None,
    dport: int | None = None,
) -> Line:
    """One rule of this service port.  With `dport`, 0 for any, it is a rule for the port's protocol only."""
    said = (CommentMatch(comment),) if comment else ()
    ported = () if dport is None else (PortMatch(dport or None),)
    protocol = port.protocol if dport is not None else None
    return Line(
        table, chain, Rule(target, src, dst, None, None, protocol, (*said, *matches, *ported), port.origin)
    )


def refusal(port: ProxiedPort) -> tuple[str, Target]:
    """Refused where there is nobody at all, silence where others could answer: policy Local means to hide this node."""
    if port.choice.any:
        return f"{port.name} has no local endpoints", Verdict("DROP")
    return f"{port.name} has no endpoints", Reject()


def cluster_ip(port: ProxiedPort) -> Iterator[Line]:
    assert port.service.cluster_ip, "a Service without an address has no proxied port"
    dst, dport = within(port.service.cluster_ip), port.port.port
    if port.internal_endpoints:
        comment = f"{port.name} cluster IP"
        yield line(port, "nat", "KUBE-SERVICES", comment, Jump(port.internal), dst=dst, dport=dport)
    else:
        comment, target = refusal(port)
        yield line(port, "filter", "KUBE-SERVICES", comment, target, dst=dst, dport=dport)


def external_address(port: ProxiedPort, address: Address, kind: str, chain: str) -> Iterator[Line]:
    """An external or balancer's address that reaches this node untranslated."""
    dst, dport = within(address), port.port.port
    if port.choice.any:
        yield line(port, "nat", "KUBE-SERVICES", f"{port.name} {kind}", Jump(chain), dst=dst, dport=dport)
    if not port.external_endpoints:
        comment, target = refusal(port)
        yield line(port, "filter", "KUBE-EXTERNAL-SERVICES", comment, target, dst=dst, dport=dport)


def not_let_through(port: ProxiedPort, address: Address) -> Line:
    """What comes back from KUBE-FW still carries the balancer's address, and so is known here."""
    comment = f"{port.name} traffic not accepted by {port.fw}"
    dst, dport = within(address), port.port.port
    return line(port, "filter", "KUBE-PROXY-FIREWALL", comment, Verdict("DROP"), dst=dst, dport=dport)


def node_port(port: ProxiedPort) -> Iterator[Line]:
    dport = port.port.node_port
    if not dport:
        return
    if port.choice.any:
        yield line(port, "nat", "KUBE-NODEPORTS", port.name, Jump(port.ext), dport=dport)
    if not port.external_endpoints:
        comment, target = refusal(port)
        yield line(port, "filter", "KUBE-EXTERNAL-SERVICES", comment, target, TO_HERE, dport=dport)


def health_check(port: ProxiedPort) -> Iterator[Line]:
    """The port on which kube-proxy tells balancers whether this node has endpoints."""
    service = port.service
    if service.health_check_node_port and service.type == "LoadBalancer" and port.external_local:
        rule = Rule(
            Verdict("ACCEPT"),
            protocol="tcp",
            matches=(
                CommentMatch(f"{port.name} health check node port"),
                PortMatch(service.health_check_node_port),
            ),
            origin=port.origin,
        )
        yield Line("filter", "KUBE-NODEPORTS", rule)


def capture(port: ProxiedPort, proxy: Proxy) -> Iterator[Line]:
    """Who comes to the cluster IP from elsewhere than a pod is masqueraded: the answer has to come back here."""
    if proxy.masquerade_all:
        whom = None
    elif proxy.cluster_cidr:
        whom = within(proxy.cluster_cidr, invert=True)
    else:
        return
    if port.internal_endpoints and port.service.cluster_ip:
        comment, dst = f"{port.name} cluster IP", within(port.service.cluster_ip)
        yield line(port, "nat", port.internal, comment, MARK_MASQ, src=whom, dst=dst, dport=port.port.port)


def external_chain(port: ProxiedPort, proxy: Proxy) -> Iterator[Line]:
    """Policy Cluster masquerades, as the endpoint may be on another node; policy Local keeps the client's address."""
    if not port.choice.any or not port.accessible:
        return
    add = partial(line, port, "nat", port.ext)
    whom = f"for {port.name} external destinations"
    if not port.external_local:
        yield add(f"masquerade traffic {whom}", MARK_MASQ)
    else:
        if proxy.cluster_cidr:
            yield add(f"pod traffic {whom}", Jump(port.svc), src=within(proxy.cluster_cidr))
        yield add(f"masquerade LOCAL traffic {whom}", MARK_MASQ, FROM_HERE)
        yield add(f"route LOCAL traffic {whom}", Jump(port.svc), FROM_HERE)
    if port.external_endpoints:
        yield add(None, Jump(port.external))


def firewall_chain(port: ProxiedPort, node: Node) -> Iterator[Line]:
    """loadBalancerSourceRanges.  A node inside a range may also come under the balancer's own address."""
    ranges, balancers = port.service.load_balancer_source_ranges, port.service.load_balancer_ips
    if not ranges or not balancers or not port.choice.any:
        return
    sources = [*ranges, *(balancers if any(node.address in Prefix.parse(cidr) for cidr in ranges) else ())]
    for source in sources:
        comment = f"{port.name} loadbalancer IP"
        yield line(port, "nat", port.fw, comment, Jump(port.ext), src=within(source))
    yield line(
        port, "nat", port.fw, f"other traffic to {port.name} will be dropped by KUBE-PROXY-FIREWALL", None
    )


def spread(port: ProxiedPort, chain: str, backends: tuple[Backend, ...]) -> Iterator[Line]:
    """One endpoint each with the probability that makes all equally likely: 1/n, 1/(n-1), …, and the last without."""
    for at, backend in enumerate(backends):
        left = len(backends) - at
        chance = (StatisticMatch(round(1 / left, 10)),) if left > 1 else ()
        target = Jump(endpoint_chain(port.name, port.protocol, backend.key))
        yield line(port, "nat", chain, f"{port.name} -> {backend.key}", target, *chance)


def endpoint(port: ProxiedPort, backend: Backend) -> Iterator[Line]:
    """A pod that reaches itself is masqueraded, or it would see its own address as the client's."""
    chain = endpoint_chain(port.name, port.protocol, backend.key)
    yield line(port, "nat", chain, port.name, MARK_MASQ, src=within(backend.address))
    yield line(port, "nat", chain, port.name, Dnat(backend.address, backend.port), dport=0)
