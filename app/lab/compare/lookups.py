"""Route look-ups: what was asked, and which device and gateway the tables answered.

The kernel asks its tables more often than a journey tells: whether an address is its own, where an asker in ARP would be
answered, by which way a sender could be reached.  Every one of its questions is put to our tables, which must give the
same answer, but for those that allow one device only.  And what was computed as a look-up, the kernel must have looked
up; how often, depends on what a socket remembers.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from app.datapath.events import RouteLookedUp, Step
from app.kernel.route import Route
from app.kernel.world import World
from app.lab.compare.rows import Row
from app.lab.job import KernelLookup
from app.wire.addr import Address

FROM_HERE = "ip_route_output_key"
ROUTES = ("unicast", "local", "broadcast")


class Answer(Struct, frozen=True, order=True):
    """`way` is `dev cbr0 via 10.244.1.1`, or what there is instead."""

    netns: str
    dst: Address
    way: str

    @property
    def text(self) -> str:
        return f"{self.dst} {self.way}"


NOWHERE = "unreachable"


def way_of(route: Route | None) -> str:
    if route is None or route.type not in ROUTES:
        return NOWHERE
    return way(route.dev, route.via)


def way(device: str, gateway: Address | None) -> str:
    return f"via {gateway} dev {device}" if gateway else f"dev {device}"


def computed(steps: Iterable[Step]) -> Iterator[Answer]:
    """Without those that found nothing for a packet that starts here, or a route that swallows: the kernel does not say whose."""
    for step in steps:
        event = step.event
        if isinstance(event, RouteLookedUp):
            answer = Answer(step.at, event.dst, way_of(event.route))
            told = event.route is None and event.function != FROM_HERE
            if answer.way != NOWHERE or told:
                yield answer


def recorded(lookups: Iterable[KernelLookup]) -> Iterator[Answer]:
    """Without those that allow one device only: could the sender be reached by the one it came by?"""
    for lookup in lookups:
        if not lookup.oif:
            found = NOWHERE if lookup.error else way(lookup.device, lookup.gateway)
            yield Answer(lookup.netns, lookup.dst, found)


def lookup_rows(world: World, netns: str, ours: Iterable[Answer], theirs: Iterable[Answer]) -> Iterator[Row]:
    """In one namespace, each question once, in the order in which the kernel first asked it."""
    fib = world[netns].config.fib
    asked = dict.fromkeys(answer for answer in theirs if answer.netns == netns)
    for kernel in asked:
        own = Answer(netns, kernel.dst, way_of(fib.lookup(kernel.dst)))
        words = f"{netns}: computed route {own.text}, the kernel's is {kernel.way}"
        yield Row("lookups", netns, own.text, kernel.text, None if own == kernel else words)
    known = {answer.dst for answer in asked}
    for own in dict.fromkeys(answer for answer in ours if answer.netns == netns):
        if own.dst not in known:
            words = f"{netns}: computed a look-up of {own.dst}, the kernel made none"
            yield Row("lookups", netns, own.text, None, words)
