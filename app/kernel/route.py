"""The FIB: routes by prefix length, the local table before the main one (net/ipv4/fib_trie.c, `ip rule`: 0 local, 32766 main)."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from app.kernel.device import Device
from app.kernel.origin import KERNEL, Origin
from app.wire.addr import LOOPBACK, MASKS, Address, Prefix, number

RouteType: TypeAlias = Literal["unicast", "local", "broadcast", "blackhole", "unreachable", "prohibit"]
Scope: TypeAlias = Literal["global", "link", "host"]


class Route(Struct, frozen=True):
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
    """Routes in order of writing, and a dict for each prefix length, longest first."""

    __slots__ = ("_by_length", "routes")

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self.routes = tuple(routes)
        by_length: dict[int, dict[int, Route]] = {}
        for route in self.routes:
            by_length.setdefault(route.prefix.length, {}).setdefault(route.prefix.network, route)
        self._by_length = tuple((MASKS[n], by_length[n]) for n in sorted(by_length, reverse=True))

    def lookup(self, address: Address) -> Route | None:
        """The longest prefix that holds the address."""
        value = number(address)
        for mask, routes in self._by_length:
            if found := routes.get(value & mask):
                return found
        return None

    def candidates(self, address: Address) -> tuple[Route, ...]:
        """Every route whose prefix holds the address, the longest first."""
        value = number(address)
        return tuple(found for mask, routes in self._by_length if (found := routes.get(value & mask)))

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RouteTable) and self.routes == other.routes

    __hash__ = None  # type: ignore[assignment]


class Fib(Struct, frozen=True):
    """The two tables every machine has."""

    local: RouteTable
    main: RouteTable

    def lookup(self, address: Address) -> Route | None:
        return self.local.lookup(address) or self.main.lookup(address)

    def is_local(self, address: Address) -> bool:
        """What `-m addrtype --dst-type LOCAL` asks: does the local table answer with type local?"""
        found = self.local.lookup(address)
        return found is not None and found.type == "local"


def fib_of(devices: Iterable[Device], routes: Iterable[Route]) -> Fib:
    """The tables after these devices came up with their addresses and these routes were added."""
    local: list[Route] = []
    connected: list[Route] = []
    for device in devices:
        for interface in device.addresses:
            address = interface.address
            host = Prefix(number(address), 32)
            local.append(
                Route(host, device.name, "local", src=address, scope="host", proto="kernel", table="local")
            )
            if device.kind == "loopback":
                local.append(
                    Route(
                        LOOPBACK,
                        device.name,
                        "local",
                        src=address,
                        scope="host",
                        proto="kernel",
                        table="local",
                    )
                )
            elif interface.length < 32:
                connected.append(
                    Route(interface.prefix, device.name, src=address, scope="link", proto="kernel")
                )
                last = Prefix(number(interface.prefix.last), 32)
                local.append(
                    Route(
                        last,
                        device.name,
                        "broadcast",
                        src=address,
                        scope="link",
                        proto="kernel",
                        table="local",
                    )
                )
    return Fib(RouteTable(local), RouteTable((*connected, *routes)))
