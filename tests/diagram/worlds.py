"""Worlds to draw, built from kernel nouns alone: any number of nodes and children, and what may lie around them."""

from app.kernel.device import Device, Interface, Peer, VxlanLink
from app.kernel.netfilter import Chain, Dnat, Jump, Masquerade, Rule, Ruleset
from app.kernel.netns import IP_FORWARD, Netns, netns
from app.kernel.world import World

MASQUERADE = Ruleset({"nat": {"POSTROUTING": Chain("POSTROUTING", [Rule(Masquerade())], "ACCEPT")}})
BALANCE = Ruleset(
    {
        "nat": {
            "PREROUTING": Chain("PREROUTING", [Rule(Jump("x")), Rule(Dnat("192.168.1.10", 30080))], "ACCEPT")
        }
    }
)
PORTS = ("vethxxx", "vethyyy", "vethzzz", "vethuuu", "vethvvv", "vethwww")


def cable(name: str, cidr: str, netns: str, device: str) -> Device:
    return Device(
        name, "physical", addresses=(Interface.parse(cidr),) if cidr else (), peer=Peer(netns, device)
    )


def node(
    number: int, children: int, far: tuple[str, str], tunnel: bool = False, rules: bool = False
) -> list[Netns]:
    """`node1` with `node1/pod1`… and an eth0 that is cabled to `far`."""
    root = f"node{number}"
    block = f"10.244.{number}"
    ports = [
        Device(PORTS[at], "veth", peer=Peer(f"{root}/{name(number, at)}", "eth0"), master="cbr0")
        for at in range(children)
    ]
    devices = [
        Device("lo", "loopback", addresses=(Interface("127.0.0.1", 8),)),
        cable("eth0", f"192.168.{number}.10/24", *far),
        Device("cbr0", "bridge", addresses=(Interface(f"{block}.1", 24),)),
        *ports,
    ]
    if tunnel:
        devices.append(Device("flannel.1", "vxlan", vxlan=VxlanLink(1, f"192.168.{number}.10", "eth0")))
    inner = [
        child(f"{root}/{name(number, at)}", f"{block}.{at + 2}/24", root, PORTS[at]) for at in range(children)
    ]
    return [netns(root, devices, rules=MASQUERADE if rules else None, sysctl={IP_FORWARD: 1}), *inner]


def name(number: int, at: int) -> str:
    return f"pod{(number - 1) * 2 + at + 1 if at < 2 else number * 10 + at}"


def child(id: str, cidr: str, root: str, port: str) -> Netns:
    lo = Device("lo", "loopback", addresses=(Interface("127.0.0.1", 8),))
    return netns(id, [lo, Device("eth0", "veth", addresses=(Interface.parse(cidr),), peer=Peer(root, port))])


def cloud(nodes: int, outside: bool = False, balancer: bool = False) -> Netns:
    cables = [cable(f"to-node{n}", f"192.168.{n}.1/24", f"node{n}", "eth0") for n in range(1, nodes + 1)]
    if outside:
        cables.append(cable("inet0", "203.0.113.1/24", "client", "eth0"))
    if balancer:
        cables.append(cable("to-lb", "192.168.9.1/24", "lb", "eth0"))
    return netns("cloud", cables, rules=MASQUERADE if outside else None, sysctl={IP_FORWARD: 1})


def world(
    nodes: int = 2, children: int = 2, *, tunnel: bool = False, outside: bool = False, balancer: bool = False
) -> World:
    """Nodes around a cloud router."""
    rules = tunnel or outside
    made = [
        ns for n in range(1, nodes + 1) for ns in node(n, children, ("cloud", f"to-node{n}"), tunnel, rules)
    ]
    made.append(cloud(nodes, outside, balancer))
    if outside:
        made.append(netns("client", [cable("eth0", "203.0.113.50/24", "cloud", "inet0")]))
    if balancer:
        made.append(netns("lb", [cable("eth0", "192.168.9.100/24", "cloud", "to-lb")], rules=BALANCE))
    return World({ns.id: ns for ns in made})


def switched(children: int = 2) -> World:
    """Two nodes on one switch."""
    made = [ns for n in (1, 2) for ns in node(n, children, ("switch", f"port{n}"))]
    ports = [Device(f"port{n}", "physical", peer=Peer(f"node{n}", "eth0"), master="sw0") for n in (1, 2)]
    made.append(netns("switch", [Device("sw0", "bridge"), *ports]))
    return World({ns.id: ns for ns in made})


def flown() -> World:
    """Two nodes with nothing but air between them."""
    made = [*node(1, 2, ("node2", "eth0")), *node(2, 2, ("node1", "eth0"))]
    return World({ns.id: ns for ns in made})


def lone(children: int = 3) -> World:
    """One node whose cable ends nowhere."""
    return World({ns.id: ns for ns in node(1, children, ("nowhere", "eth0"))})
