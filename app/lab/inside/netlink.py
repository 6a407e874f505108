"""Netlink's framing, as far as nf_tables needs it (include/uapi/linux/netlink.h, linux/netfilter/nfnetlink.h)."""

import socket
import struct
from collections.abc import Iterator

NETLINK_NETFILTER = 12
SOL_NETLINK, ADD_MEMBERSHIP = 270, 1
NF_TABLES = 10 << 8  # NFNL_SUBSYS_NFTABLES, the high octet of a message's type
REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 2, 3

MESSAGE = struct.Struct("=IHHII")  # length, type, flags, sequence, sender; in the machine's byte order
FAMILY = struct.Struct("!BBH")  # what each message of nfnetlink begins with: family, version, resource
ATTRIBUTE = struct.Struct("=HH")  # length, type
TYPE_MASK = 0x3FFF  # without the bits that say "nested" and "in network byte order"
LARGEST = 1 << 16

Attributes = dict[int, bytes]


def opened() -> socket.socket:
    """A socket of netfilter in the caller's namespace, and it stays there."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    made.bind((0, 0))
    return made


def dump(kind: int) -> Iterator[Attributes]:
    """All objects of nf_tables' family `ip` in the caller's namespace, in the kernel's order.  Raises OSError."""
    body = FAMILY.pack(socket.AF_INET, 0, 0)
    with opened() as asking:
        asking.send(MESSAGE.pack(MESSAGE.size + len(body), NF_TABLES | kind, REQUEST | DUMP, 1, 0) + body)
        while True:
            for found, payload in messages(asking.recv(LARGEST)):
                if found == DONE:
                    return
                if found == ERROR:
                    number = -struct.unpack_from("=i", payload)[0]
                    raise OSError(number, "a dump of nf_tables was refused")
                yield attributes(payload[FAMILY.size :])


def messages(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each message in what one `recv` brought."""
    while len(octets) >= MESSAGE.size:
        length, kind, *_ = MESSAGE.unpack_from(octets)
        yield kind, octets[MESSAGE.size : length]
        octets = octets[aligned(length) :]


def attributes(octets: bytes) -> Attributes:
    """Each attribute's value by its type; those of one type are never more than one here."""
    found: Attributes = {}
    while len(octets) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(octets)
        found[kind & TYPE_MASK] = octets[ATTRIBUTE.size : length]
        octets = octets[aligned(length) :]
    return found


def aligned(length: int) -> int:
    return (length + 3) & ~3


def text(value: bytes) -> str:
    return value.rstrip(b"\0").decode()


def number(value: bytes) -> int:
    """Numbers of nf_tables are in network byte order."""
    return int.from_bytes(value, "big")
