"""The record of what agreed with the kernel is kept honest: it holds every journey, each as it is computed now."""

import re

import pytest
from msgspec.structs import replace

from app.lab.checked import badge, checked, fingerprint, fingerprint_of
from app.lab.compare import until_looped
from app.lab.everything import every_journey
from app.lab.finding import asked_of
from app.process.programs import Probe
from app.scenario.assemble import Override
from app.scenario.load import load
from app.scenario.model import Scenario
from app.simulate import machines_of

AGAIN = "run `packet-journeys lab --all --record` on a machine whose kernel can hold all of them"
EVERY = {asked_of(scenario).words: scenario for scenario in every_journey()}


@pytest.mark.parametrize("scenario", EVERY.values(), ids=EVERY.keys())
def test_every_journey_is_computed_as_it_was_when_the_kernel_agreed(scenario: Scenario) -> None:
    words = asked_of(scenario).words
    if words in checked().undecided:
        assert checked().undecided[words], f"{words} could not be tried, and the record does not say why"
        return
    assert words in checked().journeys, f"nobody laid {words} beside a kernel: {AGAIN}"
    assert fingerprint_of(scenario) == checked().journeys[words], (
        f"{words} is computed otherwise since: {AGAIN}"
    )


def test_the_record_tells_of_no_journey_that_is_not_there() -> None:
    assert {*checked().journeys, *checked().undecided} == EVERY.keys()


def test_the_record_says_when_and_with_which_kernel() -> None:
    assert re.fullmatch(r"\d+\.\d+", checked().linux)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", checked().date)


def test_a_badge_names_the_kernel_and_the_command_that_does_it_again() -> None:
    shown = badge(load("service", {"backend": "none"}), seed=0)
    assert shown.command == "packet-journeys lab service --set backend=none"
    assert (shown.linux, shown.date, shown.why) == (checked().linux, checked().date, None)


def test_another_throw_of_the_dice_was_not_checked_and_that_is_said() -> None:
    shown = badge(load("service"), seed=7)
    assert shown.linux is None
    assert shown.why == "the kernel throws its own dice; seed 0 was checked"


def test_somebodys_own_probe_was_not_checked() -> None:
    shown = badge(load("routed", override=Override(to="pod/pod3:8080")), seed=0)
    assert shown.linux is None
    assert shown.command == "packet-journeys lab routed --from pod/pod1 --to pod/pod3:8080 --protocol tcp"


def test_another_packet_has_another_fingerprint() -> None:
    scenario = load("routed")
    machines = machines_of(scenario)
    (act,) = scenario.acts
    assert isinstance(act, Probe)
    other = (replace(act, port=9999),)
    prints = {
        fingerprint(machines, acts, list(until_looped(machines, acts, 0))) for acts in (scenario.acts, other)
    }
    assert len(prints) == 2
