"""Ids in words: `node1/web` is "web", `node1/cbr0` stays "cbr0 on node1"."""

from app.kernel.origin import KERNEL, Origin
from app.kernel.route import Route
from app.wire.addr import DEFAULT


def machine(netns: str) -> str:
    """A namespace as a reader calls it."""
    return netns.rpartition("/")[2]


def device(netns: str, dev: str | None) -> str:
    """`eth0 of pod1`"""
    return f"{dev} of {machine(netns)}" if dev else machine(netns)


def who(origin: Origin | None) -> str:
    """The writer of an entry, and for whom."""
    if origin is None or origin == KERNEL:
        return "the kernel itself"
    return f"{origin.component} for {origin.object}" if origin.object else origin.component


def route_words(route: Route) -> str:
    """`10.244.2.0/24 via 192.168.1.1 on eth0, written by …`"""
    prefix = "the default route" if route.prefix == DEFAULT else str(route.prefix)
    via = f" via {route.via}" if route.via else ", on-link"
    writer = "" if route.origin == KERNEL else f" (from {who(route.origin)})"
    return f"{prefix}{via} on {route.dev}{writer}"
