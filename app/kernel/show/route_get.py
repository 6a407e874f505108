"""`ip route get` as iproute2 6.1 prints what the kernel decides: for its own packets, and for one that comes in by a device.

net/ipv4/route.c: inet_rtm_getroute, ip_route_output_key_hash_rcu, ip_route_input_slow; net/ipv4/fib_frontend.c
"""

from collections.abc import Iterator

from app.kernel.netns import IP_FORWARD, ROUTE_LOCALNET, RP_FILTER, Netns
from app.kernel.nexthop import MTU_EXPIRES, REDIRECT_EXPIRES, SECOND, RouteException, is_detour
from app.kernel.route import Route
from app.kernel.show.listing import Line, no_such_device
from app.kernel.world import World
from app.wire.addr import ANY, BROADCAST, Address, Prefix, is_loopback

INVALID, UNREACHABLE, NO_HOST = "Invalid argument", "Network is unreachable", "No route to host"
REFUSALS = {"blackhole": INVALID, "unreachable": NO_HOST, "prohibit": "Permission denied"}
FLAGS = {"local": " <local>", "broadcast": " <local,brd>"}


def ip_route_get(
    world: World, netns: Netns, address: Address, source: Address | None = None, iif: str | None = None
) -> Iterator[Line]:
    """`ip route get ADDRESS [from OWN]`, for the machine's own packets; `… from SOURCE iif DEV` for those it receives"""
    route = lookup(netns, address, iif)
    coming_in = source and iif and refused_coming_in(netns, route, address, source, iif)
    fault = coming_in if iif else refused_going_out(netns, route, source)
    if iif and iif not in netns.config.devices:
        yield no_such_device(iif)
    elif fault or route is None:
        yield Line(f"RTNETLINK answers: {fault or UNREACHABLE}", route)
    else:
        yield from answer(netns, route, address, source, iif)


def lookup(netns: Netns, address: Address, iif: str | None) -> Route | None:
    """A packet to everybody is a broadcast whatever the tables say, which are asked only by which device it leaves."""
    found = netns.config.fib.lookup(address)
    if address != BROADCAST or not (iif or found):
        return found
    return Route(
        Prefix.parse(BROADCAST), found.dev if found else "", "broadcast", src=found.src if found else None
    )


def refused_going_out(netns: Netns, route: Route | None, source: Address | None) -> str | None:
    if route is None or (source and not netns.config.fib.is_local(source)):
        return UNREACHABLE
    return REFUSALS.get(route.type)


def refused_coming_in(
    netns: Netns, route: Route | None, address: Address, source: Address, iif: str
) -> str | None:
    """What ip_route_input_slow asks, in its order: martians, broadcasts, packets for here, packets to go on."""
    loops = is_loopback(address) or is_loopback(source)
    if source == BROADCAST or (loops and not netns.config.on(ROUTE_LOCALNET)):
        return INVALID
    if route is not None and route.type in ("broadcast", "local"):
        return None if is_valid(netns, source, iif) else INVALID
    if not netns.config.on(IP_FORWARD):
        return NO_HOST
    if route is None or route.type != "unicast":
        return REFUSALS[route.type] if route else UNREACHABLE
    return None if is_valid(netns, source, iif, route.dev) else INVALID


def is_valid(netns: Netns, source: Address, iif: str, oif: str | None = None) -> bool:
    """Could this source be behind this device?  fib_validate_source: without rp_filter only that it is not one's own is
    asked, unless the packet would leave by the device it came in by."""
    fib, mode = netns.config.fib, netns.config.sysctl.get(RP_FILTER, 0)
    if mode == 0 and iif != oif:
        return all(
            source != own.address for device in netns.config.devices.values() for own in device.addresses
        )
    back = fib.lookup(source)
    if back is None:
        return mode == 0
    return back.type == "unicast" and (mode != 1 or back.dev == iif)


def answer(
    netns: Netns, route: Route, address: Address, source: Address | None, iif: str | None
) -> Iterator[Line]:
    kind, learned = route.type, RouteException(address) if iif else exception(netns, address)
    via = learned.gateway or route.via
    parts = [
        "" if kind == "unicast" else kind,
        address,
        f"from {source}" if source else "",
        f"via {via}" if via else "",
        f"dev {'lo' if kind == 'local' or (iif and kind == 'broadcast') else route.dev}",
        "" if source else f"src {source_of(netns, route, address)}",
        "" if iif else "uid 0",
    ]
    yield Line(" ".join(filter(None, parts)), route)
    detour = source and iif and kind == "unicast" and is_detour(netns.config.fib, route, source, iif)
    cached = [
        " <redirect>" if detour else " <redirected>" if learned.gateway else FLAGS.get(kind, ""),
        f" expires {lifetime(learned)}sec" if learned.expires else "",
        f" mtu {'lock ' * learned.lock}{learned.mtu}" if learned.mtu else "",
        f" iif {iif}" if iif else "",
    ]
    yield Line(f"    cache{''.join(cached)}", route)


def exception(netns: Netns, address: Address) -> RouteException:
    """What an ICMP error taught about this one address."""
    return netns.learned.exceptions.get(address, RouteException(address))


def lifetime(learned: RouteException) -> int:
    """In seconds, as it was set: no clock runs here."""
    return (REDIRECT_EXPIRES if learned.gateway else MTU_EXPIRES) // SECOND


def source_of(netns: Netns, route: Route, address: Address) -> Address:
    """net/ipv4/devinet.c inet_select_addr: the device's address in the next hop's prefix, else its first, else any."""
    if route.type == "local":
        return address
    if route.src:
        return route.src
    devices = netns.config.devices
    own = devices[route.dev].addresses
    near = (i.address for i in own if (route.via or address) in i.prefix)
    first = (i.address for i in own)
    others = (i.address for d in devices.values() if d.kind != "loopback" for i in d.addresses)
    return next(near, None) or next(first, None) or next(others, ANY)
