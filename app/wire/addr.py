"""Addresses as canonical text, prefixes as integers.

An address is a plain `str` in canonical form ("10.244.1.2"), a MAC a lower-case colon-separated `str`: text hashes
fast, compares by pointer most of the time, and goes into JSON as it is.  Arithmetic happens once, in `number`, which is
cached.  The family is a value (4 or 6), never part of a type's name.
"""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from app.wire.record import Record

Address: TypeAlias = str
Mac: TypeAlias = str

BROADCAST_MAC: Mac = "ff:ff:ff:ff:ff:ff"
ZERO_MAC: Mac = "00:00:00:00:00:00"
ANY: Address = "0.0.0.0"
BROADCAST: Address = "255.255.255.255"


@lru_cache(maxsize=65536)
def number(address: Address) -> int:
    """The address as an integer.  Raises ValueError on text that is no address."""
    return int(ip_address(address))


@lru_cache(maxsize=65536)
def text(value: int) -> Address:
    """The IPv4 address with this number."""
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


class Prefix(Record, frozen=True, order=True):
    """A block of addresses, `network/length`; `network` has its host bits clear."""

    network: int
    length: int

    @classmethod
    def parse(cls, cidr: str) -> "Prefix":
        """`10.244.1.0/24`, or a bare address for a /32.  Raises ValueError where host bits are set."""
        block = ip_network(cidr)
        return cls(int(block.network_address), block.prefixlen)

    @property
    def mask(self) -> int:
        return MASKS[self.length]

    @property
    def address(self) -> Address:
        return text(self.network)

    @property
    def last(self) -> Address:
        """The highest address of the block: its directed broadcast address."""
        return text(self.network | ~self.mask & 0xFFFFFFFF)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, str) and number(address) & MASKS[self.length] == self.network

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


MASKS: tuple[int, ...] = tuple((0xFFFFFFFF << 32 - length) & 0xFFFFFFFF for length in range(33))
LOOPBACK = Prefix.parse("127.0.0.0/8")
DEFAULT = Prefix(0, 0)


@lru_cache(maxsize=65536)
def is_loopback(address: Address) -> bool:
    return address in LOOPBACK


def mac_of(address: Address) -> Mac:
    """The MAC that CNI's bridge plugin derives from an address: 0a:58 and its four octets in hex."""
    return "0a:58:" + ":".join(f"{int(octet):02x}" for octet in address.split("."))
