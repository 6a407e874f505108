"""`bridge link` and `bridge fdb` as iproute2 6.1 prints them (bridge/link.c, fdb.c), `brctl show` as brctl 1.7."""

from collections.abc import Iterator

from app.kernel.device import Device
from app.kernel.neigh import FdbEntry
from app.kernel.netns import Netns
from app.kernel.show.link import by_index, flags, iflink, port_state
from app.kernel.show.listing import Line
from app.kernel.world import World
from app.wire.addr import Mac

ALL_NODES = {6: "33:33:00:00:00:01", 4: "01:00:5e:00:00:01"}
"""The multicast group of each family that every interface joins: at once if its MTU allows, and when it comes up."""

SMALLEST_MTU_OF_IPV6 = 1280  # octets, RFC 8200 section 5


def bridge_link(world: World, netns: Netns) -> Iterator[Line]:
    """`bridge link`"""
    for port in by_index(netns):
        if port.master:
            name = f"{port.index}: {port.name}{other_end(world, netns, port)}"
            yield Line(
                f"{name}: <{flags(world, netns, port)}> mtu {port.mtu}"
                f" master {port.master} state {port_state(world, netns, port)} priority 32 cost 2",
                port,
            )


def other_end(world: World, netns: Netns, port: Device) -> str:
    """bridge/link.c takes the other end's index for one of this namespace and so names a stranger; shown as it is."""
    index = iflink(world, port)
    if index is None:
        return ""
    return "@" + next((d.name for d in netns.config.devices.values() if d.index == index), f"if{index}")


def bridge_fdb(world: World, netns: Netns) -> Iterator[Line]:
    """`bridge fdb`: device by device, in each the newest entry first (net/bridge/br_fdb.c: hlist_add_head)"""
    entries = list(netns.learned.fdb.values())[::-1]
    for device in by_index(netns):
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
        "permanent" if entry.permanent else "",
    ]
    return " ".join(filter(None, parts))


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
