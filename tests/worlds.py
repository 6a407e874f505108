"""Small worlds in kernel nouns, with the addresses of the reference cluster: one bridge, two routed nodes, a tunnel.

Nothing here comes from the control plane: a test of the datapath says itself what the tables hold.
"""

from collections.abc import Iterable, Mapping

from app.kernel.device import Device, Interface, Peer, VxlanLink
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netfilter import Ruleset
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, Netns, netns
from app.kernel.route import Route
from app.kernel.socket import Socket, SocketKey
from app.kernel.world import World
from app.process.programs import EchoServer, HttpServer, Machines, Program
from app.wire.addr import ANY, DEFAULT, Prefix, mac_of

LO = Device("lo", "loopback", addresses=(Interface("127.0.0.1", 8),), mtu=65536)
PORTS = ("vethxxx", "vethyyy", "vethzzz")
WEB, ECHO = 8080, 5353
LISTENERS = (
    Socket(SocketKey("tcp", ANY, WEB), "web", "LISTEN"),
    Socket(SocketKey("udp", ANY, ECHO), "echo"),
)


def device(name: str, kind: str, *cidrs: str, **more: object) -> Device:
    """A device whose MAC follows from its first address, as the bridge plugin and every test here want it."""
    addresses = tuple(Interface.parse(cidr) for cidr in cidrs)
    mac = mac_of(addresses[0].address) if addresses else f"02:00:00:00:00:{sum(name.encode()) % 256:02x}"
    return Device(name, kind, addresses=addresses, **{"mac": mac, **more})  # type: ignore[arg-type]


def route(text: str) -> Route:
    """One line as `ip route` prints it: `default via 10.244.1.1 dev eth0`, `blackhole 10.9.0.0/16`."""
    words = text.split()
    kind = words.pop(0) if words[0] in ("blackhole", "unreachable", "prohibit") else "unicast"
    prefix = DEFAULT if words[0] == "default" else Prefix.parse(words[0])
    onlink = "onlink" in words
    options = dict(zip(words[1::2], words[2::2], strict=False))
    return Route(
        prefix, options.get("dev", "lo"), kind, options.get("via"), options.get("src"), onlink  # type: ignore[arg-type]
    )  # fmt: skip


def routes(*lines: str) -> tuple[Route, ...]:
    return tuple(map(route, lines))


def knows(dev: str, address: str, state: str = "REACHABLE", mac: str | None = None) -> Neighbour:
    """A neighbour that ARP need not ask for, and that somebody has spoken to before."""
    return Neighbour(address, dev, state, mac or mac_of(address), cached=True)  # type: ignore[arg-type]


def pod(id: str, address: str, port: str, **more: object) -> Netns:
    """A child namespace behind a port of its node's bridge; it serves TCP 8080 and UDP 5353."""
    root = id.partition("/")[0]
    gateway = address.rpartition(".")[0] + ".1"
    eth0 = device("eth0", "veth", f"{address}/24", peer=Peer(root, port), mtu=more.pop("mtu", 1500))
    settings = {"routes": routes(f"default via {gateway} dev eth0"), "sockets": LISTENERS, **more}
    return netns(id, (LO, eth0), **settings)  # type: ignore[arg-type]


def ports(root: str, pods: Mapping[str, str], hairpin: bool) -> list[Device]:
    """The node's ends of its pods' veth pairs, oldest first."""
    return [
        device(port, "veth", peer=Peer(f"{root}/{name}", "eth0"), master="cbr0", hairpin=hairpin)
        for port, name in zip(PORTS, pods, strict=False)
    ]


def on_one_bridge(
    *,
    brnf: bool = True,
    hairpin: bool = True,
    promiscuous: bool = False,
    forwarding: bool = True,
    rules: Ruleset | None = None,
    neigh: Iterable[Neighbour] = (),
    more_routes: Iterable[Route] = (),
) -> World:
    """node1 with pod1, pod2 and pod5 behind cbr0, and nothing beyond."""
    pods = {"pod1": "10.244.1.2", "pod2": "10.244.1.3", "pod5": "10.244.1.6"}
    node = netns(
        "node1",
        (
            LO,
            device("cbr0", "bridge", "10.244.1.1/24", promiscuous=promiscuous),
            *ports("node1", pods, hairpin),
        ),
        rules=rules,
        sysctl={IP_FORWARD: int(forwarding), BRIDGE_NF: int(brnf)},
        neigh=neigh,
        routes=more_routes,
    )
    children = [pod(f"node1/{name}", ip, port) for port, (name, ip) in zip(PORTS, pods.items(), strict=True)]
    return world(node, *children)


