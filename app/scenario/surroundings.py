"""Network, proxy, fabric and outside of a document as `controlplane.infrastructure`, held against the cluster."""

from collections.abc import Iterator

from msgspec.structs import asdict

from app.controlplane.infrastructure import Fabric, Infrastructure, LoadBalancer, Network, OutsideHost, Proxy
from app.kernel.device import Interface
from app.kube.objects import Cluster
from app.scenario.faults import listing
from app.scenario.located import Complaint, Path
from app.scenario.schema import HostSpec, ScenarioDocument

MICROSECONDS = 1_000_000


def infrastructure(document: ScenarioDocument) -> Infrastructure:
    network = asdict(document.network)
    del network["service_cidr"]  # where addresses may come from is no business of the plugin
    fabric = document.fabric
    return Infrastructure(
        Network(**network),
        Proxy(**asdict(document.proxy)),
        Fabric(
            fabric.kind,
            fabric.pod_routes,
            fabric.route_limit,
            round(fabric.delay_seconds * MICROSECONDS),
            fabric.mtu,
        ),
        tuple(outside_host(host) for host in document.outside.hosts),
        tuple(LoadBalancer(**asdict(balancer)) for balancer in document.outside.load_balancers),
    )


def outside_host(host: HostSpec) -> OutsideHost:
    served = tuple((own.port, own.body) for own in host.serves)
    return OutsideHost(host.name, host.address, host.mac, host.names, served)


def complaints(infra: Infrastructure, cluster: Cluster) -> Iterator[Complaint]:
    """Names and addresses that two machines share, balancers that point at no node, pigeons without a loft."""
    nodes = [node.name for node in cluster.nodes]
    taken = {node.address: f"node/{node.name}" for node in cluster.nodes}
    taken |= {pod.address: f"pod/{pod.name}" for pod in cluster.pods}
    names = {*nodes, "cloud", "switch"}
    machines: list[tuple[Path, OutsideHost | LoadBalancer]] = [
        *((("outside", "hosts", at), own) for at, own in enumerate(infra.hosts)),
        *((("outside", "loadBalancers", at), own) for at, own in enumerate(infra.balancers)),
    ]
    if infra.fabric.kind == "pigeon" and (len(nodes) != 2 or machines):
        yield (
            ("fabric", "kind"),
            "a pigeon flies between two nodes, expected two, and no host or balancer outside",
        )
    if infra.fabric.kind == "l2" and len({Interface(node.address, 24).prefix for node in cluster.nodes}) > 1:
        yield ("fabric", "kind"), "l2 is one segment, expected nodes with addresses of one /24"
    for path, machine in machines:
        if machine.name in names:
            yield (*path, "name"), f"{machine.name} is a machine's name already, expected another"
        if machine.address in taken:
            yield (
                (*path, "address"),
                f"{machine.address} is {taken[machine.address]}'s already, expected another",
            )
        names.add(machine.name)
        taken[machine.address] = f"host/{machine.name}"
        for index, target in enumerate(machine.targets if isinstance(machine, LoadBalancer) else ()):
            if target not in nodes:
                yield (
                    (*path, "targets", index),
                    f"there is no Node {target!r}, expected one of {listing(nodes)}",
                )
