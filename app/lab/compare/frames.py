"""Frames: on which devices they were seen, in which order, with which headers."""

from collections.abc import Iterator

from app.lab.compare.pairing import paired
from app.lab.compare.rows import Row
from app.lab.compare.sightings import Sighting


def frame_rows(netns: str, ours: list[Sighting], theirs: list[Sighting]) -> Iterator[Row]:
    """In one namespace: firm frames in their order, the others whenever they were seen, as often as they were."""
    here = [sighting for sighting in ours if sighting.netns == netns]
    there = [sighting for sighting in theirs if sighting.netns == netns]
    return (row(netns, frame, other) for frame, other in paired(here, there))


def row(netns: str, ours: Sighting | None, theirs: Sighting | None) -> Row:
    left, right = text(ours) if ours else None, text(theirs) if theirs else None
    return Row("frames", netns, left, right, difference(ours, theirs))


def difference(ours: Sighting | None, theirs: Sighting | None) -> str | None:
    if ours is None:
        assert theirs, "one side has the frame"
        return f"{theirs.place} {theirs.name}: seen in the kernel, not computed"
    if theirs is None:
        return f"{ours.place} {ours.name}: computed, the kernel had no such frame there"
    return None if ours is theirs else field_differences(ours, theirs)


def text(frame: Sighting) -> str:
    ttls = [str(value) for name, value in frame.fields if name in ("ip.ttl", "inner ip.ttl")]
    how_far = f", ttl {' in '.join(ttls)}" if ttls else ""
    return f"{frame.place.removeprefix(frame.netns).lstrip()} {frame.name}{how_far}"


def field_differences(ours: Sighting, theirs: Sighting) -> str:
    pairs = zip(ours.fields, theirs.fields, strict=False)
    words = [
        f"computed {name} {value}, kernel {other}" for (name, value), (_, other) in pairs if value != other
    ]
    return f"{ours.place} {ours.name}: {'; '.join(words) or 'at another place in the order'}"
