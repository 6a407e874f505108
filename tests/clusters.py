"""Any small cluster, whole or broken, and something to send through it: what the laws and the kernel are tried on."""

from typing import Any

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Fabric, Infrastructure, Network, OutsideHost, Proxy
from app.kernel.change import Change
from app.kernel.world import World
from app.kube.objects import Cluster, Container, ContainerPort, Node, Pod, Service, ServicePort
from app.process.programs import Machines, Probe
from app.wire.packet import HttpRequest, Message, Text
from tests.damages import Damage, accepted, after, damages_of

WEB = Container("web", ports=(ContainerPort(8080, "http"), ContainerPort(5353, "echo", "UDP")))
CLIENT = OutsideHost("client", "203.0.113.50", serves=((80, "hello from outside"),))
MOST_DAMAGES = 2
LENGTHS = (0, 0, 0, 700, 1400, 3000)
"""Octets that a request or a datagram has to spare."""
PATIENCE = {"tcp": 1_300_000, "udp": 3_500_000, "icmp": 3_500_000}
IMPATIENCE = 400_000
"""Microseconds a client waits: through the three questions of ARP, or not even to the second.

A SYN would be sent again at the very moment when ARP gives up, and which comes first is chance.
"""
ALL_IN_ALL = 4_000_000
"""Microseconds that all clients wait: after five seconds neighbours are asked again."""


class Case(Struct, frozen=True):
    """A cluster, its surroundings, the probes to walk one after another, and what was typed before to damage it."""

    cluster: Cluster
    infra: Infrastructure
    probes: tuple[Probe, ...]
    changes: tuple[Change, ...] = ()
    seed: int = 0

    def machines(self) -> Machines:
        """After the damage."""
        whole = self.whole()
        return replace(whole, world=after(whole.world, self.changes))

    def whole(self) -> Machines:
        """Before the damage."""
        return compile_machines(self.cluster, self.infra)


@st.composite
def cases(draw: Any) -> Case:
    """Probes from pods, nodes and the outside; to pods, services, node ports, nodes, the outside, and to nobody."""
    cluster = draw(clusters())
    infra = draw(infrastructures())
    fabric = infra.fabric.kind
    cluster = replace(
        cluster, nodes=tuple(placed(node, at, fabric) for at, node in enumerate(cluster.nodes, 1))
    )
    world = compile_machines(cluster, infra).world
    wrong = [each for _ in range(draw(st.integers(0, MOST_DAMAGES))) for each in draw(damages(world))]
    senders = [netns for netns in world.netns if netns not in ("cloud", "switch")]
    probes = draw(journeys(cluster, infra, senders))
    return Case(cluster, infra, probes, accepted(world, wrong), draw(st.integers(0, 3)))


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
        service(name, f"10.96.0.{10 * n}", 30000 + n, draw(types), draw(policies), draw(policies))
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


def service(name: str, address: str, node_port: int, kind: str, outer: str, inner: str) -> Service:
    ports = (
        ServicePort(80, "http", "TCP", 8080, node_port if kind == "NodePort" else None),
        ServicePort(53, "echo", "UDP", 5353),
    )
    return Service(name, "default", address, ports, (("app", name),), kind, outer, inner)  # type: ignore[arg-type]


@st.composite
def infrastructures(draw: Any) -> Infrastructure:
    fabric = draw(st.sampled_from(["cloud", "l2"]))
    plugins = (
        ["bridge", "flannel-vxlan", "flannel-host-gw"] if fabric == "l2" else ["bridge", "flannel-vxlan"]
    )
    network = Network(
        draw(st.sampled_from(plugins)),
        hairpin=draw(st.booleans()),
        bridge_nf_call_iptables=draw(st.booleans()),
        ip_masq=draw(st.booleans()),
        egress_masquerade=draw(st.booleans()),
    )
    proxy = Proxy(
        draw(st.sampled_from(["iptables", "iptables", "none"])),
        cluster_cidr=draw(st.sampled_from(["10.244.0.0/16", "10.244.0.0/16", None])),
        masquerade_all=draw(st.booleans()),
    )
    return Infrastructure(network, proxy, Fabric(fabric), (CLIENT,) if fabric == "cloud" else ())


@st.composite
def damages(draw: Any, world: World) -> Damage:
    """Anything that can be done to this world: first where, then what kind of damage, then which one."""
    netns = world[draw(st.sampled_from(list(world.netns)))]
    return draw(st.sampled_from(draw(st.sampled_from(damages_of(world, netns)))))  # type: ignore[no-any-return]


@st.composite
def journeys(draw: Any, cluster: Cluster, infra: Infrastructure, senders: list[str]) -> tuple[Probe, ...]:
    """One probe, or two: the second perhaps the first once more, when every table is warm."""
    first = draw(probes_of(cluster, infra, senders, 40001))
    second = draw(st.sampled_from(["none", "another", "the same"]))
    if second == "none":
        return (first,)
    again = first if second == "the same" else draw(probes_of(cluster, infra, senders, 40002))
    return first, replace(again, sport=40002, timeout=min(again.timeout, ALL_IN_ALL - first.timeout))


@st.composite
def probes_of(draw: Any, cluster: Cluster, infra: Infrastructure, senders: list[str], sport: int) -> Probe:
    sender = draw(st.sampled_from(senders))
    protocol = draw(st.sampled_from(["tcp", "tcp", "udp", "icmp"]))
    address, port = draw(st.sampled_from(targets(cluster, infra, protocol)))
    content = message(protocol, address, draw(st.sampled_from(LENGTHS)))
    patience = draw(st.sampled_from([PATIENCE[protocol], IMPATIENCE, IMPATIENCE]))
    return Probe(
        sender,
        protocol,
        address,
        0 if protocol == "icmp" else port,
        content,
        sport,
        patience,
        56 + draw(st.sampled_from(LENGTHS)),
        draw(st.sampled_from(["want", "want", "do", "dont"])) if protocol != "tcp" else "want",
    )


def message(protocol: str, address: str, length: int) -> Message | None:
    match protocol:
        case "tcp":
            return HttpRequest("GET", address, "/", (("X-Long", "x" * length),) if length else ())
        case "udp":
            return Text("hello" + "x" * length)
    return None


def targets(cluster: Cluster, infra: Infrastructure, protocol: str) -> list[tuple[str, int]]:
    app, front = (5353, 53) if protocol == "udp" else (8080, 80)
    return [
        *((pod.address, app) for pod in cluster.pods),
        *((service.cluster_ip or "", front) for service in cluster.services),
        *((node.address, 30001) for node in cluster.nodes),
        (cluster.pods[0].address, 81),
        (cluster.nodes[0].address, 81),
        ("10.244.1.1", app),
        ("127.0.0.1", app),
        ("10.244.1.99", app),
        ("10.244.2.99", app),
        ("10.244.1.255", app),
        ("255.255.255.255", app),
        ("10.96.0.10", 81),
        ("10.250.0.1", app),
        ("203.0.113.50", 80),
        *((node.external, 30002) for node in cluster.nodes if node.external and infra.hosts),
    ]
