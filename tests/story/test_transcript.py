"""A journey as text, at three grains."""

import pytest

from app.story.beats import BeatSpec, EventPattern
from app.story.transcript import GRAINS, transcript
from app.story.view import Grain
from tests.story.tale import FRONT, cluster, told

BEATS = (
    BeatSpec("ask", "pod1 asks.", EventPattern()),
    BeatSpec("rewrite", "node1 rewrites.", EventPattern("Translated"), "it is magic", "it is a rule"),
)
VIEW = told("node1/pod1", f"{FRONT}:80", through=cluster("10.244.1.3", "10.244.2.3"), beats=BEATS).view()


def lines(grain: Grain) -> list[str]:
    return list(transcript(VIEW, grain))


@pytest.mark.parametrize("grain", GRAINS)
def test_every_grain_says_what_was_asked_and_how_it_ended(grain: Grain) -> None:
    told_ = lines(grain)
    assert told_[0] == "A tale: pod/pod1 → svc/web:80 (tcp)"
    assert told_[-1] == VIEW.outcome.sentence


@pytest.mark.parametrize("grain", GRAINS)
def test_a_line_is_one_line(grain: Grain) -> None:
    assert not [line for line in lines(grain) if "\n" in line or line != line.rstrip()]


def test_by_beats_every_beat_and_what_the_guide_says() -> None:
    text = "\n".join(lines("beats"))
    assert "pod1 asks.  [0-" in text
    assert "the guide says: it is magic" in text
    assert "the kernel does: it is a rule" in text


def test_by_hops_one_line_for_each_pass() -> None:
    hops = {step.hop for step in VIEW.steps}
    numbered = [line for line in lines("hops") if line[:4].strip().isdigit()]
    assert len(numbered) == len(hops)


def test_by_steps_every_step_and_every_change() -> None:
    told_ = lines("steps")
    numbered = [line for line in told_ if line[:4].strip().isdigit()]
    assert len(numbered) == len(VIEW.steps)
    endpoint = VIEW.connections[0].translated.dst.partition(":")[0]
    assert any(line.strip() == f"ipv4.dst: {FRONT} → {endpoint}" for line in told_)


def test_the_choice_is_shown_with_its_chances() -> None:
    text = "\n".join(lines("beats"))
    assert text.count("50% ") == 2
    assert text.count(" (chosen)") == 1
