"""Manifests to the records of `kube`, a function for each kind; what has no place there is left out with a note."""

from collections.abc import Iterator

from app.kube.objects import (
    Container,
    ContainerPort,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Ingress,
    IngressPath,
    IntOrName,
    Labels,
    Node,
    Pod,
    Service,
    ServicePort,
)  # fmt: skip
from app.scenario import manifests as m


def labels(given: dict[str, str]) -> Labels:
    return tuple(given.items())


def is_ipv6(address: str | None) -> bool:
    return address is not None and ":" in address


def node(manifest: m.NodeManifest) -> Node | None:
    """None where the node has no IPv4 InternalIP."""
    internal = addresses_of(manifest, "InternalIP")
    external = addresses_of(manifest, "ExternalIP")
    if not internal:
        return None
    return Node(
        manifest.metadata.name,
        internal[0],
        manifest.spec.pod_cidr,
        external[0] if external else None,
        labels(manifest.metadata.labels),
        labels(manifest.metadata.annotations),
    )


def addresses_of(manifest: m.NodeManifest, kind: str) -> list[str]:
    return [own.address for own in manifest.status.addresses if own.type == kind and not is_ipv6(own.address)]


def pod(manifest: m.PodManifest, node_name: str, address: str) -> Pod:
    ready = next((own.status for own in manifest.status.conditions if own.type == "Ready"), "True")
    return Pod(
        manifest.metadata.name,
        manifest.metadata.namespace,
        node_name,
        address,
        containers(manifest.spec),
        labels(manifest.metadata.labels),
        labels(manifest.metadata.annotations),
        ready == "True",
    )


def containers(spec: m.PodSpec) -> tuple[Container, ...]:
    return tuple(
        Container(
            own.name,
            own.image,
            own.args,
            tuple(ContainerPort(port.container_port, port.name, port.protocol) for port in own.ports),
        )
        for own in spec.containers
    )


def service(
    manifest: m.ServiceManifest, cluster_ip: str | None, node_ports: tuple[int | None, ...]
) -> Service:
    spec = manifest.spec
    balancers = (own.ip for own in manifest.status.load_balancer.ingress)
    ports = zip(spec.ports, node_ports, strict=True)
    return Service(
        manifest.metadata.name,
        manifest.metadata.namespace,
        cluster_ip,
        tuple(ServicePort(p.port, p.name, p.protocol, p.target_port, node_port) for p, node_port in ports),
        labels(spec.selector),
        spec.type,
        spec.external_traffic_policy,
        spec.internal_traffic_policy,
        spec.session_affinity_config.client_ip.timeout_seconds
        if spec.session_affinity == "ClientIP"
        else None,
        tuple(ip for ip in spec.external_ips if not is_ipv6(ip)),
        tuple(ip for ip in balancers if ip and not is_ipv6(ip)),
        tuple(block for block in spec.load_balancer_source_ranges if not is_ipv6(block)),
        spec.health_check_node_port or None,
    )


def endpoint_slice(manifest: m.EndpointSliceManifest) -> EndpointSlice:
    """The Service is named by the label `kubernetes.io/service-name`."""
    meta = manifest.metadata
    return EndpointSlice(
        meta.name,
        meta.namespace,
        meta.labels.get("kubernetes.io/service-name", ""),
        tuple(endpoint(own, address) for own in manifest.endpoints for address in own.addresses),
        tuple(EndpointPort(own.port, own.name, own.protocol) for own in manifest.ports),
    )


def endpoint(spec: m.EndpointSpec, address: str) -> Endpoint:
    ref = spec.target_ref
    return Endpoint(
        address,
        spec.node_name,
        spec.conditions.ready,
        spec.conditions.serving,
        spec.conditions.terminating,
        f"{ref.kind}/{ref.namespace}/{ref.name}" if ref else None,
        tuple(own.name for own in spec.hints.for_nodes),
        tuple(own.name for own in spec.hints.for_zones),
    )


def ingress(manifest: m.IngressManifest) -> Ingress:
    """Paths in order; the default backend is the last, for every host and path."""
    paths = [
        ingress_path(rule.host, own.path, own.path_type, own.backend)
        for rule in manifest.spec.rules
        for own in rule.http.paths
    ]
    if manifest.spec.default_backend:
        paths.append(ingress_path(None, "/", "Prefix", manifest.spec.default_backend))
    meta = manifest.metadata
    return Ingress(meta.name, meta.namespace, manifest.spec.ingress_class_name, tuple(paths))


def ingress_path(host: str | None, path: str, path_type: object, backend: m.IngressBackend) -> IngressPath:
    port: IntOrName = backend.service.port.number or backend.service.port.name or 0
    return IngressPath(host or None, path, path_type, backend.service.name, port)  # type: ignore[arg-type]  # one Literal


def left_out(manifest: m.Manifest) -> Iterator[str]:
    """Why an object, or a part of it, has no place here, in the words of `check`'s notes; IPv6 is not simulated."""
    match manifest:
        case m.PodManifest() if manifest.spec.host_network:
            yield "shares its node's network namespace (hostNetwork), left out"
        case m.PodManifest() if manifest.status.phase in ("Pending", "Succeeded", "Failed"):
            yield f"is {manifest.status.phase} and has no network namespace, left out"
        case m.PodManifest() if is_ipv6(manifest.status.pod_ip):
            yield f"has the IPv6 address {manifest.status.pod_ip}, left out"
        case m.ServiceManifest() if is_ipv6(manifest.spec.cluster_ip):
            yield f"has the IPv6 address {manifest.spec.cluster_ip}, left out"
        case m.EndpointSliceManifest(address_type=kind) if kind != "IPv4":
            yield f"has addresses of type {kind}, left out"
        case m.NodeManifest() if is_ipv6(manifest.spec.pod_cidr):
            yield f"has the IPv6 block {manifest.spec.pod_cidr}, left out"
        case _:
            pass


def second_family(manifest: m.Manifest) -> list[str]:
    """The IPv6 addresses and blocks of a dual-stack object, which are left out while the object stays."""
    match manifest:
        case m.PodManifest():
            held = [own.ip for own in manifest.status.pod_ips]
        case m.ServiceManifest():
            held = [*manifest.spec.cluster_ips, *manifest.spec.external_ips]
        case m.NodeManifest():
            held = [*manifest.spec.pod_cidrs, *(own.address for own in manifest.status.addresses)]
        case _:
            held = []
    return [address for address in held if is_ipv6(address)]
