"""Which pods are behind a Service, and which of them one node uses.

The first half is the EndpointSlice controller (kubernetes/pkg/controller/endpointslice), the second what kube-proxy
does with slices (kubernetes/pkg/proxy/endpointslicecache.go and topology.go).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from app.kube.cluster import ClusterIndex
from app.kube.objects import Endpoint, EndpointPort, EndpointSlice, Node, Pod, Service, ServicePort
from app.wire.addr import Address

Topology: TypeAlias = Literal["", "node", "zone"]
ZONE = "topology.kubernetes.io/zone"


def slices_of(index: ClusterIndex, service: Service) -> Sequence[EndpointSlice]:
    """The slices that the file holds for a Service, otherwise those that its selector makes."""
    return index.slices_of.get((service.namespace, service.name)) or selected_slices(index, service)


def selected_slices(index: ClusterIndex, service: Service) -> list[EndpointSlice]:
    """One slice for each set of port numbers: pods may give a named target port different numbers."""
    by_ports: dict[tuple[EndpointPort, ...], list[Endpoint]] = {}
    for pod in index.selected(service.namespace, service.selector):
        ports = tuple(found for port in service.ports if (found := target_of(port, pod)))
        target = f"Pod/{pod.namespace}/{pod.name}"
        by_ports.setdefault(ports, []).append(
            Endpoint(pod.address, pod.node, pod.ready, pod.ready, target=target)
        )
    return [
        EndpointSlice(f"{service.name}-{at}", service.namespace, service.name, tuple(endpoints), ports)
        for at, (ports, endpoints) in enumerate(by_ports.items(), 1)
    ]


def target_of(port: ServicePort, pod: Pod) -> EndpointPort | None:
    """The port on this pod; None where it names none of its containers' ports."""
    if not isinstance(port.target_port, str):
        return EndpointPort(port.target_port or port.port, port.name, port.protocol)
    for container in pod.containers:
        for own in container.ports:
            if (own.name, own.protocol) == (port.target_port, port.protocol):
                return EndpointPort(own.container_port, port.name, port.protocol)
    return None


class Backend(Struct, frozen=True):
    """One endpoint of one service port, as kube-proxy sees it."""

    address: Address
    port: int
    endpoint: Endpoint

    @property
    def key(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def ready(self) -> bool:
        return self.endpoint.ready

    @property
    def draining(self) -> bool:
        """Serves although it is about to end: used when nobody is ready."""
        return self.endpoint.serving and self.endpoint.terminating


def backends_of(index: ClusterIndex, service: Service, port: ServicePort) -> tuple[Backend, ...]:
    """Everything behind a service port.  Of twins the one that stays wins; the order is that of the texts `ip:port`."""
    found: dict[str, Backend] = {}
    for slice_ in slices_of(index, service):
        for own in slice_.ports:
            if (own.name, own.protocol) != (port.name, port.protocol):
                continue
            for endpoint in slice_.endpoints:
                backend = Backend(endpoint.address, own.port, endpoint)
                if backend.key not in found or not endpoint.terminating:
                    found[backend.key] = backend
    return tuple(found[key] for key in sorted(found))


class Choice(Struct, frozen=True):
    """`cluster` and `local`: what each traffic policy spreads over; `reachable`: their union, who needs a DNAT rule.

    `any` is true also where the only endpoints are on other nodes; it decides between refusing and silence.
    """

    cluster: tuple[Backend, ...] = ()
    local: tuple[Backend, ...] = ()
    reachable: tuple[Backend, ...] = ()
    any: bool = False


def externally_accessible(service: Service, port: ServicePort) -> bool:
    return bool(port.node_port or service.load_balancer_ips or service.external_ips)


def choose(service: Service, port: ServicePort, backends: tuple[Backend, ...], node: Node) -> Choice:
    """kubernetes/pkg/proxy/topology.go, CategorizeEndpoints, for one node."""
    outside = externally_accessible(service, port)
    uses_cluster = service.internal_traffic_policy == "Cluster" or outside
    uses_local = service.internal_traffic_policy == "Local" or (
        service.external_traffic_policy == "Local" and outside
    )
    topology = topology_of(backends, node) if uses_cluster else ""
    cluster = usable(backends, lambda b: offered(b, topology, node)) if uses_cluster else ()
    if not uses_local:
        return Choice(cluster, (), cluster, bool(cluster))
    local = usable(b for b in backends if b.endpoint.node == node.name)
    anywhere = any(b.ready or b.draining for b in backends)
    if not uses_cluster:
        return Choice((), local, local, anywhere)
    same = not topology and all(b.ready for b in local)
    union = cluster if same else tuple(b for b in backends if b in cluster or b in local)
    return Choice(cluster, local, union, anywhere)


def usable(
    backends: Iterable[Backend], also: Callable[[Backend], bool] = lambda backend: True
) -> tuple[Backend, ...]:
    """Those that are ready, otherwise those that still serve while they end; `also` filters the ready ones only."""
    known = tuple(backends)
    return tuple(b for b in known if b.ready and also(b)) or tuple(b for b in known if b.draining)


def topology_of(backends: Iterable[Backend], node: Node) -> Topology:
    """Hints count only if every ready endpoint has them and one is meant for this node or its zone."""
    ready = [backend.endpoint for backend in backends if backend.ready]
    if ready and all(e.for_nodes for e in ready) and any(node.name in e.for_nodes for e in ready):
        return "node"
    zone = dict(node.labels).get(ZONE)
    if ready and zone and all(e.for_zones for e in ready) and any(zone in e.for_zones for e in ready):
        return "zone"
    return ""


def offered(backend: Backend, topology: Topology, node: Node) -> bool:
    """Is this endpoint meant for this node?"""
    match topology:
        case "node":
            return node.name in backend.endpoint.for_nodes
        case "zone":
            return dict(node.labels).get(ZONE) in backend.endpoint.for_zones
    return True
