"""Kubernetes objects as frozen records.

Fields bear the API's names in snake case (Kubernetes v1.34: core/v1, discovery.k8s.io/v1, networking.k8s.io/v1).
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from app.wire.addr import Address

Labels: TypeAlias = tuple[tuple[str, str], ...]
Protocol: TypeAlias = Literal["TCP", "UDP", "SCTP"]
IntOrName: TypeAlias = int | str


class Node(Struct, frozen=True):
    """`address` is the InternalIP; `external` the ExternalIP, if it has one.

    The annotation `packet-journeys/mac` fixes the MAC of its NIC where the usual rule (`controlplane/macs.py`) fails.
    """

    name: str
    address: Address
    pod_cidr: str
    external: Address | None = None
    labels: Labels = ()
    annotations: Labels = ()


class ContainerPort(Struct, frozen=True):
    container_port: int
    name: str | None = None
    protocol: Protocol = "TCP"


class Container(Struct, frozen=True):
    name: str
    image: str = ""
    args: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()


class Pod(Struct, frozen=True):
    name: str
    namespace: str
    node: str
    address: Address
    containers: tuple[Container, ...] = ()
    labels: Labels = ()
    annotations: Labels = ()
    ready: bool = True

    @property
    def key(self) -> str:
        """`pod1`, or `shop.pod1` outside the namespace `default`: the id grammar's way to name it."""
        return self.name if self.namespace == "default" else f"{self.namespace}.{self.name}"


class ServicePort(Struct, frozen=True):
    port: int
    name: str | None = None
    protocol: Protocol = "TCP"
    target_port: IntOrName | None = None
    node_port: int | None = None


class Service(Struct, frozen=True):
    """`cluster_ip` is None for a headless one (`clusterIP: None`) and for ExternalName."""

    name: str
    namespace: str
    cluster_ip: Address | None
    ports: tuple[ServicePort, ...]
    selector: Labels = ()
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    external_traffic_policy: Literal["Cluster", "Local"] = "Cluster"
    internal_traffic_policy: Literal["Cluster", "Local"] = "Cluster"
    session_affinity_seconds: int | None = None
    external_ips: tuple[Address, ...] = ()
    load_balancer_ips: tuple[Address, ...] = ()
    load_balancer_source_ranges: tuple[str, ...] = ()
    health_check_node_port: int | None = None

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


class Endpoint(Struct, frozen=True):
    """One endpoint of a slice.  Null conditions mean ready, serving, not terminating.

    `for_nodes` and `for_zones` are its topology hints: names of the nodes and zones that should use it.
    """

    address: Address
    node: str | None = None
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    target: str | None = None  # "Pod/default/web-1"
    for_nodes: tuple[str, ...] = ()
    for_zones: tuple[str, ...] = ()


class EndpointPort(Struct, frozen=True):
    port: int
    name: str | None = None
    protocol: Protocol = "TCP"


class EndpointSlice(Struct, frozen=True):
    name: str
    namespace: str
    service: str
    endpoints: tuple[Endpoint, ...]
    ports: tuple[EndpointPort, ...]


class IngressPath(Struct, frozen=True):
    """`service_port` is a number or the name of a Service port."""

    host: str | None
    path: str
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"]
    service: str
    service_port: IntOrName


class Ingress(Struct, frozen=True):
    name: str
    namespace: str
    ingress_class: str | None
    paths: tuple[IngressPath, ...]


class Cluster(Struct, frozen=True):
    """Everything the API server holds, in the order of the file."""

    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    namespaces: tuple[str, ...] = ("default", "kube-system")
