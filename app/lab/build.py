"""A world as the text that builds it: `ip -batch`, `bridge -batch`, `iptables-restore`, sysctls.

Every device keeps its name, index and MAC.  A cable between two machines becomes a veth pair, as there is no other NIC
in a sandbox; a device's delay is not built, since not every kernel has netem.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from app.kernel.change import Change
from app.kernel.device import Device
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, ROUTE_LOCALNET, RP_FILTER, Netns
from app.kernel.origin import KERNEL, Origin
from app.kernel.route import Route
from app.kernel.show.iptables import iptables_save
from app.kernel.show.listing import RulePosition
from app.kernel.world import World
from app.lab.job import Command, Sysctl

SURROUNDINGS = {
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
    "net.ipv4.ping_group_range": "0 0",
}
"""No neighbour discovery and no multicast reports between the frames that matter; and ping without a raw socket."""

CONFIGURED = (IP_FORWARD, BRIDGE_NF, ROUTE_LOCALNET, RP_FILTER)
"""Always written, as their defaults come from the machine that the sandbox stands on."""

PAIR = "a veth pair: what goes in at one end comes out at the other"
CABLE = "a cable from machine to machine, which is a veth pair here"
BRIDGE = "a bridge: a switch made of software"
TUNNEL = "a VXLAN device: frames go in, UDP packets come out"
PORT = "a port of the bridge; hairpin: may a frame leave where it came in?"
SWITCHED_ON = "switched on; an address brings the route to its neighbours along"
ROUTE = "a route to what is further away"
NEIGHBOUR = "the MAC of a neighbour, so that nobody has to ask"
FORWARDING = "where frames for a MAC go"
RULE = "a rule"

Naming = Callable[[str], str]


class Line(Struct, frozen=True):
    """What is typed after `ip` or `bridge`, or read by `iptables-restore`; what for, and who writes it in a real cluster."""

    program: Literal["ip", "bridge", "iptables-restore"]
    text: str
    reason: str
    origin: Origin


def file_name(netns: str) -> str:
    """The name of a namespace for `ip netns`, which allows no slash."""
    return netns.replace("/", "_")


def sysctls(world: World) -> Iterator[Sysctl]:
    """What is written before any device exists.  A device's own setting adds to that of `all`, so each is born with 0."""
    for netns in world.netns.values():
        config = netns.config.sysctl
        for name, value in {**SURROUNDINGS, **dict.fromkeys(CONFIGURED, 0), **config}.items():
            yield Sysctl(netns.id, name, str(value))
            if name in (RP_FILTER, ROUTE_LOCALNET):
                yield Sysctl(netns.id, name.replace(".all.", ".default."), "0")


def setup(world: World) -> Iterator[Command]:
    """The commands, in order.  Raises KeyError where a cable ends in a machine that is not in the world."""
    yield batch(None, "ip", pairs(world))
    for netns in world.netns.values():
        yield batch(netns.id, "ip", configuration(netns))
    for netns in world.netns.values():
        if entries := list(fdb(netns)):
            yield batch(netns.id, "bridge", entries)
        if restored := list(rules(world, netns)):
            yield Command(netns.id, ("iptables-restore",), text_of(restored))


def typed(changes: Iterable[Change]) -> Iterator[Command]:
    """What somebody types to break what was built."""
    return (Command(change.netns, tuple(shlex.split(change.command))) for change in changes)


def batch(netns: str | None, program: str, lines: Iterable[Line]) -> Command:
    return Command(netns, (program, "-batch", "-"), text_of(lines))


