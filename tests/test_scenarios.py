"""Every built-in scenario, with every combination of its settings, comes true: demo, documentation and test at once."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from app.datapath.events import Step
from app.scenario.assemble import Override, scenario
from app.scenario.load import load, parse, slugs
from app.scenario.model import ExpectedConnection, Scenario
from app.scenario.settings import combinations
from app.simulate import simulate
from app.story.beats import EventPattern
from app.story.connections import Connection
from app.story.journey import Journey
from app.story.view import JourneyView

ORDER = (
    "pod", "intra-node", "routed", "overlay", "service", "egress", "nodeport", "load-balancer", "ingress", "pigeon",
)  # fmt: skip
SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
SCHEMA = Draft202012Validator(msgspec.json.schema(JourneyView))

Choice = tuple[str, dict[str, str]]
CHOICES: list[Choice] = [(slug, chosen) for slug in slugs() for chosen in combinations(load(slug).settings)]


def name(choice: Choice) -> str:
    slug, chosen = choice
    return " ".join([slug, *(f"{setting}={value}" for setting, value in chosen.items())])


@pytest.fixture(scope="module", params=CHOICES, ids=name)
def journey(request: pytest.FixtureRequest) -> Journey:
    slug, chosen = request.param
    return simulate(load(slug, chosen))


def told(journey: Journey) -> Scenario:
    assert isinstance(journey.scenario, Scenario)
    return journey.scenario


def test_the_story_is_whole_and_in_its_order() -> None:
    assert slugs() == ORDER


def test_the_readme_lists_every_scenario_and_every_setting() -> None:
    text = (SCENARIOS / "README.md").read_text(encoding="utf-8")
    for slug in slugs():
        scenario = load(slug)
        assert f"`{slug}`" in text, f"scenarios/README.md does not list {slug}"
        assert scenario.title in text, (
            f"scenarios/README.md calls {slug} by another title than {scenario.title!r}"
        )
        for setting in scenario.settings:
            shown = f"{setting.name}={'|'.join(option.value for option in setting.options)}"
            assert shown in text.replace("\\|", "|"), f"scenarios/README.md does not offer {shown} for {slug}"


def test_every_claim_of_the_outcome_comes_true(journey: Journey) -> None:
    expect, outcome = told(journey).expect, journey.outcome
    assert expect.verdict, "a scenario says how it ends"
    assert outcome.verdict == expect.verdict, f"it ended {outcome}"
    assert expect.reason in (None, outcome.reason), f"it ended {outcome}"
    assert expect.at in (None, outcome.at), f"it ended {outcome}"
    assert expect.by in (None, outcome.by), f"it ended {outcome}"


def test_what_must_be_seen_is_seen_in_this_order(journey: Journey) -> None:
    missing = first_missing(told(journey).expect.sees, journey.steps)
    assert missing is None, f"not seen, or too early: {missing}"


def first_missing(patterns: Sequence[EventPattern], steps: Sequence[Step]) -> EventPattern | None:
    """The first pattern that no step matches after the step that matched the pattern before it."""
    left = iter(steps)
    return next((pattern for pattern in patterns if not any(pattern.matches(step) for step in left)), None)


def test_what_must_not_happen_does_not(journey: Journey) -> None:
    for pattern in told(journey).expect.never:
        guilty = next((step for step in journey.steps if pattern.matches(step)), None)
        assert guilty is None, f"step {guilty.seq} is {pattern}" if guilty else ""


def test_every_connection_has_the_ends_it_should(journey: Journey) -> None:
    expected = told(journey).expect.connections
    found = journey.connections
    assert len(found) == len(expected), f"{len(found)} connections, expected {len(expected)}"
    for connection, wanted in zip(found, expected, strict=True):
        assert fits(connection, wanted), f"{connection} is not {wanted}"


def fits(found: Connection, wanted: ExpectedConnection) -> bool:
    ends = (found.src, found.dst, found.translated_src, found.translated_dst)
    globs = (wanted.src, wanted.dst, wanted.translated_src, wanted.translated_dst)
    same = all(fnmatchcase(end, glob) for end, glob in zip(ends, globs, strict=True))
    return same and (found.dnat, found.masqueraded) == (wanted.dnat, wanted.masqueraded)


def test_every_beat_is_found_and_the_beats_cover_the_journey(journey: Journey) -> None:
    beats = journey.beats
    assert len(beats) >= 3, "a story has a beginning, a middle and an end"
    assert [beat.spec.id for beat in beats] == [spec.id for spec in told(journey).beats]
    assert beats[0].first == 0
    assert beats[-1].last == journey.steps[-1].seq
    assert all(one.last + 1 == next_.first for one, next_ in pairwise(beats))


def test_the_published_document_fits_its_schema(journey: Journey) -> None:
    document = msgspec.json.decode(msgspec.json.encode(journey.view()))
    faults = [f"{fault.json_path}: {fault.message}" for fault in SCHEMA.iter_errors(document)]
    assert not faults, "\n".join(faults[:5])
    assert document["outcome"]["verdict"] == journey.outcome.verdict


def elsewhere(slug: str, settings: dict[str, str], **probe: str) -> Journey:
    return simulate(load(slug, settings, Override(probe.get("from_"), probe.get("to"))))


def test_what_the_beats_say_would_have_happened_would_have() -> None:
    """A sentence on the screen may speak of another journey than this one; then that one is walked here."""
    from_the_node = elsewhere("egress", {"masquerade": "off"}, from_="node/node1")
    assert from_the_node.outcome.verdict == "delivered", (
        "the same request from the node itself would have worked"
    )
    next_node = elsewhere("nodeport", {"policy": "Local"}, to="198.51.100.12:30080")
    assert next_node.outcome.verdict == "delivered", "node2 would have answered"


def test_with_the_policy_local_an_ingress_controller_learns_who_called() -> None:
    text = (SCENARIOS / "09-ingress.yaml").read_text(encoding="utf-8")
    local = text.replace("externalTrafficPolicy: Cluster", "externalTrafficPolicy: Local")
    journey = simulate(scenario(parse(local.encode(), "09-ingress.yaml", "ingress")))
    forwarded = EventPattern(
        "MessageRead", "node2/pod4", None, (("http.headers", "{'X-Forwarded-For': '203.0.113.50'}"),)
    )
    assert any(forwarded.matches(step) for step in journey.steps)


@pytest.mark.parametrize("seed", range(1, 9))
def test_chance_picks_either_pod_and_the_claims_hold_for_both(seed: int) -> None:
    scenario = load("service", {"backend": "web"})
    journey = simulate(scenario, seed)
    assert journey.outcome.verdict == "delivered"
    assert first_missing(scenario.expect.sees, journey.steps) is None
    assert [(end.endpoint, end.probability) for end in journey.connections[0].candidates] == [
        ("10.244.1.3:8080", 0.5),
        ("10.244.2.3:8080", 0.5),
    ]


def test_chance_is_not_always_the_same() -> None:
    scenario = load("service", {"backend": "web"})
    reached = {simulate(scenario, seed).connections[0].endpoint for seed in range(9)}
    assert reached == {"10.244.1.3:8080", "10.244.2.3:8080"}
