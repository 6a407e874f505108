"""A world tried in the kernel as often as it takes to tell a difference from a delay.

A busy machine may keep a process waiting until one of its timers has fired.  A difference is one that is there each time.
"""

from collections.abc import Iterable
from typing import NamedTuple

from app.lab.compare import Closest, closest
from app.lab.job import Command, Recording
from app.lab.record import record
from app.lab.sandbox import LabError
from app.process.programs import Act, Machines

TRIES = 3
THROWS = 16
"""How often the kernel may throw its dice until they fall as a wanted seed says."""


class Trial(NamedTuple):
    """The try with the fewest differences, and how many there were."""

    best: Closest
    recording: Recording
    tries: int


def trial(
    built: Machines,
    walked: Machines,
    acts: tuple[Act, ...],
    changes: Iterable[Command] = (),
    *,
    outputs: bool = False,
    seed: int | None = None,
    tries: int = TRIES,
) -> Trial:
    """`built` is what the sandbox builds and then changes, `walked` the world so changed.  Raises LabError.

    With a `seed` this very throw of the dice is compared; `outputs`: all commands' outputs too.
    """
    commands, best = tuple(changes), None
    for number in range(1, tries + 1):
        found = thrown(built, walked, acts, commands, outputs=outputs, seed=seed)
        if best is None or len(found.best.differences) < len(best.best.differences):
            best = found
        best = best._replace(tries=number)
        if not best.best.differences:
            break
    assert best, "there is at least one try"
    return best


def thrown(
    built: Machines,
    walked: Machines,
    acts: tuple[Act, ...],
    changes: tuple[Command, ...],
    *,
    outputs: bool,
    seed: int | None,
) -> Trial:
    """Again and again, while chance alone keeps the kernel from going the way of `seed`."""
    for _ in range(1 if seed is None else THROWS):
        recording = record(built, acts, changes=changes, outputs=outputs)
        best = closest(walked, acts, recording)
        if best.differences or seed in (None, best.seed):
            return Trial(best, recording, 1)
    raise LabError(f"the dice did not fall as with seed {seed} in {THROWS} throws")
