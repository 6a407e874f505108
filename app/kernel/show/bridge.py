"""`bridge link` and `bridge fdb` as iproute2 6.1 prints them (bridge/link.c, fdb.c), `brctl show` as brctl 1.7."""

from collections.abc import Iterator

from app.kernel.device import Device
from app.kernel.neigh import FdbEntry
from app.kernel.netns import Netns
from app.kernel.show.link import SMALLEST_MTU_OF_IPV6, by_index, chosen, flags, iflink, namesake, port_state
from app.kernel.show.listing import Line, no_such_device
from app.kernel.world import World
from app.wire.addr import Mac

PORT_DEFAULTS = (
    "guard off root_block off fastleave off learning on flood on mcast_flood on bcast_flood on mcast_router 1"
    " mcast_to_unicast off neigh_suppress off vlan_tunnel off isolated off locked off"
)

ALL_NODES = {6: "33:33:00:00:00:01", 4: "01:00:5e:00:00:01"}
"""The multicast group of each family that every interface joins: at once if its MTU allows, and when it comes up."""


def bridge_link(world: World, netns: Netns, name: str | None = None) -> Iterator[Line]:
    """`bridge link [show dev DEV]`"""
    if name is not None and name not in netns.config.devices:
        yield no_such_device(name)
    for port in chosen(netns, name):
        if port.master:
            start = f"{port.index}: {port.name}{other_end(world, netns, port)}"
            lower = namesake(netns, iflink(world, port))
            down = ",M-DOWN" if lower and not lower.up else ""
            yield Line(
                f"{start}: <{flags(world, netns, port)}{down}> mtu {port.mtu}"
                f" master {port.master} state {port_state(world, netns, port)} priority 32 cost 2",
                port,
            )


def bridge_link_details(world: World, netns: Netns, name: str | None = None) -> Iterator[Line]:
    """`bridge -d link [show dev DEV]`"""
    for line in bridge_link(world, netns, name):
        yield line
        if isinstance(line.entry, Device):
            yield Line(f"    hairpin {'on' if line.entry.hairpin else 'off'} {PORT_DEFAULTS}", line.entry)


def other_end(world: World, netns: Netns, port: Device) -> str:
    """bridge/link.c takes the other end's index for one of this namespace and so names a stranger; shown as it is."""
    index = iflink(world, port)
    if index is None:
        return ""
    stranger = namesake(netns, index)
    return f"@{stranger.name if stranger else f'if{index}'}"


def bridge_fdb(world: World, netns: Netns) -> Iterator[Line]:
    """`bridge fdb`: device by device, in each the newest entry first (net/bridge/br_fdb.c: hlist_add_head)"""
    for device in by_index(netns):
        yield from fdb_of(netns, device)


def bridge_fdb_of_device(world: World, netns: Netns, name: str) -> Iterator[Line]:
    """`bridge fdb show dev DEV`; its name goes without saying"""
    if name not in netns.config.devices:
        yield no_such_device(name)
    for device in chosen(netns, name):
        for line in fdb_of(netns, device):
            yield Line(line.text.replace(f" dev {name}", ""), line.entry)


def bridge_fdb_of_bridge(world: World, netns: Netns, name: str) -> Iterator[Line]:
    """`bridge fdb show br BRIDGE`: the bridge's own and those of its ports"""
    if name not in netns.config.devices:
        yield Line(f'Cannot find bridge device "{name}"')
    for device in by_index(netns):
        if name in netns.config.ports and name in (device.name, device.master):
            yield from fdb_of(netns, device)


def fdb_of(netns: Netns, device: Device) -> Iterator[Line]:
    entries = list(netns.learned.fdb.values())[::-1]
    found = [Line(fdb_line(entry), entry) for entry in entries if place(entry) == device.name]
    groups = [Line(f"{mac} dev {device.name} self permanent") for mac in joined(device)]
    yield from (*groups, *found) if device.kind == "bridge" else (*found, *groups)


def joined(device: Device) -> list[Mac]:
    if device.kind in ("loopback", "vxlan"):
        return []
    ready = {6: device.mtu >= SMALLEST_MTU_OF_IPV6, 4: device.up}
    return [mac for family, mac in ALL_NODES.items() if ready[family]]


def place(entry: FdbEntry) -> str:
    return entry.port or entry.dev


def fdb_line(entry: FdbEntry) -> str:
    parts = [
        f"{entry.mac} dev {place(entry)}",
        f"dst {entry.dst} self" if entry.dst else f"master {entry.dev}",
        lifetime(entry),
    ]
    return " ".join(filter(None, parts))


def lifetime(entry: FdbEntry) -> str:
    """`static`: on a port for ever; `permanent`: the machine's own, or a VTEP for ever."""
    if not entry.permanent:
        return ""
    return "permanent" if entry.local or entry.dst else "static"


def brctl_show(world: World, netns: Netns) -> Iterator[Line]:
    """`brctl show`, which says nothing at all where there is no bridge"""
    if not netns.config.ports:
        return
    yield Line("bridge name\tbridge id\t\tSTP enabled\tinterfaces")
    devices = netns.config.devices
    for name, ports in sorted(netns.config.ports.items()):
        bridge = devices[name]
        first, *more = sorted(ports) or [""]
        start = f"{name}\t\t8000.{bridge.mac.replace(':', '')}\tno\t\t{first}"
        yield Line(start.rstrip(), devices.get(first, bridge))
        yield from (Line("\t" * 7 + port, devices[port]) for port in more)
