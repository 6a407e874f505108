"""A service port: the unit of kube-proxy's work, with its names, its endpoints and where its traffic goes."""

from collections.abc import Iterator

from msgspec import Struct

from app.controlplane.kube_proxy.names import port_hash
from app.kernel.netfilter import Protocol
from app.kernel.origin import Origin
from app.kube.cluster import ClusterIndex
from app.kube.endpoints import Backend, Choice, backends_of, choose, externally_accessible
from app.kube.objects import Node, Service, ServicePort

PROTOCOLS: dict[str, Protocol] = {"TCP": "tcp", "UDP": "udp"}


class ProxiedPort(Struct, frozen=True):
    """`name` is `namespace/service` or `namespace/service:port`; `hash` what its four chains have in common."""

    service: Service
    port: ServicePort
    choice: Choice
    name: str
    hash: str
    protocol: Protocol
    origin: Origin

    @property
    def svc(self) -> str:
        """Spreads over the endpoints of the whole cluster."""
        return f"KUBE-SVC-{self.hash}"

    @property
    def svl(self) -> str:
        """Spreads over this node's endpoints: policy Local."""
        return f"KUBE-SVL-{self.hash}"

    @property
    def ext(self) -> str:
        """What comes from outside passes here first."""
        return f"KUBE-EXT-{self.hash}"

    @property
    def fw(self) -> str:
        """Lets through the source ranges of a load balancer."""
        return f"KUBE-FW-{self.hash}"

    @property
    def external_local(self) -> bool:
        return self.service.external_traffic_policy == "Local"

    @property
    def internal_local(self) -> bool:
        return self.service.internal_traffic_policy == "Local"

    @property
    def internal(self) -> str:
        return self.svl if self.internal_local else self.svc

    @property
    def external(self) -> str:
        return self.svl if self.external_local else self.svc

    @property
    def internal_endpoints(self) -> tuple[Backend, ...]:
        return self.choice.local if self.internal_local else self.choice.cluster

    @property
    def external_endpoints(self) -> tuple[Backend, ...]:
        return self.choice.local if self.external_local else self.choice.cluster

    @property
    def accessible(self) -> bool:
        return externally_accessible(self.service, self.port)


def is_proxied(service: Service) -> bool:
    """Headless and ExternalName Services have no address to translate."""
    return service.cluster_ip is not None and service.type != "ExternalName"


def name_of(service: Service, port: ServicePort) -> str:
    return f"{service.key}:{port.name}" if port.name else service.key


def proxied_ports(index: ClusterIndex, node: Node) -> Iterator[ProxiedPort]:
    """Every TCP and UDP port of every Service with an address, by name, with the endpoints that this node uses."""
    services = sorted(filter(is_proxied, index.cluster.services), key=lambda service: service.key)
    for service in services:
        for port in service.ports:
            if protocol := PROTOCOLS.get(port.protocol):
                name = name_of(service, port)
                yield ProxiedPort(
                    service,
                    port,
                    choose(service, port, backends_of(index, service, port), node),
                    name,
                    port_hash(name, protocol),
                    protocol,
                    Origin("kube-proxy", f"Service/{service.key}"),
                )