def text_of(lines: Iterable[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def pairs(world: World, name: Naming = file_name) -> Iterator[Line]:
    """veth pairs first, cables after them: a namespace numbers the others in order of need."""
    for kind, reason in (("veth", PAIR), ("physical", CABLE)):
        for netns in world.netns.values():
            for device in netns.config.devices.values():
                if device.kind == kind and device.peer and is_first(netns, device):
                    other = world[device.peer.netns].config.devices[device.peer.device]
                    near, far = end(name(netns.id), device), end(name(device.peer.netns), other)
                    yield Line("ip", f"link add {near} type veth peer name {far}", reason, device.origin)


def is_first(netns: Netns, device: Device) -> bool:
    """Each pair is made once, from the end that sorts first: a machine before the namespaces inside it."""
    assert device.peer is not None, "a device without a peer is no pair"
    return (netns.id, device.name) < (device.peer.netns, device.peer.device)


def end(name: str, device: Device) -> str:
    return f"{device.name} netns {name} index {device.index} address {device.mac} mtu {device.mtu}"


def configuration(netns: Netns) -> Iterator[Line]:
    """Everything that `ip` writes inside one namespace, in order."""
    yield from links(netns)
    for device in netns.config.devices.values():
        yield from switched_on(device)
    yield from layer3(netns)


def links(netns: Netns) -> Iterator[Line]:
    devices = netns.config.devices
    for device in devices.values():
        start = f"link add {device.name} index {device.index} address {device.mac} mtu {device.mtu}"
        if device.kind == "bridge":
            text = f"{start} type bridge forward_delay 0 mcast_snooping 0"
            yield Line("ip", text, BRIDGE, device.origin)
        elif tunnel := device.vxlan:
            text = (
                f"{start} type vxlan id {tunnel.vni} dstport {tunnel.port} local {tunnel.local}"
                f" dev {tunnel.lower} nolearning"
            )
            yield Line("ip", text, TUNNEL, device.origin)
    for bridge, ports in netns.config.ports.items():
        for port in (devices[name] for name in ports):
            yield Line("ip", f"link set {port.name} master {bridge}", PORT, port.origin)
            hairpin = "on" if port.hairpin else "off"
            yield Line("ip", f"link set {port.name} type bridge_slave hairpin {hairpin}", PORT, port.origin)


def switched_on(device: Device) -> Iterator[Line]:
    for interface in device.addresses:
        if device.kind != "loopback":
            yield Line("ip", f"address add {interface} dev {device.name}", SWITCHED_ON, device.origin)
    if device.promiscuous:
        yield Line("ip", f"link set {device.name} promisc on", SWITCHED_ON, device.origin)
    if device.up:
        yield Line("ip", f"link set {device.name} up", SWITCHED_ON, device.origin)


def layer3(netns: Netns) -> Iterator[Line]:
    """Routes that no address brings by itself, and neighbours."""
    for route in netns.config.fib.main:
        if route.proto != "kernel":
            yield Line("ip", f"route add {route_text(route)}", ROUTE, route.origin)
    for entry in netns.learned.neigh.values():
        mac = f"lladdr {entry.mac} " if entry.mac else ""
        text = f"neigh add {entry.address} dev {entry.dev} {mac}nud {entry.state.lower()}"
        yield Line("ip", text, NEIGHBOUR, entry.origin)


def route_text(route: Route) -> str:
    parts = [
        route.type,
        str(route.prefix),
        f"via {route.via}" if route.via else "",
        f"dev {route.dev}" if route.dev else "",
        "onlink" if route.onlink else "",
        f"src {route.src}" if route.src else "",
        f"proto {route.proto}",
        f"scope {route.scope}",
    ]
    return " ".join(filter(None, parts))


def fdb(netns: Netns) -> Iterator[Line]:
    for entry in netns.learned.fdb.values():
        if entry.dst:
            text = f"fdb append {entry.mac} dev {entry.dev} dst {entry.dst} self permanent"
            yield Line("bridge", text, FORWARDING, entry.origin)
        elif not entry.local and entry.port:
            kind = "static" if entry.permanent else "dynamic"
            yield Line(
                "bridge", f"fdb add {entry.mac} dev {entry.port} master {kind}", FORWARDING, entry.origin
            )


def rules(world: World, netns: Netns) -> Iterator[Line]:
    """What `iptables-restore` reads; nothing where there are none."""
    for line in iptables_save(world, netns):
        origin = KERNEL
        if isinstance(line.entry, RulePosition) and line.entry.index is not None:
            chain = netns.config.rules.tables[line.entry.table][line.entry.chain]
            origin = chain.rules[line.entry.index].origin
        yield Line("iptables-restore", line.text, RULE, origin)
