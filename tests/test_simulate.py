"""The product in ten lines: scenario, cluster, world, walk, journey."""

import gc
from functools import partial

import pytest
from msgspec.structs import replace

from app.controlplane.compile import compile_machines
from app.datapath.events import ProbeEnded
from app.datapath.walk import STEP_LIMIT
from app.process.programs import Probe
from app.scenario.load import load, slugs
from app.simulate import simulate, walk
from tests.journeys import perform, probe
from tests.worlds import machines, on_one_bridge


@pytest.mark.parametrize("slug", slugs())
def test_a_journey_is_a_pure_function_of_its_scenario_and_seed(slug: str) -> None:
    once, again = simulate(load(slug), seed=3), simulate(load(slug), seed=3)
    assert once.steps == again.steps
    assert once.view() == again.view()


def test_chance_is_an_input() -> None:
    """Masqueraded ports are random: another seed, another port; all the rest may stay."""
    seeds = [simulate(load("nodeport"), seed).connections[0].translated_src for seed in (0, 1)]
    assert seeds[0] != seeds[1]


def test_it_starts_from_the_compiled_world() -> None:
    scenario = load("intra-node")
    journey = simulate(scenario)
    assert journey.world0 == compile_machines(scenario.cluster, scenario.infra).world
    assert not journey.looped


def test_acts_follow_one_another_in_the_world_that_the_one_before_left() -> None:
    warm = perform(
        machines(on_one_bridge()),
        probe("node1/pod1", "10.244.1.3:8080"),
        probe("node1/pod1", "10.244.1.3:8080", sport=40002),
    )
    ends = [step.seq for step in warm.steps if isinstance(step.event, ProbeEnded)]
    assert len(ends) == 2
    assert all(step.event.skb is None or not step.event.skb.is_arp for step in warm.steps[ends[0] :]), (
        "the second one asks nobody"
    )


def test_without_an_act_nothing_happens() -> None:
    assert list(walk(machines(on_one_bridge()), (), 0)) == []


def test_steps_come_as_they_are_made() -> None:
    """A stream need not wait for the end of a walk."""
    steps = walk(machines(on_one_bridge()), (probe("node1/pod1", "10.244.1.3:8080"),), 0)
    first = next(steps)
    assert first.seq == 0
    assert next(steps).seq == 1


def test_a_walk_of_more_steps_than_any_honest_journey_is_ended_and_that_is_its_outcome() -> None:
    scenario = load("intra-node")
    (asked,) = scenario.acts
    assert isinstance(asked, Probe)
    again = tuple(replace(asked, sport=40001 + n) for n in range(STEP_LIMIT // 50))
    journey = simulate(replace(scenario, acts=again))
    assert (len(journey.steps), journey.outcome.verdict) == (STEP_LIMIT, "looped")


def test_a_walk_leaves_nothing_for_the_collector() -> None:
    """Values all the way down: no cycles, so memory goes back when a journey does."""
    make = partial(simulate, load("intra-node"))
    make()
    gc.collect()
    before = len(gc.get_objects())
    make()
    gc.collect()
    assert len(gc.get_objects()) - before < 500
