"""What the objects ask for and these kernels do not do, so that a reader is told before he believes a picture."""

from collections.abc import Iterator

from app.controlplane.infrastructure import Infrastructure
from app.controlplane.ingress import CLASSES
from app.controlplane.kube_proxy.port import is_proxied
from app.kube.objects import Cluster, Service


def limitations(cluster: Cluster, infra: Infrastructure) -> tuple[str, ...]:
    """One sentence each, beginning with the object it is about."""
    return (*of_services(cluster), *of_pods(cluster), *of_ingresses(cluster), *of_plugin(cluster, infra))


def of_services(cluster: Cluster) -> Iterator[str]:
    for service in filter(is_proxied, cluster.services):
        if service.session_affinity_seconds is not None:
            yield (
                f"Service/{service.key}: sessionAffinity ClientIP is not simulated, "
                "every connection picks its endpoint anew"
            )
        yield from sctp(service)


def sctp(service: Service) -> Iterator[str]:
    for port in service.ports:
        if port.protocol == "SCTP":
            yield f"Service/{service.key}: port {port.port} is SCTP, which is not simulated: no rule is written for it"


def of_pods(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods:
        for container in pod.containers:
            for port in container.ports:
                if port.protocol == "SCTP":
                    yield (
                        f"Pod/{pod.namespace}/{pod.name}: port {port.container_port} is SCTP, which is not simulated: "
                        "nobody listens on it"
                    )


def of_ingresses(cluster: Cluster) -> Iterator[str]:
    for ingress in cluster.ingresses:
        if ingress.ingress_class not in CLASSES:
            yield (
                f"Ingress/{ingress.namespace}/{ingress.name}: no controller here serves "
                f"the class {ingress.ingress_class}"
            )


def of_plugin(cluster: Cluster, infra: Infrastructure) -> Iterator[str]:
    if infra.network.plugin == "flannel-host-gw" and infra.fabric.kind == "cloud" and len(cluster.nodes) > 1:
        yield (
            "flannel host-gw: the nodes share no link, so the kernel refuses the routes; "
            "join them by one switch (fabric l2)"
        )
