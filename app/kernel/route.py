"""The FIB: routes by prefix length, the local table before the main one (net/ipv4/fib_trie.c, `ip rule`: 0 local, 32766 main)."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from app.kernel.device import Device
from app.kernel.origin import KERNEL, Origin
from app.wire.addr import BROADCAST, MASKS, Address, Prefix, number
from app.wire.record import Record

RouteType: TypeAlias = Literal["unicast", "local", "broadcast", "blackhole", "unreachable", "prohibit"]
Scope: TypeAlias = Literal["global", "link", "host"]


class Route(Record, frozen=True):
    """One line of `ip route show table all`.  `src` is the preferred source address of packets that start here."""

    prefix: Prefix
    dev: str
    type: RouteType = "unicast"
    via: Address | None = None
    src: Address | None = None
    onlink: bool = False
    scope: Scope = "global"
    proto: Literal["kernel", "static", "boot"] = "boot"
    table: Literal["main", "local"] = "main"
    origin: Origin = KERNEL


class RouteTable:
    """Routes in order of writing, and a dict for each prefix length, longest first; answers are remembered."""

    __slots__ = ("_answers", "_by_length", "routes")

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self.routes = tuple(routes)
        by_length: dict[int, dict[int, Route]] = {}
        for route in self.routes:
            by_length.setdefault(route.prefix.length, {}).setdefault(route.prefix.network, route)
        self._by_length = tuple((MASKS[n], by_length[n]) for n in sorted(by_length, reverse=True))
        self._answers: dict[Address, Route | None] = {}

    def lookup(self, address: Address) -> Route | None:
        """The longest prefix that holds the address."""
        try:
            return self._answers[address]
        except KeyError:
            found = self._answers[address] = next(iter(self.candidates(address)), None)
            return found

    def candidates(self, address: Address) -> tuple[Route, ...]:
        """Every route whose prefix holds the address, the longest first."""
        value = number(address)
        return tuple(found for mask, routes in self._by_length if (found := routes.get(value & mask)))

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RouteTable) and self.routes == other.routes

    __hash__ = None  # type: ignore[assignment]


class Fib(Record, frozen=True):
    """The two tables every machine has."""

    local: RouteTable
    main: RouteTable

    def lookup(self, address: Address) -> Route | None:
        return self.local.lookup(address) or self.main.lookup(address)

    def is_local(self, address: Address) -> bool:
        """What `-m addrtype --dst-type LOCAL` asks: does the local table answer with type local?"""
        found = self.local.lookup(address)
        return found is not None and found.type == "local"

    def is_broadcast(self, address: Address) -> bool:
        """Everybody on a link, this machine too: 255.255.255.255, or the last address of a network that it is in."""
        found = self.local.lookup(address)
        return address == BROADCAST or (found is not None and found.type == "broadcast")


def fib_of(devices: Iterable[Device], routes: Iterable[Route]) -> Fib:
    """The tables after these devices were made with their addresses, came up or not, and these routes were added."""
    own_routes = [route for device in devices for route in routes_of(device)]
    local = [route for route in own_routes if route.table == "local"]
    connected = [route for route in own_routes if route.table == "main"]
    return Fib(RouteTable(local), RouteTable((*connected, *routes)))


def routes_of(device: Device) -> Iterator[Route]:
    """What a device's addresses bring: that they are local, and, once it is up, who is near (fib_frontend.c: fib_add_ifaddr)."""
    primaries: dict[Prefix, Address] = {}
    for interface in device.addresses:
        prefix, secondary = interface.prefix, interface.prefix in primaries
        src = primaries.setdefault(prefix, interface.address)
        yield own(Prefix(number(interface.address), 32), device, src, "local")
        if interface.length == 32 or secondary or not device.up:
            continue
        yield own(Prefix(number(prefix.last), 32), device, src, "broadcast")
        if device.kind == "loopback":
            yield own(prefix, device, src, "local")
        else:
            yield Route(prefix, device.name, src=src, scope="link", proto="kernel")


def own(prefix: Prefix, device: Device, src: Address, type: Literal["local", "broadcast"]) -> Route:
    """What the kernel adds to the local table for an address (net/ipv4/fib_frontend.c: fib_add_ifaddr)."""
    scope: Scope = "host" if type == "local" else "link"
    return Route(prefix, device.name, type, src=src, scope=scope, proto="kernel", table="local")
