"""`ip route …` as iproute2 6.1 prints it (ip/iproute.c), `route -n` as net-tools 2.10 does."""

from collections.abc import Iterable, Iterator

from app.kernel.carrier import carrier
from app.kernel.netns import Netns
from app.kernel.route import Route
from app.kernel.show.listing import Line
from app.kernel.world import World
from app.wire.addr import ANY, DEFAULT, MASKS, text

WITHOUT_DEVICE = ("blackhole", "unreachable", "prohibit")


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
