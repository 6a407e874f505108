"""Frames: on which devices they were seen, in which order, with which headers."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from app.lab.compare.sightings import Sighting


def frames_differ(netns: str, ours: list[Sighting], theirs: list[Sighting]) -> Iterator[str]:
    """In one namespace: firm frames in their order, the others by whether they were seen at all."""
    here = [sighting for sighting in ours if sighting.netns == netns]
    there = [sighting for sighting in theirs if sighting.netns == netns]
    firm_here = [sighting for sighting in here if sighting.firm]
    firm_there = [sighting for sighting in there if sighting.firm]
    missing: list[Sighting] = []
    extra: list[Sighting] = []
    blocks = SequenceMatcher(None, firm_here, firm_there, autojunk=False).get_opcodes()
    for tag, start, end, first, last in blocks:
        if tag != "equal":
            missing += firm_here[start:end]
            extra += firm_there[first:last]
    yield from unequal(missing, extra)
    yield from unequal(*set_differences(here, there))


def set_differences(computed: list[Sighting], seen: list[Sighting]) -> tuple[list[Sighting], list[Sighting]]:
    """Of the frames whose order is open: what only one side has, however often."""
    loose = {s for s in computed if not s.firm}, {s for s in seen if not s.firm}
    return sorted(loose[0] - loose[1], key=place), sorted(loose[1] - loose[0], key=place)


def place(sighting: Sighting) -> str:
    return sighting.place + sighting.name


def unequal(computed: list[Sighting], seen: list[Sighting]) -> Iterator[str]:
    """Pairs up what is nearly the same; the rest was seen by one side alone, or at another moment."""
    left = list(seen)
    alone: list[Sighting] = []
    for ours in computed:
        same = [theirs for theirs in left if theirs.place == ours.place and theirs.name == ours.name]
        if same:
            left.remove(same[0])
            yield field_differences(ours, same[0])
        else:
            alone.append(ours)
    yield from (f"{ours.place} {ours.name}: computed, the kernel had no such frame there" for ours in alone)
    yield from (f"{theirs.place} {theirs.name}: seen in the kernel, not computed" for theirs in left)


def field_differences(ours: Sighting, theirs: Sighting) -> str:
    pairs = zip(ours.fields, theirs.fields, strict=False)
    words = [
        f"computed {name} {value}, kernel {other}" for (name, value), (_, other) in pairs if value != other
    ]
    return f"{ours.place} {ours.name}: {'; '.join(words) or 'at another place in the order'}"
