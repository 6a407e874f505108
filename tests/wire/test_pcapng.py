"""A pcapng file block by block, read back as the draft says; and then by tshark, if it is here."""

import json
import struct
import subprocess
from pathlib import Path

import pytest

from app.wire.pcapng import Interface, Packet, pcapng
from tests import tshark

ETHERNET = bytes.fromhex("0a580af40103 0a580af40102 0800")
UDP_DATAGRAM = bytes.fromhex("4500 0021 0000 4000 4011 241d 0af40102 0af40103 9c41 14e9 000d 0000 68656c6c6f")
FRAME = ETHERNET + UDP_DATAGRAM
AT = 1_700_000_000_123_456_789
INTERFACES = (Interface("node1/vethxxx"), Interface("node1/pod1/eth0", "the other end"))
PACKETS = (
    Packet(1, AT, FRAME, "outbound", "what pod1 sends"),
    Packet(0, AT + 1, FRAME + b"\0", "inbound"),
)


def written() -> bytes:
    return b"".join(pcapng(INTERFACES, PACKETS, "packet-journeys test"))


def blocks(octets: bytes) -> list[tuple[int, bytes]]:
    """Type and body of each block."""
    found = []
    while octets:
        kind, length = struct.unpack_from("<II", octets)
        assert length % 4 == 0, "a block ends at a multiple of four octets"
        assert octets[length - 4 : length] == octets[4:8], "the length stands at both ends"
        found.append((kind, octets[8 : length - 4]))
        octets = octets[length:]
    return found


def options(octets: bytes) -> dict[int, bytes]:
    found = {}
    while (header := struct.unpack_from("<HH", octets)) != (0, 0):
        code, length = header
        found[code] = octets[4 : 4 + length]
        octets = octets[4 + (length + 3) // 4 * 4 :]
    assert len(octets) == 4, "nothing comes after the end of the options"
    return found


def test_a_section_is_its_header_then_interfaces_then_frames() -> None:
    assert [kind for kind, _ in blocks(written())] == [0x0A0D0D0A, 1, 1, 6, 6]


def test_the_header_says_the_byte_order_the_version_and_the_program() -> None:
    _, header = blocks(written())[0]
    assert struct.unpack_from("<IHHq", header) == (0x1A2B3C4D, 1, 0, -1)
    assert options(header[16:]) == {4: b"packet-journeys test"}


def test_an_interface_has_its_name_and_counts_nanoseconds() -> None:
    _, first = blocks(written())[1]
    _, second = blocks(written())[2]
    assert struct.unpack_from("<HHI", first) == (1, 0, 0), "Ethernet, frames of any length"
    assert options(first[8:]) == {2: b"node1/vethxxx", 9: b"\x09"}
    assert options(second[8:])[3] == b"the other end"


def test_a_frame_is_whole_with_its_time_its_direction_and_a_comment() -> None:
    _, body = blocks(written())[3]
    interface, high, low, captured, original = struct.unpack_from("<IIIII", body)
    assert (interface, high << 32 | low) == (1, AT)
    assert captured == original == len(FRAME)
    assert body[20 : 20 + len(FRAME)] == FRAME
    assert options(body[20 + len(FRAME) + -len(FRAME) % 4 :]) == {
        2: struct.pack("<I", 2),
        1: b"what pod1 sends",
    }


def test_what_came_in_says_so_and_a_frame_without_a_comment_has_none() -> None:
    _, body = blocks(written())[4]
    assert options(body[20 + len(FRAME) + 1 + -(len(FRAME) + 1) % 4 :]) == {2: struct.pack("<I", 1)}


@pytest.mark.kernel
def test_tshark_reads_the_same(tmp_path: Path) -> None:
    tshark.is_here()
    file = tmp_path / "two.pcapng"
    file.write_bytes(written())
    read = subprocess.run(["tshark", "-r", file, "-T", "json", "-x"], capture_output=True, check=True)
    first, second = (packet["_source"]["layers"] for packet in json.loads(read.stdout))
    frame = first["frame"]
    assert frame["frame.interface_id_tree"] == {
        "frame.interface_name": "node1/pod1/eth0",
        "frame.interface_description": "the other end",
    }
    assert frame["frame.time_epoch"] == "1700000000.123456789"
    assert first["pkt_comment"]["frame.comment"] == "what pod1 sends"
    assert bytes.fromhex(first["frame_raw"][0]) == FRAME
    assert frame["frame.packet_flags_tree"]["frame.packet_flags_direction"] == "0x00000002"
    assert second["frame"]["frame.packet_flags_tree"]["frame.packet_flags_direction"] == "0x00000001"
    assert first["udp"]["udp.dstport"] == "5353"
