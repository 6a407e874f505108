"""`ip neigh` as iproute2 6.1 prints it (ip/ipneigh.c), oldest entry first: the kernel's order is a seeded hash's."""

from collections.abc import Iterator

from app.kernel.neigh import Neighbour
from app.kernel.netns import Netns
from app.kernel.show.listing import Line
from app.kernel.world import World


def ip_neigh(world: World, netns: Netns) -> Iterator[Line]:
    """`ip neigh`"""
    return (Line(neighbour_line(entry), entry) for entry in netns.learned.neigh.values())


def neighbour_line(entry: Neighbour) -> str:
    mac = f" lladdr {entry.mac}" if entry.valid else ""
    return f"{entry.address} dev {entry.dev}{mac} {entry.state}"
