"""Stations are chosen by the names of events, so those names must exist."""

from typing import get_args

from app.datapath.events import AnyEvent
from app.diagram import stations

EVENTS = {kind.__name__ for kind in get_args(AnyEvent)}


def test_every_event_that_has_a_station_of_its_own_exists() -> None:
    named = stations.ABOVE | stations.FILTERING | stations.SWITCHING
    assert named <= EVENTS, f"no such event: {', '.join(sorted(named - EVENTS))}"
