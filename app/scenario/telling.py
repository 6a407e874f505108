"""The authored half of a scenario: beats and expectations that fit the chosen options, as records of `story`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, get_args

from app.datapath.events import AnyEvent
from app.kernel.origin import Origin
from app.scenario.decode import Reading
from app.scenario.faults import shown
from app.scenario.located import Located, Path
from app.scenario.model import Expect, ExpectedConnection
from app.scenario.schema import Choices, ConnectionSpec, PatternSpec, ScenarioDocument
from app.scenario.settings import applies, check_choices
from app.story.beats import BeatSpec, EventPattern

T = TypeVar("T")
EVENTS = frozenset(event.__name__ for event in get_args(AnyEvent))


def beats_of(document: ScenarioDocument, chosen: Mapping[str, str]) -> tuple[BeatSpec, ...]:
    return tuple(
        BeatSpec(spec.id, spec.text, pattern(spec.on), spec.guide, spec.kernel)
        for spec in document.beats
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


def expect_of(document: ScenarioDocument, chosen: Mapping[str, str]) -> Expect:
    """All claims that fit the options: lists add up, of single values the last one stands."""
    claims = [claim for claim in document.expect if applies(claim.when, chosen)]
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
    seen: set[str] = set()
    for at, beat in enumerate(document.beats):
        if applies(beat.when, chosen):
            if beat.id in seen:
                path: Path = ("beats", at, "id")
                reading.fault(
                    node.line_at(path), path, f"{beat.id} is there twice, expected once for these settings"
                )
            seen.add(beat.id)
    for path, when in whens(document):
        for message in check_choices(when, document.settings):
            reading.fault(node.line_at(path), path, message)
    for path, spec in patterns(document):
        if spec.event is not None and spec.event not in EVENTS:
            message = f"there is no event {shown(spec.event)}, expected a name such as {min(EVENTS)}"
            reading.fault(node.line_at(path), path, message)


def whens(document: ScenarioDocument) -> Iterator[tuple[Path, Choices]]:
    yield from ((("beats", at, "when"), beat.when) for at, beat in enumerate(document.beats))
    yield from ((("expect", at, "when"), claim.when) for at, claim in enumerate(document.expect))


def patterns(document: ScenarioDocument) -> Iterator[tuple[Path, PatternSpec]]:
    yield from ((("beats", at, "on", "event"), beat.on) for at, beat in enumerate(document.beats))
    for at, claim in enumerate(document.expect):
        yield from ((("expect", at, "sees", own, "event"), spec) for own, spec in enumerate(claim.sees))
        yield from ((("expect", at, "never", own, "event"), spec) for own, spec in enumerate(claim.never))
