"""Routing, forwarding, delivery, and the ICMP messages about them."""

from app.datapath.events.base import Event
from app.kernel.origin import Origin
from app.kernel.route import Fib, Route
from app.kernel.skb import Skb
from app.wire.addr import Address


class RouteLookedUp(Event, frozen=True):
    """The FIB was asked; `route` is the longest prefix that holds `dst`, `fib` the tables it was found in."""

    dst: Address
    route: Route | None
    fib: Fib


class Forwarded(Event, frozen=True):
    """ip_forward let it pass: TTL is one lower."""

    route: Route


class DeliveredLocally(Event, frozen=True):
    """The packet is for this machine and goes up to its transport protocol."""


class IcmpIgnored(Event, frozen=True):
    """An ICMP error about a packet of no socket that is still there; the message ends here, which is no drop."""


class IcmpSent(Event, frozen=True):
    """The kernel wrote an ICMP message: an error about another packet, or an echo reply."""

    about: Skb
    by: Origin | None = None
