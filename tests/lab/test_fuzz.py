"""Any world at all: engine and kernel must agree, on what was found once and on what nobody has thought of yet."""

import pytest

from tests.lab.agreement import agrees_with_the_kernel
from tests.lab.found import FOUND
from tests.lab.fuzz import loops, source, world

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
SEED, FEW, MANY = 20, 12, 100
"""Of one seed the worlds are always the same, so that a change of the engine alone can make these fail."""


def agrees(at: int) -> None:
    """A world whose walk has no end is not built."""
    case = world(SEED, at)
    if not loops(case):
        agrees_with_the_kernel(source(case), case)


@pytest.mark.parametrize("name", FOUND)
def test_what_fuzzing_found_is_mended(name: str) -> None:
    agrees_with_the_kernel(name, FOUND[name])


@pytest.mark.parametrize("at", range(FEW))
def test_a_few_worlds_that_nobody_thought_of(at: int) -> None:
    agrees(at)


@pytest.mark.sweep
@pytest.mark.parametrize("at", range(FEW, MANY))
def test_a_hundred_worlds_that_nobody_thought_of(at: int) -> None:
    agrees(at)
