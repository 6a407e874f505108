"""A packet as far as its first headers tell of it: what a rule tracer shows."""

from collections.abc import Set

from msgspec.structs import replace

from app.lab.compare import decode, sightings
from app.wire.packet import Ethernet, Icmp, IPv4, Tcp, Text, Udp


def first_headers(ip: IPv4) -> IPv4:
    """Without what is inside the transport layer, except that a segment carries data or does not."""
    match ip.payload:
        case Tcp(payload=content):
            return replace(ip, payload=replace(ip.payload, payload=Text("") if content else None))
        case Udp():
            return replace(ip, payload=replace(ip.payload, payload=None))
        case Icmp(kind, code):
            return replace(ip, payload=Icmp(kind, code))


def decoded(octets: bytes) -> IPv4:
    """An IPv4 header and the first 20 octets behind it, as `first_headers` gives them: zeros stand for the others.  Raises NotDecoded."""
    length = int.from_bytes(octets[2:4], "big")
    return first_headers(decode.ipv4(octets.ljust(length, b"\0"), FIRST))


def udp(octets: bytes) -> Udp:
    return Udp(*decode.UDP.unpack_from(octets)[:2])


def icmp(octets: bytes) -> Icmp:
    return Icmp(*octets[:2])


FIRST: decode.Decoders = {1: icmp, 6: decode.tcp, 17: udp}
"""What a tunnel carries and what an error quotes is not looked into."""


def name_of(ip: IPv4, ports: Set[int]) -> str:
    """`SYN 10.244.1.2:40001 > 10.96.0.40:80`; a tunnel's source port is left open."""
    shown = first_headers(ip)
    written = ports - {shown.payload.sport} if is_tunnel(shown) and isinstance(shown.payload, Udp) else ports
    return sightings.name_of(shown, written)


def is_firm(ip: IPv4) -> bool:
    """As `sightings.is_firm`; what a tunnel carries is not seen from outside, so its packets have no place in the order."""
    return not is_tunnel(ip) and sightings.is_firm(Ethernet("", "", ip))


def is_tunnel(ip: IPv4) -> bool:
    return isinstance(ip.payload, Udp) and ip.payload.dport in decode.VXLAN_PORTS
