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

    Firm things are the same in the same order, the others if they are there at all.  What only one side has is coupled
    with what is alike.
    """
    equal = in_order(here, there)
    nearly = like_each_other(
        [n for n in range(len(here)) if n not in equal and not is_seen(here[n], there)],
        [n for n in range(len(there)) if n not in equal.values() and not is_seen(there[n], here)],
        here,
        there,
    )
    coupled = {*equal.values(), *nearly.values()}
    alone = [n for n in range(len(there)) if n not in coupled and not is_seen(there[n], here)]
    for n, ours in enumerate(here):
        while alone and n in equal and alone[0] < equal[n]:
            yield None, there[alone.pop(0)]
        if n in nearly:
            yield ours, there[nearly[n]]
        else:
            yield ours, ours if n in equal or is_seen(ours, there) else None
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


def is_seen(thing: H, others: Sequence[H]) -> bool:
    """What may come at any moment has only to be there, however often."""
    return not thing.firm and thing in others


def like_each_other(missing: list[int], extra: list[int], here: Sequence[H], there: Sequence[H]) -> Pairs:
    """Of what only one side has: the same thing at the same place, in another way or at another moment."""
    pairs: Pairs = {}
    for n in missing:
        alike = (m for m in extra if (there[m].place, there[m].name) == (here[n].place, here[n].name))
        if (partner := next(alike, None)) is not None:
            extra.remove(partner)
            pairs[n] = partner
    return pairs
