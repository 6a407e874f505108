"""Kubernetes manifests as `kubectl get -o yaml` prints them, reduced to the fields that decide a packet's way.

Names and meanings are those of Kubernetes v1.34 (core/v1, apps/v1, discovery.k8s.io/v1, networking.k8s.io/v1).  Unknown
fields are noted, not refused.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from app.scenario.kinds import Block, Count, IpText, Label, NodePort, ObjectName, Port, api_name

IntOrName: TypeAlias = Port | Label
Protocol: TypeAlias = Literal["TCP", "UDP", "SCTP"]
TrafficPolicy: TypeAlias = Literal["Cluster", "Local"]


class Api(Struct, frozen=True, rename=api_name):
    """Base of every mapping in a manifest."""


class Metadata(Api, frozen=True):
    name: ObjectName
    namespace: Label = "default"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class NodeSpec(Api, frozen=True):
    pod_cidr: Block
    pod_cidrs: tuple[Block, ...] = ()


class NodeAddress(Api, frozen=True):
    type: str
    address: str


class NodeStatus(Api, frozen=True):
    addresses: tuple[NodeAddress, ...]


class NodeManifest(Api, frozen=True):
    metadata: Metadata
    spec: NodeSpec
    status: NodeStatus
    api_version: str = "v1"
    kind: str = "Node"


class ContainerPortSpec(Api, frozen=True):
    container_port: Port
    name: Label | None = None
    protocol: Protocol = "TCP"


class ContainerSpec(Api, frozen=True):
    name: Label
    image: str = ""
    args: tuple[str, ...] = ()
    ports: tuple[ContainerPortSpec, ...] = ()


class PodSpec(Api, frozen=True):
    containers: tuple[ContainerSpec, ...] = ()
    node_name: ObjectName | None = None
    host_network: bool = False


class PodAddress(Api, frozen=True):
    ip: IpText


class Condition(Api, frozen=True):
    type: str
    status: str


class PodStatus(Api, frozen=True):
    pod_ip: IpText | None = None
    pod_ips: tuple[PodAddress, ...] = ()
    phase: str = "Running"
    conditions: tuple[Condition, ...] = ()


class PodManifest(Api, frozen=True):
    metadata: Metadata
    spec: PodSpec
    status: PodStatus = PodStatus()
    api_version: str = "v1"
    kind: str = "Pod"


class LabelSelector(Api, frozen=True):
    match_labels: dict[str, str] = {}


class TemplateMetadata(Api, frozen=True):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class PodTemplate(Api, frozen=True):
    spec: PodSpec
    metadata: TemplateMetadata = TemplateMetadata()


class DeploymentSpec(Api, frozen=True):
    selector: LabelSelector
    template: PodTemplate
    replicas: Count = 1


class DeploymentManifest(Api, frozen=True):
    metadata: Metadata
    spec: DeploymentSpec
    api_version: str = "apps/v1"
    kind: str = "Deployment"


class ServicePortSpec(Api, frozen=True):
    port: Port
    name: Label | None = None
    protocol: Protocol = "TCP"
    target_port: IntOrName | None = None
    node_port: NodePort | None = None


class ClientIP(Api, frozen=True):
    timeout_seconds: int = 10800


class AffinityConfig(Api, frozen=True):
    client_ip: ClientIP = ClientIP()


class ServiceSpec(Api, frozen=True):
    ports: tuple[ServicePortSpec, ...] = ()
    cluster_ip: IpText | Literal["None", ""] | None = None
    cluster_ips: tuple[str, ...] = ()
    selector: dict[str, str] = {}
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    external_traffic_policy: TrafficPolicy = "Cluster"
    internal_traffic_policy: TrafficPolicy = "Cluster"
    session_affinity: Literal["None", "ClientIP"] = "None"
    session_affinity_config: AffinityConfig = AffinityConfig()
    external_ips: tuple[IpText, ...] = ()
    load_balancer_source_ranges: tuple[Block, ...] = ()
    health_check_node_port: Annotated[int, Meta(ge=0, le=65535)] | None = None


class BalancerIngress(Api, frozen=True):
    ip: IpText | None = None


class BalancerStatus(Api, frozen=True):
    ingress: tuple[BalancerIngress, ...] = ()


class ServiceStatus(Api, frozen=True):
    load_balancer: BalancerStatus = BalancerStatus()


class ServiceManifest(Api, frozen=True):
    metadata: Metadata
    spec: ServiceSpec
    status: ServiceStatus = ServiceStatus()
    api_version: str = "v1"
    kind: str = "Service"


class EndpointConditions(Api, frozen=True):
    ready: bool = True
    serving: bool = True
    terminating: bool = False


class TargetRef(Api, frozen=True):
    kind: str
    name: str
    namespace: str = "default"


class HintTarget(Api, frozen=True):
    name: str


class Hints(Api, frozen=True):
    for_nodes: tuple[HintTarget, ...] = ()
    for_zones: tuple[HintTarget, ...] = ()


class EndpointSpec(Api, frozen=True):
    addresses: tuple[str, ...]
    conditions: EndpointConditions = EndpointConditions()
    node_name: str | None = None
    target_ref: TargetRef | None = None
    hints: Hints = Hints()


class EndpointPortSpec(Api, frozen=True):
    port: Port
    name: Label | None = None
    protocol: Protocol = "TCP"


class EndpointSliceManifest(Api, frozen=True):
    metadata: Metadata
    endpoints: tuple[EndpointSpec, ...] = ()
    ports: tuple[EndpointPortSpec, ...] = ()
    address_type: Literal["IPv4", "IPv6", "FQDN"] = "IPv4"
    api_version: str = "discovery.k8s.io/v1"
    kind: str = "EndpointSlice"


class BackendPort(Api, frozen=True):
    number: Port | None = None
    name: Label | None = None


class BackendService(Api, frozen=True):
    name: ObjectName
    port: BackendPort = BackendPort()


class IngressBackend(Api, frozen=True):
    service: BackendService


class HttpPath(Api, frozen=True):
    backend: IngressBackend
    path: str = "/"
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = "Prefix"


class HttpRule(Api, frozen=True):
    paths: tuple[HttpPath, ...] = ()


class IngressRule(Api, frozen=True):
    host: str | None = None
    http: HttpRule = HttpRule()


class IngressSpec(Api, frozen=True):
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()


class IngressManifest(Api, frozen=True):
    metadata: Metadata
    spec: IngressSpec
    api_version: str = "networking.k8s.io/v1"
    kind: str = "Ingress"


class NamespaceManifest(Api, frozen=True):
    metadata: Metadata
    api_version: str = "v1"
    kind: str = "Namespace"


Manifest: TypeAlias = (
    NodeManifest
    | PodManifest
    | DeploymentManifest
    | ServiceManifest
    | EndpointSliceManifest
    | IngressManifest
    | NamespaceManifest
)

READ: dict[str, type[Manifest]] = {
    "Node": NodeManifest,
    "Pod": PodManifest,
    "Deployment": DeploymentManifest,
    "Service": ServiceManifest,
    "EndpointSlice": EndpointSliceManifest,
    "Ingress": IngressManifest,
    "Namespace": NamespaceManifest,
}
"""The kinds that matter here, by name; objects of any other kind are noted as ignored."""

CLUSTER_SCOPED = ("Node", "Namespace")
