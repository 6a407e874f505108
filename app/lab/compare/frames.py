"""Frames: on which devices they were seen, in which order, with which headers."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from app.lab.compare.rows import Row
from app.lab.compare.sightings import Sighting

Pairs = dict[int, int]
"""Which computed frame is which of the kernel's, by their places in the two lists."""


def frames_differ(netns: str, ours: list[Sighting], theirs: list[Sighting]) -> Iterator[str]:
    return (row.difference for row in frame_rows(netns, ours, theirs) if row.difference)


def frame_rows(netns: str, ours: list[Sighting], theirs: list[Sighting]) -> Iterator[Row]:
    """In one namespace: firm frames in their order, the others by whether they were seen at all."""
    here = [sighting for sighting in ours if sighting.netns == netns]
    there = [sighting for sighting in theirs if sighting.netns == netns]
    equal = in_order(here, there)
    nearly = like_each_other(
        [n for n in range(len(here)) if n not in equal and not is_seen(here[n], there)],
        [n for n in range(len(there)) if n not in equal.values() and not is_seen(there[n], here)],
        here,
        there,
    )
    paired = {*equal.values(), *nearly.values()}
    alone = [n for n in range(len(there)) if n not in paired and not is_seen(there[n], here)]
    for n, frame in enumerate(here):
        while alone and n in equal and alone[0] < equal[n]:
            yield unexpected(there[alone.pop(0)])
        if n in nearly:
            theirs_too = there[nearly[n]]
            yield Row("frames", netns, text(frame), text(theirs_too), field_differences(frame, theirs_too))
        elif n in equal or is_seen(frame, there):
            yield Row("frames", netns, text(frame), text(frame))
        else:
            words = f"{frame.place} {frame.name}: computed, the kernel had no such frame there"
            yield Row("frames", netns, text(frame), None, words)
    yield from (unexpected(there[n]) for n in alone)


def in_order(here: list[Sighting], there: list[Sighting]) -> Pairs:
    """The firm frames that are the same, in the same order."""
    firm_here = [n for n, frame in enumerate(here) if frame.firm]
    firm_there = [n for n, frame in enumerate(there) if frame.firm]
    matcher = SequenceMatcher(
        None, [here[n] for n in firm_here], [there[n] for n in firm_there], autojunk=False
    )
    return {
        firm_here[block.a + n]: firm_there[block.b + n]
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    }


def is_seen(frame: Sighting, others: list[Sighting]) -> bool:
    """A frame whose moment is open has only to be there, however often."""
    return not frame.firm and frame in others


def like_each_other(
    missing: list[int], extra: list[int], here: list[Sighting], there: list[Sighting]
) -> Pairs:
    """Of what only one side has: the same frame at the same device, with other fields or at another moment."""
    pairs: Pairs = {}
    for n in missing:
        alike = (m for m in extra if (there[m].place, there[m].name) == (here[n].place, here[n].name))
        if (partner := next(alike, None)) is not None:
            extra.remove(partner)
            pairs[n] = partner
    return pairs


def unexpected(frame: Sighting) -> Row:
    words = f"{frame.place} {frame.name}: seen in the kernel, not computed"
    return Row("frames", frame.netns, None, text(frame), words)


def text(frame: Sighting) -> str:
    ttls = [str(value) for name, value in frame.fields if name in ("ip.ttl", "inner ip.ttl")]
    how_far = f", ttl {' in '.join(ttls)}" if ttls else ""
    return f"{frame.place} {frame.name}{how_far}"


def field_differences(ours: Sighting, theirs: Sighting) -> str:
    pairs = zip(ours.fields, theirs.fields, strict=False)
    words = [
        f"computed {name} {value}, kernel {other}" for (name, value), (_, other) in pairs if value != other
    ]
    return f"{ours.place} {ours.name}: {'; '.join(words) or 'at another place in the order'}"
