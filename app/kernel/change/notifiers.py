"""What follows when a device changes: the kernel's notifiers  (fib_frontend.c, arp.c, br.c; all measured)."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from app.kernel.carrier import carrier, forwards
from app.kernel.device import Device
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netns import Netns
from app.kernel.route import Fib, Route, RouteTable, routes_of
from app.kernel.world import World


def dev_open(netns: Netns, device: Device) -> Netns:
    """Who is near is known again; routes that somebody wrote do not come back (NETDEV_UP: fib_add_ifaddr)."""
    opened = replace(device, up=True)
    return with_routes(netns.with_device(opened), routes_of(opened))


def dev_close(netns: Netns, device: Device) -> Netns:
    """Its addresses stay local; every other route over it goes, and every neighbour (NETDEV_DOWN: fib_disable_ip, neigh_ifdown)."""
    closed = netns.with_device(replace(device, up=False, opened=device.up or device.opened))
    gone = without_routes(closed, lambda route: route.dev == device.name and route.type != "local")
    return without_neighbours(gone, lambda entry: entry.dev == device.name)


def with_routes(netns: Netns, routes: Iterable[Route]) -> Netns:
    """Those that are not there yet, behind the others."""
    there = netns.config.fib
    local, main = [*there.local], [*there.main]
    for route in routes:
        table = local if route.table == "local" else main
        if route not in table:
            table.append(route)
    return netns.configure(fib=Fib(RouteTable(local), RouteTable(main)))


def without_routes(netns: Netns, gone: Callable[[Route], bool]) -> Netns:
    fib = netns.config.fib
    local, main = (RouteTable(r for r in table if not gone(r)) for table in (fib.local, fib.main))
    return netns.configure(fib=Fib(local, main))


def without_neighbours(netns: Netns, gone: Callable[[Neighbour], bool]) -> Netns:
    kept = {key: entry for key, entry in netns.learned.neigh.items() if not gone(entry)}
    return netns.learn(neigh=kept)


def without_fdb(netns: Netns, gone: Callable[[FdbEntry], bool]) -> Netns:
    kept = {key: entry for key, entry in netns.learned.fdb.items() if not gone(entry)}
    return netns.learn(fdb=kept)


def with_fdb(netns: Netns, entry: FdbEntry) -> Netns:
    """The newest entry; an older one of the same key goes."""
    return netns.learn(fdb={**without_fdb(netns, entry_of(entry)).learned.fdb, (entry.dev, entry.mac): entry})


def entry_of(entry: FdbEntry) -> Callable[[FdbEntry], bool]:
    return lambda other: (other.dev, other.mac) == (entry.dev, entry.mac)


def follow_carriers(before: World, after: World) -> World:
    """Where a carrier was lost, what was learnt over it is forgotten, for whoever is there may be somebody else later.

    NETDEV_CHANGE: neigh_carrier_down; br_stp_disable_port, br_fdb_delete_by_port
    """
    for old in before.netns.values():
        after = after.replace(forgetful(before, after, old))
    return after


def forgetful(before: World, after: World, old: Netns) -> Netns:
    """One namespace after what its lost carriers took along."""
    netns = after[old.id]
    for device in netns.config.devices.values():
        once = old.config.devices.get(device.name)
        if once and carrier(before, old, once) and not carrier(after, netns, device):
            netns = without_neighbours(netns, dynamic_on(device))
        if device.master and not forwards(after, netns, device):
            netns = without_fdb(netns, learnt_by(device))
    return netns


def dynamic_on(device: Device) -> Callable[[Neighbour], bool]:
    return lambda entry: entry.dev == device.name and entry.state != "PERMANENT"


def learnt_by(device: Device) -> Callable[[FdbEntry], bool]:
    return lambda entry: entry.port == device.name and not entry.permanent
