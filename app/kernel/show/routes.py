"""`ip route …` as iproute2 6.1 prints it (ip/iproute.c), `route -n` as net-tools 2.10 does."""

from collections.abc import Iterable, Iterator

from app.kernel.carrier import carrier
from app.kernel.netns import IP_FORWARD, Netns
from app.kernel.route import Route
from app.kernel.show.listing import Line, no_such_device
from app.kernel.world import World
from app.wire.addr import ANY, DEFAULT, LOOPBACK, MASKS, Address, text

WITHOUT_DEVICE = ("blackhole", "unreachable", "prohibit")
REFUSALS = {
    "blackhole": "Invalid argument",
    "unreachable": "No route to host",
    "prohibit": "Permission denied",
}


def ip_route(world: World, netns: Netns) -> Iterator[Line]:
    """`ip route`, that is `ip route show table main`"""
    return (Line(route_line(world, netns, route), route) for route in in_order(netns.config.fib.main))


def ip_route_local(world: World, netns: Netns) -> Iterator[Line]:
    """`ip route show table local`"""
    return (Line(route_line(world, netns, route), route) for route in in_order(netns.config.fib.local))


def in_order(routes: Iterable[Route]) -> list[Route]:
    """As the trie is walked (net/ipv4/fib_trie.c): by address, of equal ones the longest prefix first."""
    return sorted(routes, key=lambda route: (route.prefix.network, -route.prefix.length))


def route_line(world: World, netns: Netns, route: Route) -> str:
    attached = route.type not in WITHOUT_DEVICE
    whole = str(route.prefix) if route.prefix.length < 32 else route.prefix.address
    parts = [
        "" if route.type == "unicast" else route.type,
        "default" if route.prefix == DEFAULT else whole,
        f"via {route.via}" if route.via else "",
        f"dev {route.dev}" if attached else "",
        "" if route.proto == "boot" else f"proto {route.proto}",
        "" if route.scope == "global" else f"scope {route.scope}",
        f"src {route.src}" if route.src else "",
        "linkdown" if is_down(world, netns, route) else "",
        "onlink" if route.onlink else "",
    ]
    return " ".join(filter(None, parts))


def is_down(world: World, netns: Netns, route: Route) -> bool:
    device = netns.config.devices.get(route.dev)
    return device is not None and route.type != "local" and not carrier(world, netns, device)


def route_n(world: World, netns: Netns) -> Iterator[Line]:
    """`route -n`: the older view, which knows neither `onlink` nor preferred sources"""
    yield Line("Kernel IP routing table")
    yield Line("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface")
    for route in in_order(netns.config.fib.main):
        mask = text(MASKS[route.prefix.length])
        refused = route.type in ("unreachable", "prohibit")
        usable = "U" + ("G" if route.via else "") + ("H" if route.prefix.length == 32 else "")
        gateway = "-" if refused else route.via or ANY
        device = "-" if refused else "*" if route.type == "blackhole" else route.dev
        fields = f"{route.prefix.address:<15} {gateway:<15} {mask:<15} {'!' if refused else usable:<5}"
        yield Line(f"{fields} 0      {'-' if refused else '0'}        0 {device}", route)


def ip_route_get(
    world: World, netns: Netns, address: Address, source: Address | None = None, iif: str | None = None
) -> Iterator[Line]:
    """`ip route get ADDRESS [from OWN]`, for the machine's own packets; `… from SOURCE iif DEV` for those it forwards"""
    route = netns.config.fib.lookup(address)
    local = route is not None and route.type == "local"
    if iif and iif not in netns.config.devices:
        yield no_such_device(iif)
    elif source and not iif and not is_local(netns, source):
        yield Line("RTNETLINK answers: Network is unreachable")
    elif iif and not local and not netns.config.on(IP_FORWARD):
        yield Line("RTNETLINK answers: No route to host")
    elif iif and address in LOOPBACK:
        yield Line("RTNETLINK answers: Invalid argument")
    elif route is None:
        yield Line("RTNETLINK answers: Network is unreachable")
    elif route.type in REFUSALS:
        yield Line(f"RTNETLINK answers: {REFUSALS[route.type]}", route)
    else:
        yield from answer(netns, route, address, source, iif)


def is_local(netns: Netns, address: Address) -> bool:
    route = netns.config.fib.lookup(address)
    return route is not None and route.type == "local"


def answer(
    netns: Netns, route: Route, address: Address, source: Address | None, iif: str | None
) -> Iterator[Line]:
    parts = [
        "" if route.type == "unicast" else route.type,
        address,
        f"from {source}" if source else "",
        f"via {route.via}" if route.via else "",
        f"dev {'lo' if route.type == 'local' or (iif and route.type == 'broadcast') else route.dev}",
        "" if source else f"src {source_of(netns, route, address)}",
        "" if iif else "uid 0",
    ]
    yield Line(" ".join(filter(None, parts)), route)
    flag = {"local": " <local>", "broadcast": " <local,brd>"}.get(route.type, "")
    if iif and route.type == "unicast" and redirects(netns, route, source, iif):
        flag = " <redirect>"
    yield Line(f"    cache{flag}{f' iif {iif}' if iif else ''}", route)


def redirects(netns: Netns, route: Route, source: Address | None, iif: str) -> bool:
    """net/ipv4/route.c __mkroute_input: it goes out where it came in, and the sender is on-link there."""
    back = netns.config.fib.lookup(source) if source else None
    return route.dev == iif and back is not None and back.dev == iif and back.via is None


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
