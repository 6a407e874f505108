"""What no field can tell alone: names that point nowhere, addresses that two things have, ports that collide."""

import re
from collections.abc import Hashable, Iterable, Iterator
from ipaddress import ip_address
from typing import TypeVar

from msgspec import DecodeError

from app.controlplane.flannel import BACKEND_DATA, backend_data
from app.kube.objects import Node, Pod, Service
from app.scenario import manifests as m
from app.scenario.faults import Fault, shown
from app.scenario.inventory import Entry
from app.scenario.kinds import MAC_PATTERN
from app.scenario.located import Path
from app.wire.addr import Prefix, number, text

RESERVED = ("cloud", "switch")
MAC_ANNOTATION = "packet-journeys/mac"
K = TypeVar("K", bound=Hashable)


def twice(claims: Iterable[tuple[K, Entry, Path]], what: str) -> Iterator[Fault]:
    """A fault for every claim on something that an earlier one has; `what` names it (`address`, `node port`)."""
    owners: dict[K, Entry] = {}
    for claimed, entry, path in claims:
        first = owners.setdefault(claimed, entry)
        if first is not entry:
            words = " ".join(map(str, claimed)) if isinstance(claimed, tuple) else claimed
            yield entry.fault(path, f"{what} {words} is {first.found.key}'s already, expected another")


def manifest_faults(entry: Entry, manifest: m.NodeManifest) -> Iterator[Fault]:
    """A node's addresses are addresses; what is annotated of its MAC and of its tunnel can be read."""
    for at, own in enumerate(manifest.status.addresses):
        if own.type in ("InternalIP", "ExternalIP") and not is_address(own.address):
            path: Path = ("status", "addresses", at, "address")
            yield entry.fault(path, f"is {shown(own.address)}, expected an IP address such as 192.168.1.10")
    mac = manifest.metadata.annotations.get(MAC_ANNOTATION)
    if mac is not None and not re.fullmatch(MAC_PATTERN, mac):
        path = ("metadata", "annotations", MAC_ANNOTATION)
        yield entry.fault(path, f"is {shown(mac)}, expected a MAC such as 52:54:00:00:01:0a")
    tunnel = manifest.metadata.annotations.get(BACKEND_DATA, "{}")
    try:
        backend_data(tunnel)
    except DecodeError:
        path = ("metadata", "annotations", BACKEND_DATA)
        yield entry.fault(path, f'is {shown(tunnel)}, expected JSON such as {{"VNI": 1}}')


def slice_faults(entry: Entry, manifest: m.EndpointSliceManifest) -> Iterator[Fault]:
    for at, endpoint in enumerate(manifest.endpoints):
        for index, address in enumerate(endpoint.addresses):
            if not is_address(address, 4):
                path = ("endpoints", at, "addresses", index)
                yield entry.fault(path, f"is {shown(address)}, expected an IPv4 address such as 10.244.1.2")


def node_faults(nodes: list[tuple[Entry, Node]]) -> Iterator[Fault]:
    yield from twice(((node.address, entry, ("status", "addresses")) for entry, node in nodes), "address")
    public = ((node.external, entry, ("status", "addresses")) for entry, node in nodes if node.external)
    yield from twice(public, "public address")
    for entry, node in nodes:
        if node.name in RESERVED:
            yield entry.fault(
                ("metadata", "name"), f"{node.name} names a machine outside, expected another name"
            )
        if Prefix.parse(node.pod_cidr).length > 30:
            yield entry.fault(
                ("spec", "podCIDR"), f"{node.pod_cidr} has no room for pods, expected at most a /30"
            )


def pod_faults(pods: list[tuple[Entry, Pod]], nodes: list[tuple[Entry, Node]]) -> Iterator[Fault]:
    """Addresses: one pod each, inside the node's block, and neither the block's own nor its gateway's."""
    path = ("status", "podIP")
    claims = [
        *((n.address, entry, path) for entry, n in nodes),
        *((p.address, entry, path) for entry, p in pods),
    ]
    yield from twice(claims, "address")
    ids = ((f"{pod.node}/{pod.key}", entry, ("metadata", "name")) for entry, pod in pods)
    yield from twice(ids, "network namespace")
    blocks = {node.name: node.pod_cidr for _, node in nodes}
    for entry, pod in pods:
        block = Prefix.parse(blocks[pod.node])
        if pod.address not in block:
            yield entry.fault(
                path, f"{pod.address} is outside {block} of {pod.node}, expected an address of that block"
            )
        elif pod.address in (block.address, block.last, text(block.network + 1)):
            yield entry.fault(
                path, f"{pod.address} is not a pod's to have in {block}, expected {first_and_last(block)}"
            )


def first_and_last(block: Prefix) -> str:
    return f"one from {text(block.network + 2)} to {text(number(block.last) - 1)}"


def service_faults(services: list[tuple[Entry, Service]], service_cidr: str) -> Iterator[Fault]:
    path = ("spec", "clusterIP")
    yield from twice(
        ((own.cluster_ip, entry, path) for entry, own in services if own.cluster_ip), "cluster IP"
    )
    yield from twice(node_port_claims(services), "node port")
    block = Prefix.parse(service_cidr)
    for entry, service in services:
        if service.cluster_ip and service.cluster_ip not in block:
            message = f"{service.cluster_ip} is outside {block}, expected an address of network.serviceCIDR"
            yield entry.fault(path, message)
        yield from port_faults(entry, service)


def node_port_claims(services: list[tuple[Entry, Service]]) -> Iterator[tuple[Hashable, Entry, Path]]:
    for entry, service in services:
        for at, port in enumerate(service.ports):
            if port.node_port:
                yield (port.node_port, port.protocol), entry, ("spec", "ports", at, "nodePort")


def port_faults(entry: Entry, service: Service) -> Iterator[Fault]:
    """Several ports need names of their own; one number and protocol may be there once."""
    seen: set[object] = set()
    for at, port in enumerate(service.ports):
        path = ("spec", "ports", at)
        if len(service.ports) > 1 and not port.name:
            yield entry.fault((*path, "name"), "is missing, expected a name, since there are several ports")
        for key, field in (((port.port, port.protocol), "port"), (port.name, "name")):
            if key in seen and key:
                yield entry.fault((*path, field), f"{getattr(port, field)} is there twice, expected once")
            seen.add(key)
    if not service.ports and service.cluster_ip:
        yield entry.fault(("spec", "ports"), "is empty, expected at least one port")


def ingress_faults(entry: Entry, manifest: m.IngressManifest) -> Iterator[Fault]:
    """A backend names its Service's port by number or by name."""
    for at, rule in enumerate(manifest.spec.rules):
        for index, path in enumerate(rule.http.paths):
            if not (path.backend.service.port.number or path.backend.service.port.name):
                where = ("spec", "rules", at, "http", "paths", index, "backend", "service", "port")
                yield entry.fault(where, "is missing, expected a number or a name")


def is_address(given: str, *versions: int) -> bool:
    """Is it an IP address, of one of these versions?"""
    try:
        return ip_address(given).version in (versions or (4, 6))
    except ValueError:
        return False
