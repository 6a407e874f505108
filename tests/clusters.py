"""Any small cluster, whole or broken, and something to send through it: what the laws are tried on."""

from typing import Any

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Fabric, Infrastructure, Network, OutsideHost, Proxy
from app.kernel.netns import IP_FORWARD, Netns
from app.kernel.route import Fib, RouteTable
from app.kernel.world import World
from app.kube.objects import Cluster, Container, ContainerPort, Node, Pod, Service, ServicePort
from app.process.programs import Machines, Probe
from app.wire.addr import DEFAULT
from app.wire.packet import HttpRequest, Text

WEB = Container("web", ports=(ContainerPort(8080, "http"), ContainerPort(5353, "echo", "UDP")))
CLIENT = OutsideHost("client", "203.0.113.50", serves=((80, "hello from outside"),))


class Damage(Struct, frozen=True):
    """What is broken: a route fewer, forwarding off, a pod that is gone; `kind` none: nothing."""

    kind: str
    at: int = 0


class Case(Struct, frozen=True):
    """A cluster, its surroundings, its damage, and the probes to walk one after another."""

    cluster: Cluster
    infra: Infrastructure
    damage: Damage
    probes: tuple[Probe, ...]
    seed: int

    def machines(self) -> Machines:
        built = compile_machines(self.cluster, self.infra)
        return Machines(damaged(built.world, self.damage, self.cluster), built.programs)


def damaged(world: World, damage: Damage, cluster: Cluster) -> World:
    node = world[cluster.nodes[damage.at % len(cluster.nodes)].name]
    match damage.kind:
        case "missing route":
            written = [route for route in node.config.fib.main if route.prefix != DEFAULT or damage.at % 2]
            kept = [route for route in node.config.fib.main if route is not written[damage.at % len(written)]]
            fib = Fib(node.config.fib.local, RouteTable(kept))
            return world.replace(node.reconfigure(replace(node.config, fib=fib)))
        case "ip_forward off":
            return world.replace(with_sysctl(node, IP_FORWARD, 0))
        case "dead pod":
            dead = cluster.pods[damage.at % len(cluster.pods)]
            return World({at: each for at, each in world.netns.items() if at != f"{dead.node}/{dead.key}"})
        case "empty FDB":
            return world.replace(node.learn(fdb={key: e for key, e in node.learned.fdb.items() if not e.dst}))
        case _:
            return world


def with_sysctl(netns: Netns, name: str, value: int) -> Netns:
    return netns.reconfigure(replace(netns.config, sysctl={**netns.config.sysctl, name: value}))


@st.composite
def cases(draw: Any) -> Case:
    """Probes from pods, nodes and the outside; to pods, services, node ports, nodes, the outside, and to nobody."""
    cluster = draw(clusters())
    infra = draw(infrastructures(len(cluster.nodes)))
    fabric = infra.fabric.kind
    cluster = replace(
        cluster, nodes=tuple(placed(node, at, fabric) for at, node in enumerate(cluster.nodes, 1))
    )
    kinds = ("none", "none", "missing route", "ip_forward off", "dead pod", "empty FDB")
    damage = draw(st.builds(Damage, st.sampled_from(kinds), st.integers(0, 5)))
    dead = cluster.pods[damage.at % len(cluster.pods)] if damage.kind == "dead pod" else None
    alive = [f"{pod.node}/{pod.key}" for pod in cluster.pods if pod is not dead]
    senders = [*alive, *(node.name for node in cluster.nodes), *(host.name for host in infra.hosts)]
    count = draw(st.integers(1, 2))
    probes = tuple(draw(probes_of(cluster, infra, senders, 40001 + at)) for at in range(count))
    return Case(cluster, infra, damage, probes, draw(st.integers(0, 3)))


def placed(node: Node, at: int, fabric: str) -> Node:
    """A node's address follows from how nodes are joined: a /24 each behind the cloud, one for all on a switch."""
    address = f"192.168.10.1{at}" if fabric == "l2" else f"192.168.{at}.10"
    return replace(node, address=address, external=f"198.51.100.1{at}" if fabric == "cloud" else None)


