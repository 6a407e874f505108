"""`ip route add|change|replace|del`  (net/ipv4/fib_semantics.c: fib_create_info, fib_trie.c: fib_table_insert)."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, cast

from app.kernel.change.command import CommandRefused, UnknownCommand, device_of, options
from app.kernel.netns import Netns
from app.kernel.route import Fib, Route, RouteTable, RouteType, Scope
from app.kernel.world import World
from app.wire.addr import DEFAULT, Address, Prefix

TYPES = ("unicast", "blackhole", "unreachable", "prohibit")
VALUED = ("via", "dev", "src", "proto", "scope")
BAD_GATEWAY = "Error: Nexthop has invalid gateway."

Proto = Literal["kernel", "static", "boot"]


class RouteAsked(NamedTuple):
    """`[TYPE] PREFIX [via A] [dev D] [onlink] [src A] [proto P] [scope S]`; `type` is None where it was not said."""

    type: RouteType | None
    prefix: Prefix
    said: dict[str, str]


def asked_for(words: list[str]) -> RouteAsked:
    kind = cast("RouteType", words[0]) if words[:1] and words[0] in TYPES else None
    text, *rest = words[1:] if kind else words or [""]
    return RouteAsked(kind, prefix(text), options(rest, valued=VALUED, flags=("onlink",)))


def prefix(text: str) -> Prefix:
    if text == "default":
        return DEFAULT
    try:
        return Prefix.parse(text)
    except ValueError as fault:
        if "host bits" in str(fault):
            raise CommandRefused("Error: Invalid prefix for given prefix length.") from fault
        raise CommandRefused(f'Error: any valid prefix is expected rather than "{text}".') from fault


def ip_route_add(world: World, netns: Netns, words: list[str]) -> World:
    """Only where there is no route for this prefix yet."""
    route = made(netns, asked_for(words))
    if any(other.prefix == route.prefix for other in netns.config.fib.main):
        raise CommandRefused("RTNETLINK answers: File exists")
    return world.replace(with_main(netns, (*netns.config.fib.main, route)))


def ip_route_replace(world: World, netns: Netns, words: list[str]) -> World:
    """In the place of the first route for this prefix, or as one more."""
    route = made(netns, asked_for(words))
    if all(other.prefix != route.prefix for other in netns.config.fib.main):
        return world.replace(with_main(netns, (*netns.config.fib.main, route)))
    return world.replace(with_main(netns, in_place(netns, route)))


def ip_route_change(world: World, netns: Netns, words: list[str]) -> World:
    """Only where there is one."""
    route = made(netns, asked_for(words))
    if all(other.prefix != route.prefix for other in netns.config.fib.main):
        raise CommandRefused("RTNETLINK answers: No such file or directory")
    return world.replace(with_main(netns, in_place(netns, route)))


def ip_route_del(world: World, netns: Netns, words: list[str]) -> World:
    """The first route that has the prefix and everything else that was said (fib_table_delete)."""
    asked = asked_for(words)
    if name := asked.said.get("dev"):
        device_of(netns, name)
    routes = netns.config.fib.main.routes
    found = next((route for route in routes if matches(route, asked)), None)
    if found is None:
        raise CommandRefused("RTNETLINK answers: No such process")
    return world.replace(with_main(netns, (route for route in routes if route is not found)))


def matches(route: Route, asked: RouteAsked) -> bool:
    said = (
        ("via", route.via),
        ("dev", route.dev),
        ("src", route.src),
        ("proto", route.proto),
        ("scope", route.scope),
    )
    return (
        route.prefix == asked.prefix
        and asked.type in (None, route.type)
        and all(asked.said.get(option) in (None, value) for option, value in said)
    )


def in_place(netns: Netns, route: Route) -> list[Route]:
    routes = list(netns.config.fib.main)
    first = next(at for at, other in enumerate(routes) if other.prefix == route.prefix)
    routes[first] = route
    return routes


def with_main(netns: Netns, routes: Iterable[Route]) -> Netns:
    return netns.configure(fib=Fib(netns.config.fib.local, RouteTable(routes)))


def made(netns: Netns, asked: RouteAsked) -> Route:
    """The route that was asked for.  Raises CommandRefused where no route may be like this (fib_create_info, fib_check_nh)."""
    via, name, src = asked.said.get("via"), asked.said.get("dev"), asked.said.get("src")
    if name:
        device_of(netns, name)
    proto, kind = cast("Proto", asked.said.get("proto") or "boot"), asked.type or "unicast"
    if proto not in ("kernel", "static", "boot"):
        raise UnknownCommand(f"{proto!r} is none of the writers of routes that are known")
    if kind != "unicast":
        if via or name:
            raise CommandRefused(
                "Error: Gateway, device and multipath can not be specified for this route type."
            )
        return Route(asked.prefix, "", kind, proto=proto)
    dev = way_out(netns, via, name, onlink="onlink" in asked.said)
    if src and not netns.config.fib.is_local(src):
        raise CommandRefused("Error: Invalid prefsrc address.")
    scope = cast("Scope", asked.said.get("scope") or ("global" if via else "link"))
    if via and scope != "global":
        raise CommandRefused(BAD_GATEWAY)
    return Route(asked.prefix, dev, via=via, src=src, onlink="onlink" in asked.said, scope=scope, proto=proto)


def way_out(netns: Netns, via: Address | None, name: str | None, onlink: bool) -> str:
    """The device of the next hop (fib_check_nh_gw, fib_check_nh_nongw)."""
    if via is None:
        if name is None:
            raise CommandRefused("RTNETLINK answers: No such device")
        return checked(netns, name)
    if onlink:
        if name is None:
            raise CommandRefused("Error: Nexthop device required for onlink.")
        return checked(netns, name)
    found = gateway(netns, via, name)
    if found is None or found.type not in ("unicast", "local"):
        raise CommandRefused(BAD_GATEWAY)
    return checked(netns, found.dev)


def gateway(netns: Netns, via: Address, name: str | None) -> Route | None:
    """How the next hop is reached: on-link, so no route with a global scope may lead there."""
    fib = netns.config.fib
    near = (route for table in (fib.local, fib.main) for route in table.candidates(via))
    return next((r for r in near if r.scope != "global" and name in (None, r.dev)), None)


def checked(netns: Netns, name: str) -> str:
    if not netns.config.devices[name].up:
        raise CommandRefused("Error: Device for nexthop is not up.")
    return name
