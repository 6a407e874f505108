"""Journeys beyond the built-in scenarios: every way two ends can be joined, every address one can ask, every fault.

Each case is a cluster with its surroundings, acts, and what was broken before they began.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Fabric, Infrastructure, Network, Proxy
from app.kernel.netfilter import Chain, Ruleset
from app.kernel.netns import IP_FORWARD, RP_FILTER
from app.kernel.route import RouteTable
from app.kernel.world import World
from app.kube.objects import Cluster, Container, ContainerPort, Node, Service, ServicePort
from app.process.programs import Act, Machines, Probe
from app.wire.addr import Prefix
from app.wire.packet import HttpRequest, Message, Text
from tests.controlplane.reference import CLIENT, LB, NODES, NODES_ON_A_SWITCH, PODS, service

POD1, POD2, POD3, POD4 = "10.244.1.2", "10.244.1.3", "10.244.2.2", "10.244.2.3"
NOBODY_HERE, NOBODY_THERE, NOWHERE = "10.244.1.99", "10.244.2.99", "10.250.0.1"
GATEWAY, OUTSIDE, VIP, PUBLIC = "10.244.1.1", "203.0.113.50", "198.51.100.100", "198.51.100.11"
SERVICES = {"self": "10.96.0.10", "local": "10.96.0.20", "remote": "10.96.0.40", "web": "10.96.0.80"}
EMPTY, DNS = "10.96.0.99", "10.96.0.53"

LONG = HttpRequest("GET", "web", "/" + "x" * 3000)
NEARLY_TOO_LONG = HttpRequest("GET", "web", "/" + "x" * 1420)
BOTH = Container("web", ports=(ContainerPort(8080, "http"), ContainerPort(5353, "dns", "UDP")))

FABRICS: dict[str, tuple[tuple[Node, ...], Fabric, Network]] = {
    "cloud": (NODES, Fabric(), Network()),
    "switch": (NODES_ON_A_SWITCH, Fabric(kind="l2"), Network()),
    "vxlan": (NODES, Fabric(), Network(plugin="flannel-vxlan")),
    "host-gw": (NODES_ON_A_SWITCH, Fabric(kind="l2"), Network(plugin="flannel-host-gw")),
}
NO_PROXY = Proxy(mode="none")
Fault = Callable[[World], World]


class Case(Struct, frozen=True):
    """`machines()` is the world before the acts, with its fault."""

    cluster: Cluster
    infra: Infrastructure
    acts: tuple[Act, ...]
    fault: Fault | None = None
    seed: int = 0

    @property
    def probes(self) -> tuple[Act, ...]:
        return self.acts

    def machines(self) -> Machines:
        built = compile_machines(self.cluster, self.infra)
        return replace(built, world=self.fault(built.world)) if self.fault else built


def cluster(
    nodes: tuple[Node, ...] = NODES, web: tuple[str, ...] = ("pod2", "pod4"), local: bool = False
) -> Cluster:
    """The reference cluster; `web` are the endpoints of the service of that name, `local` its traffic policy."""
    pods = tuple(
        replace(pod, containers=(BOTH,), labels=(*pod.labels, *(("tier", "web"),) * (pod.name in web)))
        for pod in PODS
    )
    tcp = ServicePort(80, "http", target_port=8080, node_port=30080)
    policy: Literal["Cluster", "Local"] = "Local" if local else "Cluster"
    services = (
        service("self", SERVICES["self"], "pod1"),
        service("local", SERVICES["local"], "pod2"),
        service("remote", SERVICES["remote"], "pod4"),
        service("empty", EMPTY, "nobody"),
        Service("web", "default", SERVICES["web"], (tcp,), (("tier", "web"),), "NodePort", policy),
        Service("dns", "default", DNS, (ServicePort(53, "dns", "UDP", 5353),), (("app", "pod2"),)),
    )
    return Cluster(nodes, pods, services)


def tcp(
    sender: str, address: str, port: int = 8080, sport: int = 40001, request: Message | None = None
) -> Probe:
    return Probe(sender, "tcp", address, port, request or HttpRequest("GET", "web", "/"), sport)


def udp(sender: str, address: str, port: int = 5353, octets: int = 5) -> Probe:
    return Probe(sender, "udp", address, port, Text("x" * octets))


def ping(sender: str, address: str) -> Probe:
    return Probe(sender, "icmp", address, 0)


ENDS: dict[str, tuple[Act, ...]] = {
    "to its neighbour": (tcp("node1/pod1", POD2),),
    "to the other node": (tcp("node1/pod1", POD4),),
    "twice": (tcp("node1/pod1", POD4), tcp("node1/pod1", POD4, sport=40002)),
    "datagram to its neighbour": (udp("node1/pod1", POD2),),
    "datagram to the other node": (udp("node1/pod1", POD4),),
    "ping to its neighbour": (ping("node1/pod1", POD2),),
    "ping to the other node": (ping("node1/pod1", POD4),),
    "ping to its gateway": (ping("node1/pod1", GATEWAY),),
    "from the node to its pod": (tcp("node1", POD2),),
    "from the node to the other's pod": (tcp("node1", POD4),),
    "from the node to itself": (tcp("node1", GATEWAY),),
    "to a closed port": (tcp("node1/pod1", POD4, 9999),),
    "datagram to a closed port": (udp("node1/pod1", POD4, 9999),),
    "to nobody here": (tcp("node1/pod1", NOBODY_HERE),),
    "to nobody there": (tcp("node1/pod1", NOBODY_THERE),),
    "to nowhere": (tcp("node1/pod1", NOWHERE),),
    "a long request": (tcp("node1/pod1", POD4, request=LONG),),
}
TO_SERVICES: dict[str, tuple[Act, ...]] = {
    **{f"to {name}": (tcp("node1/pod1", address, 80),) for name, address in SERVICES.items()},
    **{f"from the node to {name}": (tcp("node1", address, 80),) for name, address in SERVICES.items()},
    "to a service without endpoints": (tcp("node1/pod1", EMPTY, 80),),
    "from the node to a service without endpoints": (tcp("node1", EMPTY, 80),),
    "datagram to a service": (udp("node1/pod1", DNS, 53),),
    "ping to a service": (ping("node1/pod1", SERVICES["remote"]),),
    "twice to a service": (
        tcp("node1/pod1", SERVICES["remote"], 80),
        tcp("node1/pod1", SERVICES["remote"], 80, 40002),
    ),
    "to a warm neighbour's service": (
        tcp("node1/pod1", POD2),
        tcp("node1/pod1", SERVICES["local"], 80, 40002),
    ),
}


def joined() -> Iterator[tuple[str, Case]]:
    """Every pair of ends over every fabric, with and without kube-proxy."""
    for (fabric, (nodes, how, network)), proxy in product(FABRICS.items(), (NO_PROXY, Proxy())):
        infra = Infrastructure(network, proxy, how)
        own = tcp("node1", nodes[0].address, 30080), tcp("node2/pod3", nodes[0].address, 30080)
        node_ports: dict[str, tuple[Act, ...]] = {
            "from the node to its node port": own[:1],
            "from the other node's pod to a node port": own[1:],
        }
        ruled = proxy.mode != "none"
        for words, acts in (ENDS | TO_SERVICES | node_ports if ruled else ENDS).items():
            name = f"{fabric}, {'with' if ruled else 'without'} rules: {words}"
            yield name, Case(cluster(nodes), infra, acts)


def bridged() -> Iterator[tuple[str, Case]]:
    """What a bridge does, with hairpin mode and br_netfilter on and off."""
    for hairpin, netfilter in product((True, False), repeat=2):
        switches = f"hairpin {'on' if hairpin else 'off'}, br_netfilter {'on' if netfilter else 'off'}"
        infra = Infrastructure(Network(hairpin=hairpin, bridge_nf_call_iptables=netfilter))
        for words in ("to self", "to local", "to a warm neighbour's service", "datagram to a service"):
            yield f"{switches}: {words}", Case(cluster(), infra, TO_SERVICES[words])
        yield f"{switches}: to its neighbour", Case(cluster(), infra, ENDS["to its neighbour"])


def outside() -> Iterator[tuple[str, Case]]:
    """Out of the cluster and into it."""
    networks = {
        "kubenet": Network(egress_masquerade=True),
        "no masquerade": Network(),
        "vxlan": Network(plugin="flannel-vxlan"),
    }
    for name, network in networks.items():
        infra = Infrastructure(network, hosts=(CLIENT,))
        yield f"{name}: out", Case(cluster(), infra, (tcp("node1/pod1", OUTSIDE, 80),))
        yield f"{name}: out from the node", Case(cluster(), infra, (tcp("node1", OUTSIDE, 80),))
        yield f"{name}: ping out", Case(cluster(), infra, (ping("node1/pod1", OUTSIDE),))
        for web, local in product((("pod2",), ("pod4",), ("pod2", "pod4")), (False, True)):
            words = (
                f"{name}: in by a node port to {' and '.join(web)}, policy {'Local' if local else 'Cluster'}"
            )
            yield words, Case(cluster(web=web, local=local), infra, (tcp("client", PUBLIC, 30080),))
    balanced = Infrastructure(hosts=(CLIENT,), balancers=(LB,))
    for end in ("pod2", "pod4"):
        yield f"in by a balancer to {end}", Case(cluster(web=(end,)), balanced, (tcp("client", VIP, 80),))


def broken() -> Iterator[tuple[str, Case]]:
    """One fault each, on a cluster without rules."""
    over = ENDS["to the other node"]
    plain = Infrastructure(proxy=NO_PROXY)
    tunnel = Infrastructure(Network(plugin="flannel-vxlan"), NO_PROXY)
    too_wide = Infrastructure(Network(plugin="flannel-vxlan", mtu=1500), NO_PROXY)
    no_routes = Infrastructure(proxy=NO_PROXY, fabric=Fabric(pod_routes=False))
    yield "no route in the cloud", Case(cluster(), no_routes, over)
    yield "no forwarding", Case(cluster(), plain, over, sysctl("node1", IP_FORWARD, 0))
    yield (
        "no forwarding, neighbours",
        Case(cluster(), plain, ENDS["to its neighbour"], sysctl("node1", IP_FORWARD, 0)),
    )
    yield "reverse path filter", Case(cluster(), plain, over, sysctl("node2", RP_FILTER, 1))
    yield "no VTEP in the FDB", Case(cluster(), tunnel, over, forget("fdb"))
    yield "no VTEP among the neighbours", Case(cluster(), tunnel, over, forget("neigh"))
    yield "another VNI", Case(cluster(), tunnel, over, other_vni)
    yield (
        "no room in the tunnel",
        Case(cluster(), too_wide, (tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG),)),
    )
    yield (
        "no room in the tunnel, datagram",
        Case(cluster(), too_wide, (udp("node1/pod1", POD4, octets=1440),)),
    )
    narrow = Infrastructure(Network(mtu=1500), NO_PROXY, Fabric(mtu=1400))
    yield "no room on the cable", Case(cluster(), narrow, (tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG),))
    yield "no room on the cable, datagram", Case(cluster(), narrow, (udp("node1/pod1", POD4, octets=1440),))
    yield "loose reverse path filter", Case(cluster(), plain, over, sysctl("node2", RP_FILTER, 2))
    yield "a loop of routes", Case(cluster(), plain, over, route_back)
    yield "forwarding dropped", Case(cluster(), plain, over, drop_forwarded("node1"))
    near = ENDS["to its neighbour"]
    yield "forwarding dropped, neighbours", Case(cluster(), plain, near, drop_forwarded("node1"))
    yield "tunnel blocked in the cloud", Case(cluster(), tunnel, over, drop_forwarded("cloud"))
    yield "a bridge that listens to all", Case(cluster(), plain, near, promiscuous)


def sysctl(netns: str, name: str, value: int) -> Fault:
    def change(world: World) -> World:
        changed = world[netns]
        config = replace(changed.config, sysctl={**changed.config.sysctl, name: value})
        return world.replace(changed.reconfigure(config))

    return change


def forget(table: str) -> Fault:
    """node1 loses what flanneld told it of node2."""

    def change(world: World) -> World:
        node = world["node1"]
        kept = {key: entry for key, entry in getattr(node.learned, table).items() if entry.dev != "flannel.1"}
        return world.replace(node.learn(**{table: kept}))

    return change


def other_vni(world: World) -> World:
    node = world["node2"]
    device = node.config.devices["flannel.1"]
    assert device.vxlan, "flannel.1 is a VXLAN device"
    moved = replace(device, vxlan=replace(device.vxlan, vni=2))
    return world.replace(
        node.reconfigure(replace(node.config, devices={**node.config.devices, moved.name: moved}))
    )


def route_back(world: World) -> World:
    """The cloud sends node2's block back to node1."""
    cloud = world["cloud"]
    block = Prefix.parse("10.244.2.0/24")
    turned = (
        replace(route, dev="to-node1", via="192.168.1.10") if route.prefix == block else route
        for route in cloud.config.fib.main
    )
    fib = replace(cloud.config.fib, main=RouteTable(turned))
    return world.replace(cloud.reconfigure(replace(cloud.config, fib=fib)))


def drop_forwarded(netns: str) -> Fault:
    """The policy of FORWARD is DROP."""

    def change(world: World) -> World:
        changed = world[netns]
        rules = Ruleset({"filter": {"FORWARD": Chain("FORWARD", (), "DROP")}})
        return world.replace(changed.reconfigure(replace(changed.config, rules=rules)))

    return change


def promiscuous(world: World) -> World:
    node = world["node1"]
    cbr0 = replace(node.config.devices["cbr0"], promiscuous=True)
    return world.replace(
        node.reconfigure(replace(node.config, devices={**node.config.devices, "cbr0": cbr0}))
    )


CASES = dict((*joined(), *bridged(), *outside(), *broken()))
