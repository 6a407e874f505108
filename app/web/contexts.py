"""What each template is given: every name a template uses is a field here, and a test compares the two."""

from collections.abc import Sequence
from typing import ClassVar

from markupsafe import Markup
from msgspec import Struct

from app.diagram.shapes import Scene, Station
from app.lab.checked import Badge
from app.story.view import OutcomeView


class Context(Struct, frozen=True, kw_only=True):
    """Base of all; `TEMPLATE` is the file it is for."""

    TEMPLATE: ClassVar[str] = ""


class Card(Struct, frozen=True):
    """A journey in the gallery."""

    slug: str
    title: str
    question: str


class Part(Struct, frozen=True):
    """A part of the syllabus: its number, its title and its journeys."""

    number: int
    title: str
    cards: tuple[Card, ...]


class Still(Struct, frozen=True):
    """A packet at rest in a picture: its place, its capsule, the way it came (path data), the namespaces its beat is about."""

    seq: int
    at: Station
    shift: int
    capsule: Markup
    trail: str
    lit: frozenset[str]


class BeatBlock(Struct, frozen=True):
    """A block of the timeline.  `weight` 1 to 12 is its share of the width, `marks` what happens in it."""

    number: int
    id: str
    label: str
    text: str
    first: int
    last: int
    weight: int
    marks: tuple[str, ...]
    guide: str | None
    kernel: str | None


class Caption(Struct, frozen=True):
    """Where we are, the sentence of the beat, the sentence of the step."""

    count: str
    sentence: str
    line: str


class Choice(Struct, frozen=True):
    """An option of a setting."""

    value: str
    label: str


class SettingField(Struct, frozen=True):
    """A setting in the form, with the option chosen."""

    name: str
    label: str
    options: tuple[Choice, ...]
    chosen: str


class Typed(Struct, frozen=True):
    """A command, and the prompt of the namespace where it was typed."""

    prompt: str
    command: str


class Fault(Struct, frozen=True):
    """Something broken, and how."""

    label: str
    typed: tuple[Typed, ...]


class Row(Struct, frozen=True):
    """A line that a command printed; `decided`: it decided this step."""

    text: str
    decided: bool


class Table(Struct, frozen=True):
    """A command and its output; `because` says in words which row decided and why."""

    command: str
    lines: tuple[Row, ...]
    because: str


class WayOn(Struct, frozen=True):
    """A link on an error page."""

    href: str
    text: str


class GalleryContext(Context, frozen=True, kw_only=True):
    """`gallery.html`"""

    TEMPLATE: ClassVar[str] = "gallery.html"
    parts: tuple[Part, ...]


class SceneContext(Context, frozen=True, kw_only=True):
    """`diagram/scene.svg`; `still` is None for a picture without a packet."""

    TEMPLATE: ClassVar[str] = "diagram/scene.svg"
    scene: Scene
    still: Still | None


class JourneyContext(Context, frozen=True, kw_only=True):
    """`journey.html`: `at` and `last` are step numbers, `href` and `query` the journey's address, `items` steps to show at once.

    `breaks` are what can be broken with these settings, `broken` what is, `mended` the address with nothing broken.
    """

    TEMPLATE: ClassVar[str] = "journey.html"
    title: str
    question: str
    part: int
    href: str
    query: str
    whole: str
    at: int
    last: int
    grain: str
    notes: tuple[str, ...]
    settings: tuple[SettingField, ...]
    breaks: SettingField | None
    broken: tuple[Fault, ...]
    mended: str
    caption: Caption
    picture: Markup
    detail: Markup
    items: Sequence[Markup]
    beats: tuple[BeatBlock, ...]
    netns_ids: tuple[str, ...]
    outcome: OutcomeView
    checked: Badge


class WholeContext(Context, frozen=True, kw_only=True):
    """`whole.html`: every step on one page, for reading and printing, and where no script runs.

    `broken` is what is, `mended` the player's address with nothing broken.
    """

    TEMPLATE: ClassVar[str] = "whole.html"
    title: str
    question: str
    href: str
    query: str
    broken: tuple[Fault, ...]
    mended: str
    picture: Markup
    items: Sequence[Markup]
    beats: tuple[BeatBlock, ...]
    outcome: OutcomeView
    checked: Badge


class NetnsContext(Context, frozen=True, kw_only=True):
    """`_netns.html`"""

    TEMPLATE: ClassVar[str] = "_netns.html"
    netns: str
    prompt: str
    tables: tuple[Table, ...]


class ErrorContext(Context, frozen=True, kw_only=True):
    """`error.html`: what is wrong, one sentence each, and where to go on."""

    TEMPLATE: ClassVar[str] = "error.html"
    title: str
    faults: tuple[str, ...]
    ways: tuple[WayOn, ...]
