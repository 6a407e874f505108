"""What the kernel has learned: neighbours, forwarding databases, connections, line by line."""

import re
from collections.abc import Iterable, Iterator, Set
from itertools import product

from app.kernel.show import show
from app.kernel.world import World
from app.lab.compare.rows import Row
from app.lab.compare.sightings import OPEN
from app.lab.job import Recording
from app.lab.record import TABLES


def tables_differ(world: World, recording: Recording, ports: Set[int]) -> Iterator[str]:
    return (row.difference for row in table_rows(world, recording, ports) if row.difference)


def table_rows(world: World, recording: Recording, ports: Set[int]) -> Iterator[Row]:
    """Lines of `ip neigh`, `bridge fdb`, `conntrack -L` that both have or only one, timers left out."""
    for netns, command in product(world.netns, TABLES):
        ours = list(dict.fromkeys(lines(show(world, netns, command).text, ports)))
        theirs = list(dict.fromkeys(lines(recording.text(netns, command), ports)))
        for line in ours:
            text = f"{command}: {line}"
            words = None if line in theirs else f"{netns} {command}: computed {line}"
            yield Row("tables", netns, text, text if line in theirs else None, words)
        for line in theirs:
            if line not in ours:
                words = f"{netns} {command}: the kernel has {line}"
                yield Row("tables", netns, None, f"{command}: {line}", words)


def lines(text: str, ports: Set[int]) -> Iterable[str]:
    """Without the seconds left, the references held, the line that counts, and ports of chance."""
    for line in text.splitlines():
        timeless = re.sub(r"^(tcp|udp|icmp)( +\d+) \d+", r"\1\2", line.rstrip())
        timeless = re.sub(r" use=\d+$", "", timeless)
        if timeless and not timeless.startswith("conntrack v"):
            yield re.sub(r"(port|id)=(\d+)", lambda found: known(found[1], int(found[2]), ports), timeless)


def known(word: str, number: int, ports: Set[int]) -> str:
    return f"{word}={number if number in ports else OPEN}"
