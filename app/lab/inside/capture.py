"""A capture on every device of a namespace: one AF_PACKET socket that is bound to none (man 7 packet).

It sees frames before the bridge and before netfilter when they come in, after both when they go out, and makes no
device promiscuous, which would change what is to be seen.  The kernel copies each frame into a ring (packet_mmap.rst,
TPACKET_V3): a frame that is only kept may still be written to, as headers are when a packet is fragmented anew.
"""

import ctypes
import fcntl
import mmap
import socket
import struct
import time
from collections.abc import Iterator
from itertools import accumulate

from msgspec.structs import replace

from app.lab.inside.namespaces import Namespaces
from app.lab.job import Frame

ETH_P_ALL = 3
SOL_PACKET, PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 263, 5, 6, 10
TPACKET_V3 = 2
BLOCK = 1 << 17  # octets, more than any frame has
BLOCKS = 24
SLOT = 1 << 11  # octets; TPACKET_V3 wants a unit and does not use it
NEVER = 3_600_000  # milliseconds until a block that is not full would be closed
REQUEST = struct.Struct("7I")
COUNTERS = struct.Struct("3I")  # seen, lost, how often it stood still
BLOCK_HEADER = struct.Struct("8x I I I")  # status, frames, where the first is
FRAME_HEADER = struct.Struct("I I I I 8x H")  # onwards to the next, seconds, nanoseconds, octets, their place
SENDER = struct.Struct("4x i 2x B")  # struct sockaddr_ll: device, kind
SENDER_AT = 48
POLL = 0.01  # seconds
SIOCETHTOOL, ETHTOOL_SGRO = 0x8946, 0x2C
IFREQ, ETHTOOL_VALUE = struct.Struct("16s P 16x"), struct.Struct("I I")


class Ring:
    """One namespace's frames.  Blocks are filled in order and given back never: what a journey needs fits in."""

    def __init__(self, netns: str) -> None:
        """Called inside the namespace."""
        self.netns = netns
        self.devices = dict(socket.if_nameindex())
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        request = REQUEST.pack(BLOCK, BLOCKS, SLOT, BLOCK * BLOCKS // SLOT, NEVER, 0, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        for device in self.devices.values():
            receive_one_by_one(device)
        self.memory = mmap.mmap(self.socket.fileno(), BLOCK * BLOCKS)

    @property
    def count(self) -> int:
        return sum(BLOCK_HEADER.unpack_from(self.memory, at)[1] for at in range(0, BLOCK * BLOCKS, BLOCK))

    def take_lost(self) -> int:
        """How many frames found no room since this was asked last: the kernel sets its counter back."""
        counters = self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, COUNTERS.size)
        _, counted, _ = COUNTERS.unpack(counters)
        return int(counted)

    def frames(self) -> Iterator[Frame]:
        for block in range(0, BLOCK * BLOCKS, BLOCK):
            _, count, first = BLOCK_HEADER.unpack_from(self.memory, block)
            at = block + first
            for _ in range(count):
                onwards, frame = self.frame(at)
                yield frame
                at += onwards

    def frame(self, at: int) -> tuple[int, Frame]:
        """And how far it is to the next one."""
        onwards, seconds, nanoseconds, length, offset = FRAME_HEADER.unpack_from(self.memory, at)
        device, kind = SENDER.unpack_from(self.memory, at + SENDER_AT)
        octets = self.memory[at + offset : at + offset + length]
        when = seconds * 10**9 + nanoseconds
        return onwards, Frame(self.netns, self.devices[device], kind == socket.PACKET_OUTGOING, when, octets)


def receive_one_by_one(device: str) -> None:
    """`ethtool --offload DEVICE gro off`: what comes out of a tunnel is no batch, or two captures would not agree.

    net/core/gro_cells.c: netif_elide_gro; include/uapi/linux/ethtool.h: struct ethtool_value
    """
    wish = ctypes.create_string_buffer(ETHTOOL_VALUE.pack(ETHTOOL_SGRO, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        fcntl.ioctl(asker, SIOCETHTOOL, IFREQ.pack(device.encode(), ctypes.addressof(wish)))


class Capture:
    """Sees everything from its making on; the kernel keeps the frames until `settle` asks for them."""

    def __init__(self, namespaces: Namespaces) -> None:
        self.rings: list[Ring] = []
        for netns in namespaces.files:
            with namespaces.inside(netns):
                self.rings.append(Ring(netns))

    def settle(self, quiet: float, limit: float) -> tuple[Frame, ...]:
        """All frames, in order of time, once none has come for `quiet` seconds, at the latest after `limit`.

        Raises OverflowError when there were more than the kernel would keep, some thousand a namespace.
        """
        now = time.monotonic()
        count, since, deadline = self.count, now, now + limit
        while now - since < quiet and now < deadline:
            time.sleep(POLL)
            now = time.monotonic()
            if (news := self.count) != count:
                count, since = news, now
        for ring in self.rings:
            if lost := ring.take_lost():
                raise OverflowError(f"the capture in {ring.netns} lost {lost} frames")
        in_step = (frame for ring in self.rings for frame in monotonic(list(ring.frames())))
        return tuple(sorted(in_step, key=lambda frame: frame.time))

    @property
    def count(self) -> int:
        return sum(ring.count for ring in self.rings)


def monotonic(frames: list[Frame]) -> list[Frame]:
    """In one namespace the ring's order is the true one, and no frame is later than its successor.

    A copy carries the time of its original.
    """
    backwards = frames[::-1]
    times = accumulate((frame.time for frame in backwards), min)
    return [replace(frame, time=time) for frame, time in zip(backwards, times, strict=True)][::-1]
