"""What every case is there for: the engine walks it, the real kernel does it, and both tell one story."""

from app.lab.build import typed
from app.lab.trial import Trial, trial
from tests.clusters import Case

TRIES = 5
"""Tests run beside each other, and delay each other."""


def compared(case: Case, tries: int = TRIES, *, outputs: bool = False) -> Trial:
    """Raises LabError where the kernel refuses to be such a world."""
    changes = typed(case.changes)
    return trial(case.whole(), case.machines(), case.probes, changes, outputs=outputs, tries=tries)


def agrees_with_the_kernel(name: str, case: Case, *, outputs: bool = False) -> Trial:
    """`outputs`: what every command prints is compared as well."""
    found = compared(case, outputs=outputs)
    differences = found.best.differences
    assert not differences, "\n".join((f"{name}: the kernel did something else:", *differences))
    return found