def node(
    number: int,
    pods: Mapping[str, str],
    *lines: str,
    rules: Ruleset | None = None,
    brnf: bool = True,
    extra: Iterable[Device] = (),
    mtu: int = 1500,
    **more: object,
) -> list[Netns]:
    """A node behind the cloud, with its pods; `lines` are its routes besides the connected ones."""
    root, block = f"node{number}", f"10.244.{number}"
    eth0 = device("eth0", "physical", f"192.168.{number}.10/24", peer=Peer("cloud", f"to-{root}"))
    bridge = device("cbr0", "bridge", f"{block}.1/24", mtu=mtu)
    routing = routes(f"default via 192.168.{number}.1 dev eth0", *lines)
    settings = {"routes": routing, "rules": rules, "sysctl": {IP_FORWARD: 1, BRIDGE_NF: int(brnf)}, **more}
    machine = netns(root, (LO, eth0, bridge, *ports(root, pods, True), *extra), **settings)  # type: ignore[arg-type]
    children = [
        pod(f"{root}/{name}", ip, port, mtu=mtu)
        for port, (name, ip) in zip(PORTS, pods.items(), strict=False)
    ]
    return [machine, *children]


POD1, FAR_PODS = {"pod1": "10.244.1.2"}, {"pod3": "10.244.2.2", "pod4": "10.244.2.3"}


WAYS = "10.244.1.0/24 via 192.168.1.10 dev to-node1", "10.244.2.0/24 via 192.168.2.10 dev to-node2"


def cloud(*lines: str, rules: Ruleset | None = None, mtu: int = 1500) -> Netns:
    """The router between the nodes, which are its own neighbours; `lines` are its other routes."""
    nics = [
        device(f"to-node{n}", "physical", f"192.168.{n}.1/24", peer=Peer(f"node{n}", "eth0"), mtu=mtu)
        for n in (1, 2)
    ]
    return netns("cloud", (LO, *nics), routes=routes(*lines), rules=rules, sysctl={IP_FORWARD: 1})


def routed(*, rules: Ruleset | None = None, router: Netns | None = None, brnf: bool = True) -> World:
    """node1 with pod1, the cloud, node2 with pod3 and pod4: each node's block is in the cloud's route table."""
    return world(*node(1, POD1, rules=rules, brnf=brnf), router or cloud(*WAYS), *node(2, FAR_PODS))


VTEP = {1: "4e:f1:a0:00:01:00", 2: "4e:f1:a0:00:02:00"}


def tunnel_end(number: int, vni: int = 1) -> Device:
    link = VxlanLink(vni, f"192.168.{number}.10", "eth0")
    return device("flannel.1", "vxlan", f"10.244.{number}.0/32", mac=VTEP[number], vxlan=link, mtu=1450)


def tunnelled(
    *,
    far_vni: int = 1,
    fdb: bool = True,
    neighbour: bool = True,
    rules: Ruleset | None = None,
    mtu: int = 1450,
) -> World:
    """The same two nodes behind a cloud that knows no pod: flannel.1 joins them, with flanneld's three entries."""

    def end(number: int, pods: Mapping[str, str], vni: int, rules: Ruleset | None) -> list[Netns]:
        other = 3 - number
        told = [knows("flannel.1", f"10.244.{other}.0", "PERMANENT", VTEP[other])] if neighbour else []
        where = [FdbEntry(VTEP[other], "flannel.1", dst=f"192.168.{other}.10", permanent=True)] if fdb else []
        way = f"10.244.{other}.0/24 via 10.244.{other}.0 dev flannel.1 onlink"
        tunnel = (tunnel_end(number, vni),)
        return node(number, pods, way, extra=tunnel, mtu=mtu, rules=rules, neigh=told, fdb=where)

    return world(*end(1, POD1, 1, rules), cloud(), *end(2, FAR_PODS, far_vni, None))


def world(*namespaces: Netns) -> World:
    return World({each.id: each for each in namespaces})


def machines(of: World) -> Machines:
    """The world with its programs: whoever listens on 8080 answers `hello`, whoever on 5353 echoes."""
    programs: dict[tuple[str, str], Program] = {}
    for place in of.netns:
        programs[place, "web"], programs[place, "echo"] = HttpServer("hello"), EchoServer()
    return Machines(of, programs)
