"""What the kernel has learned: neighbours, forwarding databases, connections, line by line."""

import re
from collections.abc import Iterable, Iterator, Set

from app.kernel.show import show
from app.kernel.world import World
from app.lab.compare.sightings import OPEN
from app.lab.job import Recording
from app.lab.record import TABLES


def tables_differ(world: World, recording: Recording, ports: Set[int]) -> Iterator[str]:
    """Lines of `ip neigh`, `bridge fdb`, `conntrack -L` that one side has and the other not, timers left out."""
    for netns in world.netns:
        for command in TABLES:
            ours = set(lines(show(world, netns, command).text, ports))
            theirs = set(lines(recording.text(netns, command), ports))
            yield from (f"{netns} {command}: computed {line}" for line in ours - theirs)
            yield from (f"{netns} {command}: the kernel has {line}" for line in theirs - ours)


def lines(text: str, ports: Set[int]) -> Iterable[str]:
    """Without the seconds left, the references held, the line that counts, and ports of chance."""
    for line in text.splitlines():
        timeless = re.sub(r"^(tcp|udp|icmp)( +\d+) \d+", r"\1\2", line.rstrip())
        timeless = re.sub(r" use=\d+$", "", timeless)
        if timeless and not timeless.startswith("conntrack v"):
            yield re.sub(r"(port|id)=(\d+)", lambda found: known(found[1], int(found[2]), ports), timeless)


def known(word: str, number: int, ports: Set[int]) -> str:
    return f"{word}={number if number in ports else OPEN}"
