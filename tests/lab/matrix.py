"""Journeys beyond the built-in scenarios: every way two ends can be joined, every address one can ask."""

from collections.abc import Iterator
from itertools import product
from typing import Literal

from msgspec.structs import replace

from app.controlplane.infrastructure import Fabric, Infrastructure, Network, Proxy
from app.kube.objects import Cluster, Container, ContainerPort, Node, Service, ServicePort
from app.process.programs import Probe
from app.wire.packet import HttpRequest, Message, Text
from tests.clusters import Case
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


ENDS: dict[str, tuple[Probe, ...]] = {
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
TO_SERVICES: dict[str, tuple[Probe, ...]] = {
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
        node_ports: dict[str, tuple[Probe, ...]] = {
            "from the node to its node port": own[:1],
            "from the other node's pod to a node port": own[1:],
        }
        ruled = proxy.mode != "none"
        for words, probes in (ENDS | TO_SERVICES | node_ports if ruled else ENDS).items():
            name = f"{fabric}, {'with' if ruled else 'without'} rules: {words}"
            yield name, Case(cluster(nodes), infra, probes)


def bridged() -> Iterator[tuple[str, Case]]:
    """What a bridge does without hairpin mode, without br_netfilter, without both."""
    for hairpin, netfilter in ((True, False), (False, True), (False, False)):
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


def misplanned() -> Iterator[tuple[str, Case]]:
    """A network that was laid out wrongly: no way for what is sent, or no room."""
    no_routes = Infrastructure(proxy=NO_PROXY, fabric=Fabric(pod_routes=False))
    too_wide = Infrastructure(Network(plugin="flannel-vxlan", mtu=1500), NO_PROXY)
    too_narrow = Infrastructure(Network(mtu=1500), NO_PROXY, Fabric(mtu=1400))
    segment = (tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG),)
    datagram = (udp("node1/pod1", POD4, octets=1440),)
    yield "no route in the cloud", Case(cluster(), no_routes, ENDS["to the other node"])
    yield "no room in the tunnel", Case(cluster(), too_wide, segment)
    yield "no room in the tunnel, datagram", Case(cluster(), too_wide, datagram)
    yield "no room on the cable", Case(cluster(), too_narrow, segment)
    yield "no room on the cable, datagram", Case(cluster(), too_narrow, datagram)


CASES = dict((*joined(), *bridged(), *outside(), *misplanned()))
