"""What a program left in the ring, as values: the other half of `probes`."""

from socket import inet_ntoa
from typing import Final

from msgspec import Struct

from app.lab.tracing.probes import DROP, DROP_TAIL, HEAD, LOOKUP_TAIL

AF_INET: Final = 2


class DropTold(Struct, frozen=True):
    """A packet freed for a reason.  `namespaces`: of its device, socket, route, 0 or nonsense where it has none."""

    time: int
    cpu: int
    location: int
    reason: int
    namespaces: tuple[int, ...]
    protocol: int
    octets: bytes


class LookupTold(Struct, frozen=True):
    """A table asked.  `error` is 0 or a negative errno; without a device chosen there is no namespace either."""

    time: int
    cpu: int
    error: int
    namespace: int
    oif: int
    src: str
    dst: str
    gateway: str | None
    device: str


def told(record: bytes) -> DropTold | LookupTold:
    kind, time, cpu = HEAD.unpack_from(record)
    if kind == DROP:
        location, reason, *namespaces, protocol, octets = DROP_TAIL.unpack_from(record, HEAD.size)
        return DropTold(time, cpu, location, reason, tuple(namespaces), big_endian(protocol), octets)
    error, namespace, oif, src, dst, family, gateway, device = LOOKUP_TAIL.unpack_from(record, HEAD.size)
    via = inet_ntoa(gateway) if family == AF_INET else None
    return LookupTold(time, cpu, error, namespace, oif, inet_ntoa(src), inet_ntoa(dst), via, text(device))


def big_endian(number: int) -> int:
    """A 16-bit number of the network, read as one of this machine."""
    return int.from_bytes(number.to_bytes(2, "little"), "big")


def text(octets: bytes) -> str:
    return octets.partition(b"\0")[0].decode(errors="replace")
