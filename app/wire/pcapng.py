"""Captures as pcapng, which Wireshark and tshark read: draft-ietf-opsawg-pcapng (IETF, "PCAP Next Generation").

A section header, an interface description for each interface, an enhanced packet for each frame.  Blocks and options are
little endian and end at a multiple of four octets.  Times are nanoseconds since 1970.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from app.wire.record import Record

SECTION_HEADER, INTERFACE_DESCRIPTION, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6  # block types
BYTE_ORDER_MAGIC, VERSION, UNKNOWN_LENGTH = 0x1A2B3C4D, (1, 0), -1  # section 4.1
LINKTYPE_ETHERNET, WHOLE = 1, 0  # section 4.2: LinkType; a SnapLen of 0 is no limit
END_OF_OPTIONS, COMMENT = 0, 1  # section 3.5
SHB_USERAPPL = 4  # section 4.1
IF_NAME, IF_DESCRIPTION, IF_TSRESOL = 2, 3, 9  # section 4.2
EPB_FLAGS = 2  # section 4.3
NANOSECONDS = bytes([9])  # if_tsresol: ten to the minus nine
DIRECTIONS: dict["Direction", int] = {"inbound": 1, "outbound": 2}  # the two lowest bits of epb_flags

Direction: TypeAlias = Literal["inbound", "outbound"]
Option: TypeAlias = tuple[int, bytes]


class Interface(Record, frozen=True):
    """Where frames were captured: `name` is what Wireshark lists it as."""

    name: str
    description: str = ""


class Packet(Record, frozen=True):
    """One frame: the place of its interface among the interfaces, nanoseconds since 1970, all its octets."""

    interface: int
    time: int
    octets: bytes
    direction: Direction
    comment: str = ""


def pcapng(interfaces: Iterable[Interface], packets: Iterable[Packet], program: str) -> Iterator[bytes]:
    """The blocks of a file with one section, in order.  `program` is what wrote it, for shb_userappl."""
    yield section_header(program)
    yield from map(interface_description, interfaces)
    yield from map(enhanced_packet, packets)


def section_header(program: str) -> bytes:
    """Section 4.1."""
    fixed = struct.pack("<IHHq", BYTE_ORDER_MAGIC, *VERSION, UNKNOWN_LENGTH)
    return block(SECTION_HEADER, fixed + options((SHB_USERAPPL, program.encode())))


def interface_description(interface: Interface) -> bytes:
    """Section 4.2."""
    fixed = struct.pack("<HHI", LINKTYPE_ETHERNET, 0, WHOLE)
    told = options(
        (IF_NAME, interface.name.encode()),
        (IF_DESCRIPTION, interface.description.encode()),
        (IF_TSRESOL, NANOSECONDS),
    )
    return block(INTERFACE_DESCRIPTION, fixed + told)


def enhanced_packet(packet: Packet) -> bytes:
    """Section 4.3; the time is two halves, the upper one first."""
    size = len(packet.octets)
    fixed = struct.pack("<IIIII", packet.interface, packet.time >> 32, packet.time & 0xFFFFFFFF, size, size)
    told = options(
        (EPB_FLAGS, struct.pack("<I", DIRECTIONS[packet.direction])), (COMMENT, packet.comment.encode())
    )
    return block(ENHANCED_PACKET, fixed + padded(packet.octets) + told)


def block(kind: int, body: bytes) -> bytes:
    """Section 3.1: the length of the whole stands before and after, so that a file can be read from its end."""
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def options(*given: Option) -> bytes:
    """Section 3.5, without those that say nothing."""
    told = b"".join(struct.pack("<HH", code, len(value)) + padded(value) for code, value in given if value)
    return told + struct.pack("<HH", END_OF_OPTIONS, 0)


def padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
