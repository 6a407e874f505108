"""Every reason for a drop has its explanation, and so has every place that drops without one."""

from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import Dropped, Step
from app.scenario.load import load
from app.simulate import simulate
from app.story.drops import DROPS, why_dropped


def test_every_reason_is_explained_and_no_other() -> None:
    assert set(DROPS) == set(DropReason)


def test_an_explanation_completes_the_sentence_it_stands_in() -> None:
    for reason, text in DROPS.items():
        assert text[0].islower() and text[-1] not in ".!?", f"{reason}: “… drops it: {text}.”"


def test_no_two_reasons_are_explained_alike() -> None:
    assert len(set(DROPS.values())) == len(DROPS)


def unbridged() -> tuple[Step, Dropped]:
    """A pod that calls itself by its Service, over a port without hairpin: the kernel drops it and gives no reason."""
    steps = simulate(load("service", {"backend": "self"}, breaks=("no-hairpin",))).steps
    return next((step, step.event) for step in steps if isinstance(step.event, Dropped))


def test_a_frame_that_would_go_back_by_its_own_port_is_told_of_the_hairpin() -> None:
    step, dropped = unbridged()
    assert dropped.reason is DropReason.NOT_SPECIFIED
    assert why_dropped(step, dropped).endswith("the port it came in by, where hairpin is off")


def test_a_frame_whose_port_is_down_is_told_of_that_port() -> None:
    step, dropped = unbridged()
    other = replace(dropped, dev="vethyyy")
    assert why_dropped(step, other) == f"{dropped.dev}, the port it has to leave by, is down"


def test_the_outcome_says_why_in_words() -> None:
    step, dropped = unbridged()
    journey = simulate(load("service", {"backend": "self"}, breaks=("no-hairpin",)))
    assert journey.outcome.why == why_dropped(step, dropped)
    assert journey.outcome.why in journey.view().outcome.sentence
