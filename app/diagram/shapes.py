"""The picture as data: boxes, labels, wires and the stations a packet can be at.  Units are those of the viewBox, y grows downwards."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

Point: TypeAlias = tuple[int, int]
Way: TypeAlias = tuple[Point, ...]
Kind: TypeAlias = Literal[
    "node", "root", "child", "cloud", "host", "balancer", "switch", "bridge", "tooth", "tunnel", "device", "route", "hooks",
    "process",
]  # fmt: skip
Role: TypeAlias = Literal["name", "device", "address", "note"]
Anchor: TypeAlias = Literal["start", "middle", "end"]

SIZES: Mapping[Role, float] = {"name": 19, "device": 18, "address": 18, "note": 17.5}
"""Font sizes at their largest, the projector preset: labels must not touch each other even then."""

GLYPH = {"name": 0.62, "device": 0.602, "address": 0.602, "note": 0.6}
"""Mean advance of a glyph, em; the monospaced ones are exact for DejaVu, Menlo and Liberation."""


class Box(Struct, frozen=True):
    """Left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    @property
    def centre(self) -> Point:
        return self.x + self.w // 2, self.y + self.h // 2

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    def touches(self, other: "Box") -> bool:
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )


class Label(Struct, frozen=True):
    """One line of text; `y` is its baseline."""

    x: int
    y: int
    text: str
    role: Role
    anchor: Anchor = "start"

    @property
    def box(self) -> Box:
        """What it covers at the largest size."""
        size = SIZES[self.role]
        width = round(len(self.text) * size * GLYPH[self.role])
        left = self.x - {"start": 0, "middle": width // 2, "end": width}[self.anchor]
        return Box(left, self.y - round(size * 0.76), width, round(size))


class Shape(Struct, frozen=True):
    """Something with an outline.  `id` is a netns or device id, or one of them with `#route`, `#hooks` or `#process`."""

    id: str
    kind: Kind
    netns: str
    box: Box
    labels: tuple[Label, ...] = ()


class Wire(Struct, frozen=True):
    """A drawn line between two stations; `flight` is how a pigeon would go."""

    a: str
    b: str
    kind: Literal["veth", "cable", "inside", "bar", "flight"]
    way: Way


class Station(Struct, frozen=True):
    """A place a packet can be at: `x`, `y` is the middle of its box, `w` and `h` the box's size.

    `lane` is the height at which its capsule rests beside it without hiding a device; `left` and `right` bound the
    machine it belongs to.
    """

    id: str
    netns: str
    x: int
    y: int
    w: int
    h: int
    lane: int
    left: int
    right: int


class Scene(Struct, frozen=True):
    """The whole picture, in order of drawing."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    wires: tuple[Wire, ...]
    stations: Mapping[str, Station]


class Sheet:
    """A picture in the making: the layout fills it, `scene` freezes it.  `span` bounds the machine that is being drawn."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.wires: list[Wire] = []
        self.stations: dict[str, Station] = {}
        self.span = (0, 0)

    def frame(self, id: str, kind: Kind, box: Box, *labels: Label, netns: str | None = None) -> None:
        """Something a packet can be inside of."""
        self.shapes.append(Shape(id, kind, netns or id, box, labels))

    def put(self, id: str, kind: Kind, netns: str, box: Box, *labels: Label, lane: int) -> None:
        """Something a packet can be at: its station is the middle of the box."""
        self.shapes.append(Shape(id, kind, netns, box, labels))
        self.stations[id] = Station(id, netns, *box.centre, box.w, box.h, lane, *self.span)

    def join(
        self, a: str, b: str, kind: Literal["veth", "cable", "inside", "bar", "flight"], *via: Point
    ) -> None:
        """A wire from the middle of one station to the middle of the other."""
        ends = self.stations[a], self.stations[b]
        self.wires.append(Wire(a, b, kind, ((ends[0].x, ends[0].y), *via, (ends[1].x, ends[1].y))))
