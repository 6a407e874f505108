"""`ip addr add`, `ip addr del`  (net/ipv4/devinet.c, fib_frontend.c: fib_add_ifaddr, fib_del_ifaddr)."""

from msgspec.structs import replace

from app.kernel.change.command import CommandRefused, device_of, options
from app.kernel.change.notifiers import with_routes, without_neighbours, without_routes
from app.kernel.device import Device, Interface
from app.kernel.netns import Netns
from app.kernel.route import Route, routes_of
from app.kernel.world import World


def asked(netns: Netns, words: list[str]) -> tuple[Interface, Device]:
    """`A/L dev DEV`"""
    cidr, *rest = words or [""]
    try:
        interface = Interface.parse(cidr)
    except ValueError as fault:
        raise CommandRefused(f'Error: any valid prefix is expected rather than "{cidr}".') from fault
    name = options(rest, valued=("dev",)).get("dev")
    if name is None:
        raise CommandRefused('Not enough information: "dev" argument is required.')
    return interface, device_of(netns, name)


def ip_addr_add(world: World, netns: Netns, words: list[str]) -> World:
    """Secondary addresses, those of a prefix that is there already, are kept behind the others."""
    interface, device = asked(netns, words)
    if interface in device.addresses:
        raise CommandRefused("Error: ipv4: Address already assigned.")
    primaries = [i for i in device.addresses if not i.is_secondary(device.addresses)]
    rest = [i for i in device.addresses if i.is_secondary(device.addresses)]
    near = interface.prefix in [primary.prefix for primary in primaries]
    order = (*primaries, *rest, interface) if near else (*primaries, interface, *rest)
    after = replace(device, addresses=order)
    return world.replace(with_routes(netns.with_device(after), routes_of(after)))


def ip_addr_del(world: World, netns: Netns, words: list[str]) -> World:
    """With a primary address go its secondaries, and every route that prefers one of them as a source.

    An address without a length is the first one that is like it, whatever its length.
    """
    interface, device = asked(netns, words)
    if "/" not in words[0]:
        interface = next((i for i in device.addresses if i.address == interface.address), interface)
    if interface not in device.addresses:
        raise CommandRefused("Error: ipv4: Address not found.")
    gone = {interface}
    if not interface.is_secondary(device.addresses):
        gone |= {other for other in device.addresses if other.prefix == interface.prefix}
    kept = tuple(other for other in device.addresses if other not in gone)
    after = replace(device, addresses=kept)
    return world.replace(withdrawn(netns.with_device(after), device, after))


def withdrawn(netns: Netns, before: Device, after: Device) -> Netns:
    """A device without any address takes no part in IPv4: no route over it is left (fib_inetaddr_event: fib_disable_ip)."""
    gone = set(routes_of(before)) - set(routes_of(after))
    lost = {i.address for i in before.addresses} - {i.address for i in after.addresses}

    def is_gone(route: Route) -> bool:
        return route in gone or route.src in lost or (not after.addresses and route.dev == after.name)

    left = without_routes(netns, is_gone)
    return left if after.addresses else without_neighbours(left, lambda entry: entry.dev == after.name)
