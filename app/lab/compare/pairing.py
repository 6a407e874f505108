"""Which of the things computed is which of the things the kernel did, where the moment of some is open."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Protocol, TypeVar

Pairs = dict[int, int]
"""Which computed thing is which of the kernel's, by their places in the two lists."""


class Happening(Protocol):
    """Things are the same if they are equal, and alike if `place` and `name` are; `firm` ones have their place in the order."""

    @property
    def firm(self) -> bool: ...
    @property
    def place(self) -> str: ...
    @property
    def name(self) -> str: ...


H = TypeVar("H", bound=Happening)


def paired(here: Sequence[H], there: Sequence[H]) -> Iterator[tuple[H | None, H | None]]:
    """Both sides as couples in order, None where a side has nothing, and the very same thing twice where both agree.

    Firm things are the same in the same order, the others whenever they are there, as often as they are.  What only one
    side has is coupled with what is alike.
    """
    firm = in_order(here, there)
    equal = firm | whenever(here, there)
    nearly = like_each_other(
        [n for n in range(len(here)) if n not in equal],
        sorted({*range(len(there))} - {*equal.values()}),
        here,
        there,
    )
    alone = sorted({*range(len(there))} - {*equal.values(), *nearly.values()})
    for n, ours in enumerate(here):
        while alone and n in firm and alone[0] < firm[n]:
            yield None, there[alone.pop(0)]
        if n in nearly:
            yield ours, there[nearly[n]]
        else:
            yield ours, ours if n in equal else None
    yield from ((None, there[n]) for n in alone)


def in_order(here: Sequence[H], there: Sequence[H]) -> Pairs:
    """The firm things that are the same, in the same order."""
    firm_here = [n for n, thing in enumerate(here) if thing.firm]
    firm_there = [n for n, thing in enumerate(there) if thing.firm]
    matcher = SequenceMatcher(
        None, [here[n] for n in firm_here], [there[n] for n in firm_there], autojunk=False
    )
    return {
        firm_here[block.a + n]: firm_there[block.b + n]
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    }


def whenever(here: Sequence[H], there: Sequence[H]) -> Pairs:
    """The things that may come at any moment, each coupled once."""
    left = [n for n, thing in enumerate(there) if not thing.firm]
    pairs: Pairs = {}
    for n, thing in enumerate(here):
        if not thing.firm and (found := next((m for m in left if there[m] == thing), None)) is not None:
            left.remove(found)
            pairs[n] = found
    return pairs


def like_each_other(missing: list[int], extra: list[int], here: Sequence[H], there: Sequence[H]) -> Pairs:
    """Of what only one side has: the same thing at the same place, in another way or at another moment."""
    pairs: Pairs = {}
    for n in missing:
        alike = (m for m in extra if (there[m].place, there[m].name) == (here[n].place, here[n].name))
        if (partner := next(alike, None)) is not None:
            extra.remove(partner)
            pairs[n] = partner
    return pairs
