"""Where in the picture each step of a journey is: its station, the way it came, and how its capsule rests there."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from app.diagram.paths import Ways, svg
from app.diagram.shapes import Scene, Station
from app.diagram.stations import station
from app.kernel.world import World
from app.story.view import StepView

Mark: TypeAlias = Literal["", "nat", "encap", "decap", "drop", "ask", "learn"]

MARKS: dict[str, Mark] = {
    "Translated": "nat", "Encapsulated": "encap", "Decapsulated": "decap", "ArpAsked": "ask", "NeighUpdated": "learn",
}  # fmt: skip
QUIET = "OTHERHOST"
"""The end of a copy that was meant for somebody else: it fades, and leaves no tombstone."""


class Placed(Struct, frozen=True):
    """`way` is path data from where this packet was before, "" if it stays; `mark` what the timeline shows of the step."""

    station: Station
    way: str
    mark: Mark
    ends: bool


def seen_in(steps: Sequence[StepView]) -> frozenset[str]:
    """Ids that a picture of this journey must have: namespaces, devices, and the processes of namespaces."""
    devices = {step.at.device for step in steps if step.at.device}
    above = {
        f"{step.at.netns}#process"
        for step in steps
        if step.event in ("SocketFound", "MessageRead", "ProbeEnded")
    }
    return frozenset(devices | above | {step.at.netns for step in steps})


class Placer:
    """Follows every packet through the picture; clones begin where their original is."""

    def __init__(self, scene: Scene, world: World) -> None:
        self.scene, self.world = scene, world
        self.ways = Ways(scene)
        self.paths: dict[tuple[str, str], str] = {}
        self.last: dict[int, str] = {}
        self.before = next(iter(scene.stations), "")

    def place(self, step: StepView) -> Placed:
        came_from = self.last.get(step.skb) if step.skb is not None else None
        if came_from is None and step.clone_of is not None:
            came_from = self.last.get(step.clone_of)
        here = self.station_of(step, came_from)
        if step.skb is not None:
            self.last[step.skb] = here
        self.before = here
        way = self.path(came_from, here) if came_from and came_from != here else ""
        ends = step.event in ("Dropped", "ArpIgnored", "IcmpIgnored")
        return Placed(self.scene.stations[here], way, self.mark_of(step), ends)

    def station_of(self, step: StepView, came_from: str | None) -> str:
        """A drop is shown where the packet was: its reason, not another place, is the news."""
        if step.event == "Dropped" and came_from and self.scene.stations[came_from].netns == step.at.netns:
            return came_from
        found = station(self.scene, step.event, step.at.netns, step.at.device, self.master_of(step))
        return found or came_from or self.before

    def master_of(self, step: StepView) -> str | None:
        """The id of the bridge that the step's device is a port of."""
        if step.at.device is None:
            return None
        name = step.at.device.removeprefix(f"{step.at.netns}/")
        device = self.world[step.at.netns].config.devices.get(name)
        return f"{step.at.netns}/{device.master}" if device and device.master else None

    def path(self, a: str, b: str) -> str:
        if (a, b) not in self.paths:
            self.paths[a, b] = svg(self.ways.way(a, b))
        return self.paths[a, b]

    @staticmethod
    def mark_of(step: StepView) -> Mark:
        if step.event == "Dropped":
            return "" if step.evidence.get("reason") == QUIET else "drop"
        return MARKS.get(step.event, "")