@st.composite
def clusters(draw: Any) -> Cluster:
    names = [f"node{n}" for n in range(1, draw(st.integers(1, 3)) + 1)]
    nodes = tuple(Node(name, "", f"10.244.{n}.0/24") for n, name in enumerate(names, 1))
    pods: list[Pod] = []
    for n, name in enumerate(names, 1):
        for host in range(draw(st.integers(1, 4))):
            label = (("app", draw(st.sampled_from(["web", "shop", "none"]))),)
            pods.append(Pod(f"pod{len(pods) + 1}", "default", name, f"10.244.{n}.{host + 2}", (WEB,), label))
    types, policies = st.sampled_from(["ClusterIP", "NodePort"]), st.sampled_from(["Cluster", "Local"])
    services = tuple(
        service(name, f"10.96.0.{10 * n}", 30000 + n, draw(types), draw(policies))
        for n, name in enumerate(["web", "shop", "nobody"], 1)
    )
    return Cluster(nodes, at_most_three(pods), services)


def at_most_three(pods: list[Pod]) -> tuple[Pod, ...]:
    """No service has more than three endpoints."""
    seen: dict[tuple[tuple[str, str], ...], int] = {}
    kept: list[Pod] = []
    for pod in pods:
        seen[pod.labels] = seen.get(pod.labels, 0) + 1
        kept.append(pod if seen[pod.labels] <= 3 else replace(pod, labels=(("app", "none"),)))
    return tuple(kept)


def service(name: str, address: str, node_port: int, kind: str, policy: str) -> Service:
    ports = (
        ServicePort(80, "http", "TCP", 8080, node_port if kind == "NodePort" else None),
        ServicePort(53, "echo", "UDP", 5353),
    )
    return Service(name, "default", address, ports, (("app", name),), kind, policy)  # type: ignore[arg-type]


@st.composite
def infrastructures(draw: Any, nodes: int) -> Infrastructure:
    fabric = draw(st.sampled_from(["cloud", "l2"]))
    plugins = (
        ["bridge", "flannel-vxlan", "flannel-host-gw"] if fabric == "l2" else ["bridge", "flannel-vxlan"]
    )
    network = Network(
        draw(st.sampled_from(plugins)),
        hairpin=draw(st.booleans()),
        bridge_nf_call_iptables=draw(st.booleans()),
        egress_masquerade=draw(st.booleans()),
    )
    proxy = Proxy(draw(st.sampled_from(["iptables", "iptables", "none"])), masquerade_all=draw(st.booleans()))
    return Infrastructure(network, proxy, Fabric(fabric), (CLIENT,) if fabric == "cloud" else ())


@st.composite
def probes_of(draw: Any, cluster: Cluster, infra: Infrastructure, senders: list[str], sport: int) -> Probe:
    sender = draw(st.sampled_from(senders))
    protocol = draw(st.sampled_from(["tcp", "tcp", "udp", "icmp"]))
    address, port = draw(st.sampled_from(targets(cluster, infra, protocol)))
    message = (
        HttpRequest("GET", address, "/")
        if protocol == "tcp"
        else Text("hello")
        if protocol == "udp"
        else None
    )
    return Probe(sender, protocol, address, 0 if protocol == "icmp" else port, message, sport)


def targets(cluster: Cluster, infra: Infrastructure, protocol: str) -> list[tuple[str, int]]:
    app, front = (5353, 53) if protocol == "udp" else (8080, 80)
    return [
        *((pod.address, app) for pod in cluster.pods),
        *((service.cluster_ip or "", front) for service in cluster.services),
        *((node.address, 30001) for node in cluster.nodes),
        (cluster.pods[0].address, 81),
        ("127.0.0.1", app),
        ("10.244.1.99", app),
        ("203.0.113.50", 80),
        *((node.external, 30002) for node in cluster.nodes if node.external and infra.hosts),
    ]
