"""The authored half of a scenario: beats and expectations that fit the chosen options, as records of `story`."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar, get_args

from msgspec import Struct

from app.datapath.events import AnyEvent
from app.kernel.origin import Origin
from app.scenario.decode import Reading
from app.scenario.faults import shown
from app.scenario.located import Complaint, Located, Path
from app.scenario.model import Expect, ExpectedConnection
from app.scenario.schema import (
    BeatSpecDocument,
    Choices,
    ClaimSpec,
    ConnectionSpec,
    PatternSpec,
    ScenarioDocument,
)
from app.scenario.settings import applies, check_choices
from app.story.beats import BeatSpec, EventPattern

T = TypeVar("T")
EVENTS = frozenset(event.__name__ for event in get_args(AnyEvent))


class Tale(Struct, frozen=True):
    """What is told of one journey and claimed of it; `path` is where in the document."""

    path: Path = ()
    beats: tuple[BeatSpecDocument, ...] = ()
    expect: tuple[ClaimSpec, ...] = ()


def tales(document: ScenarioDocument) -> Iterator[Tale]:
    """The scenario's own, then one for each of its breaks."""
    yield Tale((), document.beats, document.expect)
    for name, spec in document.breaks.items():
        yield Tale(("breaks", name), spec.beats, spec.expect)


def tale_of(document: ScenarioDocument, broken: tuple[str, ...]) -> Tale:
    """Where one thing is broken, what is told of that; of several at once nobody has told anything."""
    if len(broken) > 1:
        return Tale()
    return next(tale for tale in tales(document) if tale.path == (("breaks", *broken) if broken else ()))


def beats_of(tale: Tale, chosen: Mapping[str, str]) -> tuple[BeatSpec, ...]:
    return tuple(
        BeatSpec(spec.id, spec.text, pattern(spec.on), spec.guide, spec.kernel)
        for spec in tale.beats
        if applies(spec.when, chosen)
    )


def pattern(spec: PatternSpec) -> EventPattern:
    return EventPattern(
        spec.event,
        spec.at,
        spec.function,
        tuple((field, text(value)) for field, value in spec.packet.items()),
    )


def text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def expect_of(tale: Tale, chosen: Mapping[str, str]) -> Expect:
    """All claims that fit the options: lists add up, of single values the last one stands."""
    claims = [claim for claim in tale.expect if applies(claim.when, chosen)]
    by = last(claim.by for claim in claims)
    return Expect(
        last(claim.verdict for claim in claims),
        last(claim.reason for claim in claims),
        last(claim.at for claim in claims),
        Origin(by.component, by.object) if by else None,
        tuple(pattern(spec) for claim in claims for spec in claim.sees),
        tuple(pattern(spec) for claim in claims for spec in claim.never),
        tuple(connection(spec) for claim in claims for spec in claim.connections),
    )


def last(values: Iterable[T | None]) -> T | None:
    given = [value for value in values if value is not None]
    return given[-1] if given else None


def connection(spec: ConnectionSpec) -> ExpectedConnection:
    return ExpectedConnection(
        spec.original.src,
        spec.original.dst,
        spec.translated.src,
        spec.translated.dst,
        spec.dnat,
        spec.masqueraded,
    )


def check(document: ScenarioDocument, node: Located, chosen: Mapping[str, str], reading: Reading) -> None:
    """Faults of what is told: options that do not exist, events that never happen, a beat's id twice."""
    complaints = [
        *chain.from_iterable(repeated(tale, chosen) for tale in tales(document)),
        *((path, message) for path, when in whens(document) for message in check_choices(when, document.settings)),
        *chain.from_iterable(impossible(tale) for tale in tales(document)),
    ]  # fmt: skip
    for path, message in complaints:
        reading.fault(node.line_at(path), path, message)


def repeated(tale: Tale, chosen: Mapping[str, str]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for at, beat in enumerate(tale.beats):
        if applies(beat.when, chosen):
            if beat.id in seen:
                message = f"{beat.id} is there twice, expected once for these settings"
                yield (*tale.path, "beats", at, "id"), message
            seen.add(beat.id)


def whens(document: ScenarioDocument) -> Iterator[tuple[Path, Choices]]:
    for tale in tales(document):
        yield from (((*tale.path, "beats", at, "when"), beat.when) for at, beat in enumerate(tale.beats))
        yield from (((*tale.path, "expect", at, "when"), claim.when) for at, claim in enumerate(tale.expect))
    yield from ((("breaks", name, "when"), spec.when) for name, spec in document.breaks.items())


def impossible(tale: Tale) -> Iterator[Complaint]:
    """Patterns that no step can fit."""
    for path, spec in patterns(tale):
        if spec.event is not None and spec.event not in EVENTS:
            message = f"there is no event {shown(spec.event)}, expected a name such as {min(EVENTS)}"
            yield (*tale.path, *path), message


def patterns(tale: Tale) -> Iterator[tuple[Path, PatternSpec]]:
    yield from ((("beats", at, "on", "event"), beat.on) for at, beat in enumerate(tale.beats))
    for at, claim in enumerate(tale.expect):
        yield from ((("expect", at, "sees", own, "event"), spec) for own, spec in enumerate(claim.sees))
        yield from ((("expect", at, "never", own, "event"), spec) for own, spec in enumerate(claim.never))
