"""Contexts of the player: the caption, the timeline, the still of the step that was asked for."""

import re
from math import sqrt
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec.structs import replace

from app.scenario.settings import applies
from app.story.view import BeatView, Grain
from app.web.asked import BREAK, Asked
from app.web.contexts import (
    BeatBlock,
    Caption,
    Choice,
    Fault,
    JourneyContext,
    SceneContext,
    SettingField,
    Still,
    Typed,
    WholeContext,
)
from app.web.render import markup
from app.web.text import prompt
from app.web.told import Told

TELLING_MARKS = ("nat", "encap", "decap", "drop")


def player(asked: Asked, told: Told, at: int, notes: tuple[str, ...]) -> JourneyContext:
    return JourneyContext(
        title=told.title, question=asked.scenario.question, part=asked.scenario.part,
        href=told.href, query=asked.query, whole=whole_href(asked), at=at, last=told.last, grain=asked.grain,
        notes=(*notes, *asked.faults), settings=settings(asked), breaks=breaks(asked), broken=broken(asked),
        mended=f"{told.href}{asked.mended_query}", caption=caption(told, at, asked.grain),
        picture=markup(SceneContext(scene=told.scene, still=still(told, at))),
        detail=Markup(told.writer.detail(told.view.steps[at])),
        items=(), beats=blocks(told), netns_ids=tuple(dict.fromkeys(s.netns for s in told.scene.stations.values())),
        outcome=told.view.outcome, checked=told.badge,
    )  # fmt: skip


def whole(asked: Asked, told: Told) -> WholeContext:
    return WholeContext(
        title=told.title, question=asked.scenario.question, href=told.href, query=asked.query, broken=broken(asked),
        mended=f"{told.href}{asked.mended_query}", picture=markup(SceneContext(scene=told.scene, still=None)),
        items=[Markup(item) for item in told.items()],
        beats=blocks(told), outcome=told.view.outcome, checked=told.badge,
    )  # fmt: skip


def whole_href(asked: Asked) -> str:
    query = asked.journey_query
    return f"/j/{asked.slug}{query}{'&' if query else '?'}{urlencode({'transcript': 'whole'})}"


def settings(asked: Asked) -> tuple[SettingField, ...]:
    return tuple(
        SettingField(
            s.name, s.label, tuple(Choice(o.value, o.label) for o in s.options), asked.scenario.chosen[s.name]
        )
        for s in asked.scenario.settings
    )


def breaks(asked: Asked) -> SettingField | None:
    """What can be broken as things are set; the first choice is nothing."""
    scenario = asked.scenario
    own = [Choice(b.name, b.label) for b in scenario.breaks if applies(b.when, scenario.chosen)]
    if not own:
        return None
    return SettingField(BREAK, "Break it", (Choice("", "Nothing is broken"), *own), (*scenario.broken, "")[0])


def broken(asked: Asked) -> tuple[Fault, ...]:
    return tuple(
        Fault(own.label, tuple(Typed(prompt(change.netns), change.command) for change in own.changes))
        for own in asked.scenario.chosen_breaks
    )


def beat_at(told: Told, at: int) -> tuple[int, BeatView] | None:
    """The number, from 1, and the beat that holds this step."""
    return next(
        ((n, beat) for n, beat in enumerate(told.view.beats, 1) if beat.first <= at <= beat.last), None
    )


def caption(told: Told, at: int, grain: Grain) -> Caption:
    """The same words that static/main.js writes: a page that was just loaded and one that was played must not differ.

    The first line under the picture's sentence is the question, the last one the outcome.
    """
    step, found = told.view.steps[at], beat_at(told, at)
    line = told.scenario.question if at == 0 else told.view.outcome.sentence if at == told.last else step.why
    here = f"step {at} of {told.last}"
    if found is None:
        return Caption(here, line, "")
    number, beat = found
    sentence, under = (beat.text, line) if grain == "beats" else (line, beat.text)
    count = f"Beat {number} of {len(told.view.beats)} · {here}"
    return Caption(count, sentence, "" if under == sentence else under)


def still(told: Told, at: int) -> Still:
    step, place = told.view.steps[at], told.placed[at]
    trail = "".join(
        p.way
        for s, p in zip(told.view.steps[: at + 1], told.placed, strict=False)
        if s.skb is not None and s.skb == step.skb
    )
    found = beat_at(told, at)
    first, last = (found[1].first, found[1].last) if found else (0, told.last)
    lit = (s.at.netns for s in told.view.steps[first : last + 1])
    blocks, wide, _ = told.writer.packet_of(step)
    shift = told.writer.shift(place.station, wide)
    return Still(at, place.station, shift, Markup(blocks), trail, frozenset(lit))


def poster(told: Told) -> Still:
    """The request where it arrived, its whole way behind it; small as it is shown, without words."""
    arrived = next((step.seq for step in told.view.steps if step.event == "MessageRead"), told.last)
    return replace(
        still(told, arrived), capsule=Markup(), lit=frozenset(step.at.netns for step in told.view.steps)
    )


def blocks(told: Told) -> tuple[BeatBlock, ...]:
    return tuple(block(told, number, beat) for number, beat in enumerate(told.view.beats, 1))


def block(told: Told, number: int, beat: BeatView) -> BeatBlock:
    marks = (told.placed[seq].mark for seq in range(beat.first, beat.last + 1))
    telling = tuple(dict.fromkeys(mark for mark in marks if mark in TELLING_MARKS))
    weight = max(1, min(12, round(1.6 * sqrt(beat.last - beat.first + 1))))
    return BeatBlock(
        number,
        beat.id,
        label(told, beat),
        beat.text,
        beat.first,
        beat.last,
        weight,
        telling,
        beat.guide,
        beat.kernel,
    )


def label(told: Told, beat: BeatView) -> str:
    """A word or two: an author's name of the beat, or the event that a beat nobody wrote is told of (`arp asked`)."""
    if beat.id in {spec.id for spec in told.scenario.beats}:
        return beat.id.replace("-", " ")
    steps = told.view.steps[beat.first : beat.last + 1]
    event = next(step.event for step in steps if step.why == beat.text)
    return re.sub("(?<!^)([A-Z])", r" \1", event).lower()


def nearest(told: Told, step: str) -> tuple[int, tuple[str, ...]]:
    """A step's number as the address says it, or the nearest that exists and a note."""
    named = next((beat.first for beat in told.view.beats if beat.id == step), None)
    if named is not None:
        return named, ()
    if step.isascii() and step.isdigit() and len(step) <= 9:
        at = min(int(step), told.last)
        return at, () if at == int(step) else (
            f"This journey has no step {int(step)}; its last one, {told.last}, is shown.",
        )
    return 0, (
        f"“{step[:40]}” is neither a step's number nor a beat of this journey; its beginning is shown.",
    )
