"""The objects of a file to one Cluster: what has no place here left out, what is open filled in, the rest checked."""

from collections.abc import Iterator
from itertools import chain
from typing import TypeVar

from app.kube.objects import Cluster, EndpointSlice, Ingress, Node, Pod, Service
from app.scenario import checks, objects
from app.scenario import manifests as m
from app.scenario.assign import Addresses, NodePorts, has_pods, replicas
from app.scenario.faults import listing
from app.scenario.inventory import Entry, Report

M = TypeVar("M", bound=m.Manifest)
MAX_REPLICAS = 10_000
BUILTIN_NAMESPACES = ("default", "kube-system")


def cluster_of(entries: list[Entry], service_cidr: str, report: Report) -> Cluster:
    """Everything the API server would hold; faults and notes go to the report."""
    kept = without_left_out(entries, report)
    nodes = nodes_of(kept, report)
    pods = pods_of(kept, nodes, report)
    services = services_of(kept, service_cidr, report)
    report.faults += chain(
        checks.node_faults(nodes),
        checks.pod_faults(pods, nodes),
        checks.service_faults(services, service_cidr),
    )
    return Cluster(
        tuple(node for _, node in nodes),
        tuple(pod for _, pod in pods),
        tuple(service for _, service in services),
        slices_of(kept, report),
        ingresses_of(kept, report),
        tuple(dict.fromkeys((*BUILTIN_NAMESPACES, *namespaces_of(kept)))),
    )


def of(entries: list[Entry], kind: type[M]) -> list[tuple[Entry, M]]:
    return [(entry, entry.manifest) for entry in entries if isinstance(entry.manifest, kind)]


def without_left_out(entries: list[Entry], report: Report) -> list[Entry]:
    """IPv6 is recognised and left out; so is what has no network namespace of its own."""
    kept = []
    for entry in entries:
        reasons = list(objects.left_out(entry.manifest))
        report.notes += [f"{entry.found.key} {reason}" for reason in reasons]
        if not reasons:
            kept.append(entry)
            second = objects.second_family(entry.manifest)
            report.notes += (
                [f"{entry.found.key}: {listing(second)} left out, IPv6 is not simulated"] if second else []
            )
    return kept


def nodes_of(entries: list[Entry], report: Report) -> list[tuple[Entry, Node]]:
    made = []
    for entry, manifest in of(entries, m.NodeManifest):
        report.faults += checks.manifest_faults(entry, manifest)
        node = objects.node(manifest)
        if node is None:
            report.faults.append(
                entry.fault(("status", "addresses"), "has no InternalIP, expected an IPv4 one")
            )
        else:
            made.append((entry, node))
    return made


def pods_of(entries: list[Entry], nodes: list[tuple[Entry, Node]], report: Report) -> list[tuple[Entry, Pod]]:
    """Each pod on its node with its address; an address that is not given is the next free one of the node's block."""
    written = of(entries, m.PodManifest)
    by_name = {node.name: node for _, node in nodes}
    free = Addresses(pod.status.pod_ip for _, pod in written if pod.status.pod_ip)
    made = []
    for entry, manifest in chain(written, replicated(entries, report)):
        node = by_name.get(manifest.spec.node_name or "")
        address = manifest.status.pod_ip or (free.next(node.pod_cidr) if node else None)
        if f"Node/{manifest.spec.node_name}" in report.unread:
            continue
        if node is None:
            message = placed_nowhere(manifest.spec.node_name, list(by_name))
            report.faults.append(entry.fault(("spec", "nodeName"), message))
        elif address is None:
            message = f"finds no free address in {node.pod_cidr} of {node.name}, expected one"
            report.faults.append(entry.fault((), message))
        else:
            if manifest.status.pod_ip is None:
                report.notes.append(
                    f"Pod/{manifest.metadata.name} on {node.name} was given the address {address}"
                )
            made.append((entry, objects.pod(manifest, node.name, address)))
    return made


def placed_nowhere(name: str | None, nodes: list[str]) -> str:
    if name is None:
        return f"is missing, expected the name of a Node: {listing(nodes)}"
    return f"there is no Node {name!r}, expected one of {listing(nodes)}"


def replicated(entries: list[Entry], report: Report) -> Iterator[tuple[Entry, m.PodManifest]]:
    """The pods that Deployments make, where the file does not bring them along."""
    pods = [manifest for _, manifest in of(entries, m.PodManifest)]
    nodes = [manifest for _, manifest in of(entries, m.NodeManifest)]
    left = MAX_REPLICAS
    for entry, deployment in of(entries, m.DeploymentManifest):
        if has_pods(deployment, pods):
            continue
        left -= deployment.spec.replicas
        if left < 0:
            message = f"makes more than {MAX_REPLICAS} pods in all, expected fewer"
            report.faults.append(entry.fault(("spec", "replicas"), message))
            return
        report.notes.append(
            f"{entry.found.key}: its {deployment.spec.replicas} pods were placed on the nodes in turn"
        )
        yield from ((entry, pod) for pod in replicas(deployment, nodes))


def services_of(entries: list[Entry], service_cidr: str, report: Report) -> list[tuple[Entry, Service]]:
    """Each Service with the cluster IP and the node ports that the API server would choose where none is given."""
    written = of(entries, m.ServiceManifest)
    addresses = Addresses(own.spec.cluster_ip for _, own in written if own.spec.cluster_ip)
    ports = NodePorts(port.node_port for _, own in written for port in own.spec.ports if port.node_port)
    made = []
    for entry, manifest in written:
        spec = manifest.spec
        given = spec.cluster_ip or None
        headless = given == "None" or spec.type == "ExternalName"
        cluster_ip = None if headless else given or addresses.next(service_cidr)
        exposed = spec.type in ("NodePort", "LoadBalancer")
        node_ports = tuple(port.node_port or (ports.next() if exposed else None) for port in spec.ports)
        if cluster_ip is None and not headless:
            missing = f"finds no free address in {service_cidr}, expected a larger serviceCIDR"
            report.faults.append(entry.fault(("spec", "clusterIP"), missing))
        if exposed and None in node_ports:
            report.faults.append(
                entry.fault(("spec", "ports"), "finds no free node port from 30000 to 32767")
            )
        service = objects.service(manifest, cluster_ip, node_ports)
        chosen = [f"cluster IP {cluster_ip}"] if given is None and cluster_ip else []
        chosen += [
            f"node port {b}" for a, b in zip(spec.ports, node_ports, strict=True) if b and not a.node_port
        ]
        report.notes += [f"{entry.found.key} was given the {own}" for own in chosen]
        made.append((entry, service))
    return made


def slices_of(entries: list[Entry], report: Report) -> tuple[EndpointSlice, ...]:
    written = of(entries, m.EndpointSliceManifest)
    report.faults += chain.from_iterable(checks.slice_faults(entry, manifest) for entry, manifest in written)
    return tuple(objects.endpoint_slice(manifest) for _, manifest in written)


def ingresses_of(entries: list[Entry], report: Report) -> tuple[Ingress, ...]:
    written = of(entries, m.IngressManifest)
    report.faults += chain.from_iterable(
        checks.ingress_faults(entry, manifest) for entry, manifest in written
    )
    return tuple(objects.ingress(manifest) for _, manifest in written)


def namespaces_of(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        meta = entry.manifest.metadata
        yield meta.name if isinstance(entry.manifest, m.NamespaceManifest) else meta.namespace
