"""What a recording saw as a capture file, one interface for each device: `node1/vethxxx`."""

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from app.lab.job import Frame, Recording
from app.wire import pcapng
from app.wire.pcapng import Interface, Packet


def save(recording: Recording, file: Path) -> None:
    """Raises OSError."""
    file.write_bytes(capture(recording.frames))


def capture(frames: Iterable[Frame]) -> bytes:
    """A pcapng file.  Interfaces are in order of their first frame."""
    seen = tuple(frames)
    places = {name: place for place, name in enumerate(dict.fromkeys(map(interface, seen)))}
    program = f"packet-journeys {version('packet-journeys')}"
    return b"".join(pcapng.pcapng(map(Interface, places), packets(seen, places), program))


def packets(frames: Iterable[Frame], places: dict[str, int]) -> Iterator[Packet]:
    for frame in frames:
        direction: pcapng.Direction = "outbound" if frame.outgoing else "inbound"
        yield Packet(places[interface(frame)], frame.time, frame.octets, direction)


def interface(frame: Frame) -> str:
    return f"{frame.netns}/{frame.device}"
