"""Beats: found by what happened, never by step number."""

import pytest

from app.datapath.events import Step
from app.story.beats import BeatNotFound, BeatSpec, EventPattern, find_beats
from tests.journeys import send
from tests.story.tale import told
from tests.worlds import on_one_bridge

STEPS = send(on_one_bridge(), "node1/pod1", "10.244.1.3:8080").steps
ASKED = EventPattern("ArpAsked")
SYN_ACK = EventPattern("Received", packet=(("tcp.flags", "SYN+ACK"),))


def beat(id: str, on: EventPattern) -> BeatSpec:
    return BeatSpec(id, f"The {id}.", on)


def matching(**fields: object) -> list[Step]:
    pattern = EventPattern(**fields)  # type: ignore[arg-type]
    return [step for step in STEPS if pattern.matches(step)]


def test_an_empty_pattern_matches_every_step() -> None:
    assert matching() == STEPS


def test_an_event_is_named_by_its_class() -> None:
    assert {type(step.event).__name__ for step in matching(event="Transmitted")} == {"Transmitted"}
    assert not matching(event="Encapsulated")


@pytest.mark.parametrize(
    ("at", "places"),
    [
        ("node1/pod2", {"node1/pod2"}),
        ("node1/pod2/eth0", {"node1/pod2"}),
        ("node1/veth*", {"node1"}),
        ("*/eth0", {"node1/pod1", "node1/pod2", "node1/pod5"}),
        ("node1/pod?", {"node1/pod1", "node1/pod2", "node1/pod5"}),
        ("node2", set()),
    ],
)
def test_a_place_is_a_netns_or_a_device_or_a_glob_over_either(at: str, places: set[str]) -> None:
    assert {step.at for step in matching(event="Received", at=at) or matching(at=at)} == places


def test_a_function_is_the_kernels() -> None:
    assert {type(step.event).__name__ for step in matching(function="neigh_update")} == {"NeighUpdated"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arp.op", "request"),
        ("tcp.flags", "SYN"),
        ("ipv4.dst", "10.244.1.3"),
        ("ipv4.df", "true"),
        ("ipv4.ttl", "64"),
        ("http.status", "200"),
    ],
)
def test_a_field_of_the_packet_is_compared_as_text(field: str, value: str) -> None:
    assert matching(packet=((field, value),))
    assert not matching(packet=((field, "something else"),))


def test_every_part_of_a_pattern_must_fit() -> None:
    assert not matching(event="ArpAsked", packet=(("tcp.flags", "SYN"),))


def test_beats_follow_each_other_and_cover_the_journey() -> None:
    first, second, third = find_beats(
        [beat("start", EventPattern()), beat("question", ASKED), beat("answer", SYN_ACK)], STEPS
    )
    assert first.first == 0, "the first beat begins at the beginning"
    assert (first.last + 1, second.last + 1) == (second.first, third.first)
    assert third.last == STEPS[-1].seq
    assert type(STEPS[second.first].event).__name__ == "ArpAsked"


def test_the_first_beat_begins_at_step_0_wherever_it_matches() -> None:
    (only,) = find_beats([beat("answer", SYN_ACK)], STEPS)
    assert (only.first, only.last) == (0, len(STEPS) - 1)


def test_a_beat_is_looked_for_after_the_one_before_it() -> None:
    """The same pattern twice finds two steps."""
    twice = [beat("one", EventPattern("Received")), beat("two", EventPattern("Received"))]
    one, two = find_beats(twice, STEPS)
    assert two.first > one.first


def test_two_beats_may_begin_at_neighbouring_steps() -> None:
    held, asked = find_beats([beat("held", EventPattern("NeighHeld")), beat("asked", ASKED)], STEPS)
    assert type(STEPS[asked.first - 1].event).__name__ == "NeighHeld"
    assert held.last == asked.first - 1


def test_a_beat_that_never_comes_is_named() -> None:
    with pytest.raises(BeatNotFound, match="'tunnel'") as caught:
        find_beats([beat("question", ASKED), beat("tunnel", EventPattern("Encapsulated"))], STEPS)
    assert caught.value.spec.id == "tunnel"


def test_a_beat_that_comes_too_early_is_not_found() -> None:
    with pytest.raises(BeatNotFound):
        find_beats([beat("answer", SYN_ACK), beat("question", ASKED)], STEPS)


def test_a_journey_without_beats_is_told_by_its_own_moves() -> None:
    journey = told("node1/pod1", "10.244.1.3:8080")
    assert journey.beats[0].first == 0
    assert journey.beats[-1].last == len(journey.steps) - 1
    assert all(found.spec.text for found in journey.beats)
    assert any("who has" in found.spec.text for found in journey.beats)
