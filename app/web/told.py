"""A journey made ready to be shown: walked, told, placed in its picture, written as list items.  Made once, then kept for a while."""

from collections import OrderedDict
from functools import cached_property

import msgspec

from app.diagram.scene import scene
from app.diagram.shapes import Scene
from app.lab.checked import Badge, badge
from app.simulate import simulate
from app.story.journey import Journey
from app.story.view import JourneyView
from app.web.asked import Asked
from app.web.capsule import owners
from app.web.placing import Placed, Placer, seen_in
from app.web.step_html import StepWriter

KEPT = 32


class Told:
    """Everything that a page, a stream or the API says about one journey.  Each part is computed when first asked for."""

    def __init__(self, asked: Asked) -> None:
        self.slug, self.title = asked.slug, asked.scenario.title
        self.scenario = asked.scenario
        self.href, self.query = f"/j/{asked.slug}", asked.journey_query
        self.journey: Journey = simulate(asked.scenario, asked.seed)

    @cached_property
    def badge(self) -> Badge:
        return badge(self.scenario, self.journey)

    @cached_property
    def view(self) -> JourneyView:
        return self.journey.view()

    @property
    def last(self) -> int:
        return len(self.view.steps) - 1

    @cached_property
    def scene(self) -> Scene:
        return scene(self.journey.world0, seen_in(self.view.steps))

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        placer = Placer(self.scene, self.journey.world0)
        return tuple(placer.place(step) for step in self.view.steps)

    @cached_property
    def writer(self) -> StepWriter:
        return StepWriter(owners(self.journey.world0), self.href, self.query, self.scene.width)

    def items(self) -> list[str]:
        """One `<li>` a step."""
        write = self.writer.item
        return [write(step, at) for step, at in zip(self.view.steps, self.placed, strict=True)]

    @cached_property
    def frames(self) -> tuple[bytes, ...]:
        """Each step as a server-sent event."""
        return tuple(f"id: {seq}\ndata: {item}\n\n".encode() for seq, item in enumerate(self.items()))

    @cached_property
    def json(self) -> bytes:
        return msgspec.json.encode(self.view)


class Shelf:
    """The journeys asked for last, by canonical address.  A journey is a pure function of it, so nothing here can be stale."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept = kept
        self.told: OrderedDict[str, Told] = OrderedDict()

    def take(self, asked: Asked) -> Told:
        key = f"{asked.slug}{asked.journey_query}"
        if key not in self.told:
            self.told[key] = Told(asked)
            if len(self.told) > self.kept:
                self.told.popitem(last=False)
        self.told.move_to_end(key)
        return self.told[key]
