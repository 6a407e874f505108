"""A capture on every device of a namespace: one AF_PACKET socket that is bound to none (man 7 packet).

It sees frames before the bridge and before netfilter when they come in, after both when they go out, and makes no
device promiscuous, which would change what is to be seen.
"""

import select
import socket
import struct
import time
from collections.abc import Iterator
from itertools import accumulate

from msgspec.structs import replace

from app.lab.inside.namespaces import Namespaces
from app.lab.job import Frame

ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
SOL_PACKET, PACKET_STATISTICS = 263, 6
COUNTERS = struct.Struct("II")  # seen, lost
LARGEST = 1 << 17
TIMESPEC = struct.Struct("qq")


class Capture:
    """Sees everything from its making on; the kernel keeps the frames until `settle` asks for them."""

    def __init__(self, namespaces: Namespaces) -> None:
        self.netns_of: dict[socket.socket, str] = {}
        for netns in namespaces.files:
            with namespaces.inside(netns):
                self.netns_of[tap()] = netns

    def settle(self, quiet: float, limit: float) -> tuple[Frame, ...]:
        """All frames, in order of time, once none has come for `quiet` seconds, at the latest after `limit`.

        Raises OverflowError when there were more than the kernel would keep, some hundred a namespace.
        """
        seen: dict[str, list[Frame]] = {netns: [] for netns in self.netns_of.values()}
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            ready, _, _ = select.select(list(self.netns_of), [], [], quiet)
            if not ready:
                break
            for readable in ready:
                netns = self.netns_of[readable]
                seen[netns] += waiting(netns, readable)
        for readable, netns in self.netns_of.items():
            _, lost = COUNTERS.unpack(readable.getsockopt(SOL_PACKET, PACKET_STATISTICS, COUNTERS.size))
            if lost:
                raise OverflowError(f"the capture in {netns} lost {lost} frames")
        in_step = (frame for frames in seen.values() for frame in monotonic(frames))
        return tuple(sorted(in_step, key=lambda frame: frame.time))


def monotonic(frames: list[Frame]) -> list[Frame]:
    """In one namespace the socket's order is the true one, and no frame is later than its successor.

    A copy carries the time of its original; and until the kernel has switched its time stamps on, shortly after they
    were asked for, it stamps a frame when it is read.
    """
    backwards = frames[::-1]
    times = accumulate((frame.time for frame in backwards), min)
    return [replace(frame, time=time) for frame, time in zip(backwards, times, strict=True)][::-1]


def waiting(netns: str, readable: socket.socket) -> Iterator[Frame]:
    """What the kernel has kept so far."""
    while True:
        try:
            octets, notes, _, sender = readable.recvmsg(LARGEST, socket.CMSG_SPACE(TIMESPEC.size))
        except BlockingIOError:
            return
        device, _, kind, _, _ = sender
        seconds, nanoseconds = TIMESPEC.unpack(notes[0][2])
        yield Frame(netns, device, kind == socket.PACKET_OUTGOING, seconds * 10**9 + nanoseconds, octets)


def tap() -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    opened.setblocking(False)
    return opened
