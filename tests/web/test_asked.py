"""Addresses: the same question always has the same one."""

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
