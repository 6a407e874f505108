"""What the timeline and the picture show of a step."""

import pytest

from app.diagram.scene import scene
from app.simulate import simulate
from app.web.placing import Placer, seen_in
from tests import breakages
from tests.breakages import Breakage


@pytest.mark.parametrize("own", breakages.once(), ids=str)
def test_every_drop_of_a_broken_journey_has_its_octagon_where_it_died(own: Breakage) -> None:
    journey = simulate(own.load())
    steps = journey.view().steps
    placer = Placer(scene(journey.world0, seen_in(steps)), journey.world0)
    placed = [placer.place(step) for step in steps]
    unmarked = [
        step.why
        for step, at in zip(steps, placed, strict=True)
        if step.event == "Dropped" and at.mark != "drop"
    ]
    assert unmarked == [], "a drop that the picture passes over"
    elsewhere = [
        (step.at.netns, at.station.netns)
        for step, at in zip(steps, placed, strict=True)
        if at.mark == "drop" and at.station.netns != step.at.netns
    ]
    assert elsewhere == [], "(where it died, where the picture says so)"
