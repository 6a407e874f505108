"""The record of what agreed with the kernel is kept honest: it holds every journey, each as it is computed now."""

import re

import pytest
from msgspec.structs import replace

from app.datapath.events import Received
from app.lab.checked import Badge, badge, checked, fingerprint, fingerprint_of, write
from app.lab.compare import until_looped
from app.lab.compare.rows import Row
from app.lab.everything import every_journey
from app.lab.finding import Finding, asked_of
from app.process.programs import Probe
from app.scenario.assemble import Override
from app.scenario.faults import ScenarioError
from app.scenario.load import load
from app.scenario.model import Scenario
from app.simulate import machines_of, simulate

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


def shown(scenario: Scenario, seed: int = 0) -> Badge:
    return badge(scenario, simulate(scenario, seed))


def test_a_badge_names_the_kernel_and_the_command_that_does_it_again() -> None:
    found = shown(load("service", {"backend": "none"}))
    assert found.command == "packet-journeys lab service --set backend=none"
    assert (found.linux, found.date, found.why) == (checked().linux, checked().date, None)


def test_another_throw_of_the_dice_was_not_checked_and_that_is_said() -> None:
    found = shown(load("service"), seed=7)
    assert found.linux is None
    assert found.why == "the kernel throws its own dice; seed 0 was checked"


def test_somebodys_own_probe_was_not_checked() -> None:
    found = shown(load("routed", override=Override(to="pod/pod3:8080")))
    assert found.linux is None
    assert found.command == "packet-journeys lab routed --from pod/pod1 --to pod/pod3:8080 --protocol tcp"


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


def test_a_journey_that_is_computed_otherwise_since_loses_its_badge() -> None:
    scenario = load("routed")
    journey = simulate(scenario)
    journey.steps.pop()
    while not isinstance(journey.steps[-1].event, Received):
        journey.steps.pop()
    journey.steps.pop()
    assert badge(scenario, journey).why == "it is computed otherwise since"


def test_what_differs_or_was_not_seen_whole_is_not_noted() -> None:
    asked = asked_of(load("pod"))
    row = Row("frames", "node1", "a", None, "node1: a, computed alone")
    for finding in (
        Finding(asked, "6.18.1", "differs", rows=(row,)),
        Finding(asked, "6.18.1", "passed", unseen=("only root may ask",)),
    ):
        with pytest.raises(ScenarioError, match=r"--record: pod: (node1: a|only root)"):
            list(write([finding]))
