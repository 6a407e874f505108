"""Every built-in scenario, whole and broken in every way it knows, told step by step as it was told yesterday.

A difference is a question to whoever reads the change: is this what was meant?  If it is, `UPDATE_GOLDEN=1 pytest tests/golden`
(or `make goldens`) writes the new text; a build server never does.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.scenario.load import load, slugs
from app.scenario.model import Scenario
from app.simulate import simulate
from app.story.transcript import transcript
from tests import breakages

HERE = Path(__file__).parent
BROKEN = {f"{own.slug}.{own.name}": own for own in breakages.once()}
NAMES = (*slugs(), *BROKEN)


def may_update(environment: Mapping[str, str]) -> bool:
    """Is a rewrite asked for?  Raises RuntimeError on a build server, where a golden file that writes itself proves nothing."""
    asked = environment.get("UPDATE_GOLDEN") == "1"
    if asked and environment.get("CI") == "true":
        raise RuntimeError(
            "golden files are not updated where CI=true: update them at home and look at the difference"
        )
    return asked


def difference(golden: str, told: str, shown: int = 40) -> str:
    """The first lines that differ, in the manner of `diff -u`."""
    lines = difflib.unified_diff(
        golden.splitlines(), told.splitlines(), "golden", "told now", lineterm="", n=1
    )
    found = list(lines)
    more = f"\n… and {len(found) - shown} more lines" if len(found) > shown else ""
    return "\n".join(found[:shown]) + more


def scenario(name: str) -> Scenario:
    return BROKEN[name].load() if name in BROKEN else load(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_journey_is_told_as_before(name: str) -> None:
    told = "\n".join(transcript(simulate(scenario(name)).view(), "steps")) + "\n"
    golden = HERE / f"{name}.txt"
    if may_update(os.environ):
        golden.write_text(told, encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: UPDATE_GOLDEN=1 writes it"
    before = golden.read_text(encoding="utf-8")
    assert told == before, f"{name} is told in other words:\n{difference(before, told)}"


def test_every_golden_file_has_its_scenario() -> None:
    assert {path.stem for path in HERE.glob("*.txt")} == set(NAMES)


@pytest.mark.parametrize(
    ("environment", "asked"),
    [({}, False), ({"UPDATE_GOLDEN": "1"}, True), ({"UPDATE_GOLDEN": "0"}, False), ({"CI": "true"}, False)],
)
def test_an_update_must_be_asked_for(environment: dict[str, str], asked: bool) -> None:
    assert may_update(environment) is asked


def test_a_build_server_never_updates() -> None:
    with pytest.raises(RuntimeError, match="CI=true"):
        may_update({"UPDATE_GOLDEN": "1", "CI": "true"})


def test_a_difference_is_shown_in_a_few_lines() -> None:
    shown = difference("a\nb\nc\n", "a\nB\nc\n")
    assert "-b" in shown and "+B" in shown
    long = difference("\n".join("abcdefgh" * 20), "\n".join("ABCDEFGH" * 20))
    assert long.count("\n") <= 41 and "more lines" in long
