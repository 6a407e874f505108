"""Two sides, measured in turn in one run, and the median of the per-round ratios: the only figure that can be trusted.

A shared machine changes its speed by a factor of two within the hour, so no second is compared with a stored second.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 15

Side = Callable[[], float]


@dataclass(frozen=True)
class Ratio:
    """Product over floor, one value for each round, and the median of either side in its own unit."""

    rounds: list[float]
    product: float
    floor: float

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


def compare(product: Side, floor: Side, rounds: int = ROUNDS) -> Ratio:
    """Both sides once to warm up, then in turn; who goes first alternates."""
    product(), floor()
    pairs = []
    for number in range(rounds):
        if number % 2:
            below = floor()
            above = product()
        else:
            above = product()
            below = floor()
        pairs.append((above, below))
    above_all, below_all = zip(*pairs, strict=True)
    ratios = [above / below for above, below in pairs]
    return Ratio(ratios, statistics.median(above_all), statistics.median(below_all))


def seconds(work: Callable[[], object], times: int = 1) -> Side:
    """A side that runs `work` a number of times and returns the seconds that one run took."""

    def side() -> float:
        start = time.perf_counter()
        for _ in range(times):
            work()
        return (time.perf_counter() - start) / times

    return side


def per(count: int, side: Side) -> Side:
    """The same side for one of `count` things that it does."""
    return lambda: side() / count
