"""Addresses: the same question always has the same one."""

from urllib.parse import parse_qsl

import pytest

from app.web.asked import NoSuchJourney, NotUnderstood, demand, understand


def test_defaults_are_left_out_and_order_does_not_matter() -> None:
    one = understand("service", {"network": "overlay", "backend": "local", "grain": "beats"}.items())
    other = understand("service", {"backend": "local", "network": "overlay", "seed": "0"}.items())
    assert one.query == other.query == "?backend=local&network=overlay"
    assert understand("service", ()).query == ""


def test_the_view_comes_after_the_journey_and_does_not_change_it() -> None:
    asked = understand("service", {"grain": "steps", "seed": "7", "backend": "local"}.items())
    assert asked.query == "?backend=local&seed=7&grain=steps"
    assert asked.journey_query == "?backend=local&seed=7"


def test_what_is_not_understood_is_left_out_and_said() -> None:
    asked = understand(
        "service", {"backend": "nonsense", "color": "red", "seed": "-1", "grain": "atoms"}.items()
    )
    assert asked.query == ""
    assert len(asked.faults) == 4


def test_a_program_is_told_instead() -> None:
    with pytest.raises(NotUnderstood, match="backend is one of"):
        demand("service", {"backend": "nonsense"}.items())


@pytest.mark.parametrize("slug", ["", "nowhere", "../pod", "pod\0", "POD"])
def test_only_journeys_that_are_built_in(slug: str) -> None:
    with pytest.raises(NoSuchJourney):
        understand(slug, ())


def test_breaks_come_after_the_settings_in_the_order_of_the_scenario_each_once() -> None:
    asked = understand(
        "routed",
        [
            ("break", "dead-pod"),
            ("seed", "7"),
            ("break", "no-route"),
            ("fabric", "cloud"),
            ("break", "dead-pod"),
        ],
    )
    assert asked.query == "?break=no-route&break=dead-pod&seed=7"
    assert (asked.faults, asked.scenario.broken) == ((), ("no-route", "dead-pod"))
    assert asked.mended_query == "?seed=7"


def test_a_form_that_breaks_nothing_says_so_with_an_empty_name() -> None:
    asked = understand("routed", [("fabric", "l2"), ("break", "")])
    assert (asked.query, asked.faults) == ("?fabric=l2", ())


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("routed?break=nonsense", "break is one of no-route, "),
        ("routed?break=%00<b>", "not “·<b>”; that is left out."),
        (
            "routed?fabric=l2&break=no-route",
            "“no-route” can be broken only with fabric=cloud; it is left out.",
        ),
        ("pigeon?break=no-route", "break has nothing to name in this journey"),
    ],
)
def test_what_cannot_be_broken_is_left_out_and_said(query: str, says: str) -> None:
    slug, _, given = query.partition("?")
    asked = understand(slug, parse_qsl(given))
    assert says in asked.faults[0]
    assert (len(asked.faults), asked.scenario.broken) == (1, ())
