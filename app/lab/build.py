"""A world as the text that builds it: `ip -batch`, `bridge -batch`, `iptables-restore`, sysctls.

Every device keeps its name, index and MAC.  A cable between two machines becomes a veth pair, as there is no other NIC
in a sandbox; a device's delay is not built, since not every kernel has netem.
"""

from collections.abc import Iterable, Iterator

from app.kernel.device import Device
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, ROUTE_LOCALNET, RP_FILTER, Netns
from app.kernel.route import Route
from app.kernel.show.iptables import iptables_save
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


def file_name(netns: str) -> str:
    """The name of a namespace for `ip netns`, which allows no slash."""
    return netns.replace("/", "_")


def sysctls(world: World) -> Iterator[Sysctl]:
    """What is written before any device exists, so that devices inherit it."""
    for netns in world.netns.values():
        config = netns.config.sysctl
        for name, value in {**SURROUNDINGS, **dict.fromkeys(CONFIGURED, 0), **config}.items():
            yield Sysctl(netns.id, name, str(value))
            if name in (RP_FILTER, ROUTE_LOCALNET):
                yield Sysctl(netns.id, name.replace(".all.", ".default."), str(value))


def setup(world: World) -> Iterator[Command]:
    """The commands, in order.  Raises KeyError where a cable ends in a machine that is not in the world."""
    yield batch(None, "ip", pairs(world))
    for netns in world.netns.values():
        yield batch(netns.id, "ip", [*links(netns), *layer3(netns)])
    for netns in world.netns.values():
        if entries := list(fdb(netns)):
            yield batch(netns.id, "bridge", entries)
        if rules := "\n".join(line.text for line in iptables_save(world, netns)):
            yield Command(netns.id, ("iptables-restore",), rules + "\n")


def batch(netns: str | None, program: str, lines: Iterable[str]) -> Command:
    return Command(netns, (program, "-batch", "-"), "".join(f"{line}\n" for line in lines))


def pairs(world: World) -> Iterator[str]:
    """veth pairs first, cables after them: a namespace numbers the others in order of need."""
    for kind in ("veth", "physical"):
        for netns in world.netns.values():
            for device in netns.config.devices.values():
                if device.kind == kind and device.peer and is_first(netns, device):
                    other = world[device.peer.netns].config.devices[device.peer.device]
                    near, far = end(netns.id, device), end(device.peer.netns, other)
                    yield f"link add {near} type veth peer name {far}"


def is_first(netns: Netns, device: Device) -> bool:
    """Each pair is made once, from the end that sorts first: a machine before the namespaces inside it."""
    assert device.peer is not None, "a device without a peer is no pair"
    return (netns.id, device.name) < (device.peer.netns, device.peer.device)


def end(netns: str, device: Device) -> str:
    return (
        f"{device.name} netns {file_name(netns)} index {device.index} address {device.mac} mtu {device.mtu}"
    )


def links(netns: Netns) -> Iterator[str]:
    devices = netns.config.devices
    for device in devices.values():
        start = f"link add {device.name} index {device.index} address {device.mac} mtu {device.mtu}"
        if device.kind == "bridge":
            yield f"{start} type bridge forward_delay 0 mcast_snooping 0"
        elif tunnel := device.vxlan:
            yield (
                f"{start} type vxlan id {tunnel.vni} dstport {tunnel.port} local {tunnel.local}"
                f" dev {tunnel.lower} nolearning"
            )
    for bridge, ports in netns.config.ports.items():
        for port in ports:
            yield f"link set {port} master {bridge}"
            yield f"link set {port} type bridge_slave hairpin {'on' if devices[port].hairpin else 'off'}"
    for device in devices.values():
        for interface in device.addresses:
            if device.kind != "loopback":
                yield f"address add {interface} dev {device.name}"
        if device.promiscuous:
            yield f"link set {device.name} promisc on"
        if device.up:
            yield f"link set {device.name} up"


def layer3(netns: Netns) -> Iterator[str]:
    """Routes that no address brings by itself, and neighbours."""
    yield from (f"route add {route_text(r)}" for r in netns.config.fib.main if r.proto != "kernel")
    for entry in netns.learned.neigh.values():
        mac = f"lladdr {entry.mac} " if entry.mac else ""
        yield f"neigh add {entry.address} dev {entry.dev} {mac}nud {entry.state.lower()}"


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


def fdb(netns: Netns) -> Iterator[str]:
    for entry in netns.learned.fdb.values():
        if entry.dst:
            yield f"fdb append {entry.mac} dev {entry.dev} dst {entry.dst} self permanent"
        elif not entry.local and entry.port:
            yield f"fdb add {entry.mac} dev {entry.port} master {'static' if entry.permanent else 'dynamic'}"
