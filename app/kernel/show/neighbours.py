"""`ip neigh` as iproute2 6.1 prints it (ip/ipneigh.c), oldest entry first: the kernel's order is a seeded hash's."""

from collections.abc import Iterator

from app.kernel.neigh import Neighbour
from app.kernel.netns import Netns
from app.kernel.show.listing import Line, no_such_device
from app.kernel.world import World


def ip_neigh(world: World, netns: Netns, name: str | None = None) -> Iterator[Line]:
    """`ip neigh [show dev DEV]`; of one device its name goes without saying."""
    if name is not None and name not in netns.config.devices:
        yield no_such_device(name)
    for entry in netns.learned.neigh.values():
        if name in (None, entry.dev):
            yield Line(neighbour_line(entry, with_device=name is None), entry)


def neighbour_line(entry: Neighbour, *, with_device: bool = True) -> str:
    where = f" dev {entry.dev}" if with_device else ""
    mac = f" lladdr {entry.mac}" if entry.valid else ""
    return f"{entry.address}{where}{mac} {entry.state}"
