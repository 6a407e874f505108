"""Any world at all: engine and kernel must agree, on what was found once and on what nobody has thought of yet."""

import pytest

from tests.lab.found import FOUND
from tests.lab.fuzz import Tried, told, tried, worlds

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
SEED, FEW, MANY = 20, 12, 100
"""Of one seed the worlds are always the same, so that a change of the engine alone can make these fail."""


def agrees(result: Tried) -> None:
    assert not result.differences, f"the kernel did something else:\n{told(result)}"


@pytest.mark.parametrize("name", FOUND)
def test_what_fuzzing_found_is_mended(name: str) -> None:
    agrees(tried(FOUND[name]))


@pytest.mark.parametrize("at", range(FEW))
def test_a_few_worlds_that_nobody_thought_of(at: int) -> None:
    agrees(tried(worlds(FEW, SEED)[at]))


@pytest.mark.sweep
@pytest.mark.parametrize("at", range(FEW, MANY))
def test_a_hundred_worlds_that_nobody_thought_of(at: int) -> None:
    agrees(tried(worlds(MANY, SEED)[at]))
