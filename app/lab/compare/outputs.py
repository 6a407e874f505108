"""What every command prints in every namespace, before the journey and after it: ours beside the kernel's."""

from collections.abc import Iterator, Mapping, Set
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, TypeAlias

from app.kernel.show import show
from app.kernel.world import World
from app.lab.compare.open_list import nics_of, settled
from app.lab.compare.rows import Row, same
from app.lab.job import NOT_INSTALLED

Moment: TypeAlias = Literal["before", "after"]
Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""What the kernel's commands printed, by namespace and command."""


def output_rows(world: World, texts: Texts, moment: Moment, ports: Set[int] | None = None) -> Iterator[Row]:
    """A row for each command that prints the same, and one for each line where it does not.

    Compared are the commands that are in `texts`; one whose program is not installed is left out.  `ports` are those
    that somebody wrote down: all others are chance.
    """
    for netns, read in texts.items():
        nics = nics_of(world[netns])
        for command, printed in read.items():
            if NOT_INSTALLED not in printed:
                ours = settled(command, show(world, netns, command).text, nics, ports)
                theirs = settled(command, printed, nics, ports)
                yield from rows_of(netns, f"`{command}` {moment}", ours.splitlines(), theirs.splitlines())


def rows_of(netns: str, what: str, ours: list[str], theirs: list[str]) -> Iterator[Row]:
    if ours == theirs:
        yield same("outputs", netns, f"{what}: {len(ours)} lines")
        return
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            for mine, other in zip_longest(ours[a:b], theirs[c:d]):
                words = f"{netns} {what}: computed {quoted(mine)}, kernel {quoted(other)}"
                yield Row("outputs", netns, mine, other, words)


def quoted(line: str | None) -> str:
    return "nothing" if line is None else repr(line)
