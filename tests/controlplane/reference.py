"""The cluster that all built-in scenarios share, its surroundings, and short ways to ask a compiled world."""

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Infrastructure, LoadBalancer, OutsideHost
from app.kernel.device import Device
from app.kernel.show import show
from app.kernel.world import World
from app.kube.objects import Cluster, Container, ContainerPort, Node, Pod, Service, ServicePort

HTTP = Container("web", ports=(ContainerPort(8080, "http"),))


def pod(name: str, node: str, address: str, **fields: object) -> Pod:
    return Pod(name, "default", node, address, (HTTP,), (("app", name),), **fields)  # type: ignore[arg-type]


def service(name: str, address: str, app: str, **fields: object) -> Service:
    port = ServicePort(80, "http", target_port=8080, node_port=fields.pop("node_port", None))  # type: ignore[arg-type]
    return Service(name, "default", address, (port,), (("app", app),), **fields)  # type: ignore[arg-type]


NODES = (
    Node("node1", "192.168.1.10", "10.244.1.0/24", "198.51.100.11"),
    Node("node2", "192.168.2.10", "10.244.2.0/24", "198.51.100.12"),
)
NODES_ON_A_SWITCH = (
    Node("node1", "192.168.10.11", "10.244.1.0/24"),
    Node("node2", "192.168.10.12", "10.244.2.0/24"),
)
PODS = (
    pod("pod1", "node1", "10.244.1.2"),
    pod("pod2", "node1", "10.244.1.3"),
    pod("pod5", "node1", "10.244.1.6"),
    pod("pod3", "node2", "10.244.2.2"),
    pod("pod4", "node2", "10.244.2.3"),
)
CLIENT = OutsideHost("client", "203.0.113.50", serves=((80, "hello from outside"),))
LB = LoadBalancer("lb", "192.168.9.100", "198.51.100.100", 80, 30080, ("node1",))


def cluster(*services: Service, nodes: tuple[Node, ...] = NODES, pods: tuple[Pod, ...] = PODS) -> Cluster:
    return Cluster(nodes, pods, services)


def world(what: Cluster, infra: Infrastructure | None = None) -> World:
    return compile_machines(what, infra or Infrastructure()).world


def device(world: World, netns: str, name: str) -> Device:
    return world[netns].config.devices[name]


def lines(world: World, netns: str, command: str) -> list[str]:
    """What the command prints, one text a line."""
    return [line.text for line in show(world, netns, command).lines]


def chain(world: World, netns: str, table: str, name: str) -> list[str]:
    """The rules of one chain, each without its `-A chain`."""
    head = f"-A {name} "
    saved = lines(world, netns, f"iptables-save -t {table}")
    return [line.removeprefix(head) for line in saved if line.startswith(head)]
