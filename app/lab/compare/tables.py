"""What the kernel has learned: neighbours, forwarding databases, connections, line by line."""

from collections import Counter
from collections.abc import Iterator, Set
from itertools import product

from app.kernel.show import show
from app.kernel.world import World
from app.lab.compare.open_list import nics_of, settled
from app.lab.compare.rows import Row, same
from app.lab.job import Recording
from app.lab.record import TABLES

HOW_MANY = "conntrack v"
"""Not a line of the table: it counts them."""


def table_rows(world: World, recording: Recording, ports: Set[int]) -> Iterator[Row]:
    """Lines of `ip neigh`, `bridge fdb`, `conntrack -L` that both have or only one, as often as they have them."""
    for netns, command in product(world.netns, TABLES):
        nics = nics_of(world[netns])
        ours, theirs = (
            [
                line
                for line in settled(command, text, nics, ports).splitlines()
                if not line.startswith(HOW_MANY)
            ]
            for text in (show(world, netns, command).text, recording.text(netns, command))
        )
        left = Counter(theirs)
        for line in ours:
            if left[line]:
                left[line] -= 1
                yield same("tables", netns, f"{command}: {line}")
            else:
                yield Row("tables", netns, f"{command}: {line}", None, f"{netns} {command}: computed {line}")
        for line in left.elements():
            yield Row(
                "tables", netns, None, f"{command}: {line}", f"{netns} {command}: the kernel has {line}"
            )
