"""Beats: the moves of a story, found in a journey by what happened, never by step number."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from app.datapath.events import (
    ArpAsked,
    Decapsulated,
    Dropped,
    Encapsulated,
    IcmpSent,
    ProbeEnded,
    SegmentSent,
    Step,
    Translated,
)
from app.story.layers import field_of
from app.wire.record import Record


class EventPattern(Record, frozen=True):
    """What a step must be.  `at` is a glob on the netns id or the device id, `packet` holds pairs like ("arp.op", "request").

    In `packet` the outermost layer of that name is read; TCP flags are joined by "+" ("SYN+ACK").
    """

    event: str | None = None
    at: str | None = None
    function: str | None = None
    packet: tuple[tuple[str, str], ...] = ()

    def matches(self, step: Step) -> bool:
        event = step.event
        if self.event is not None and type(event).__name__ != self.event:
            return False
        if self.function is not None and event.function != self.function:
            return False
        if self.at is not None and not any(
            fnmatchcase(place, self.at) for place in (step.at, f"{step.at}/{event.dev}")
        ):
            return False
        return all(
            event.skb is not None and field_of(event.skb.packet, name) == value for name, value in self.packet
        )


class BeatSpec(Record, frozen=True):
    """A beat as the scenario writes it: it begins at the first step that matches after the beat before it began."""

    id: str
    text: str
    on: EventPattern
    guide: str | None = None
    kernel: str | None = None


class Beat(Record, frozen=True):
    """A beat found: it covers the steps `first` to `last`."""

    spec: BeatSpec
    first: int
    last: int


class BeatNotFound(Exception):
    """No step matches this beat where the story expects it."""

    def __init__(self, spec: BeatSpec, after: int) -> None:
        super().__init__(f"beat {spec.id!r}: no step after {after} matches {spec.on}")
        self.spec = spec


def find_beats(specs: Sequence[BeatSpec], steps: Sequence[Step]) -> tuple[Beat, ...]:
    """Every beat in order; the first one begins at step 0.  Raises BeatNotFound."""
    starts: list[int] = []
    for spec in specs:
        begin = starts[-1] + 1 if starts else 0
        found = next((step.seq for step in steps[begin:] if spec.on.matches(step)), None)
        if found is None:
            raise BeatNotFound(spec, begin - 1)
        starts.append(found)
    return covering(specs, starts, len(steps))


def covering(specs: Sequence[BeatSpec], starts: Sequence[int], length: int) -> tuple[Beat, ...]:
    """Beats that begin at these steps and leave no step out."""
    begins = [0, *starts[1:]] if starts else []
    ends = [*(begin - 1 for begin in begins[1:]), length - 1]
    return tuple(Beat(*found) for found in zip(specs, begins, ends[: len(begins)], strict=True))


TELLING = (SegmentSent, ArpAsked, Translated, Encapsulated, Decapsulated, IcmpSent, Dropped, ProbeEnded)


def computed_beats(steps: Sequence[Step], tell: Callable[[Step], str]) -> tuple[Beat, ...]:
    """Beats for a journey that nobody wrote any for: one at each step that moves the story, in the step's own words."""
    moves = [step for step in steps if isinstance(step.event, TELLING)] or list(steps[:1])
    specs = [BeatSpec(f"move-{number}", tell(step), EventPattern()) for number, step in enumerate(moves, 1)]
    return covering(specs, [step.seq for step in moves], len(steps))
