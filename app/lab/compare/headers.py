"""A packet as far as its first headers tell of it: what a rule tracer shows."""

from collections.abc import Set
from socket import inet_ntoa

from msgspec.structs import replace

from app.lab.compare import decode, sightings
from app.wire.packet import Ethernet, Fragment, Icmp, IPv4, Tcp, Text, Udp

TCP, UDP = 6, 17


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
    """An IPv4 header and the first 20 octets behind it, as `first_headers` gives them.  Raises NotDecoded."""
    first, _, length, number, bits, ttl, protocol, _, src, dst = decode.IPV4.unpack_from(octets)
    header = (first & 15) * 4
    if protocol not in decode.BARE:
        raise decode.NotDecoded(f"IP protocol {protocol}")
    offset, more = (bits & decode.FRAGMENT_OFFSET) * decode.UNIT, bool(bits & decode.MORE_FRAGMENTS)
    part = Fragment(offset, length - header, more, number) if offset or more else None
    payload = decode.BARE[protocol] if offset else transport(protocol, octets[header:], length - header)
    unbroken = bool(bits & decode.DONT_FRAGMENT)
    return IPv4(inet_ntoa(src), inet_ntoa(dst), payload, ttl, unbroken, part)


def transport(protocol: int, octets: bytes, size: int) -> Tcp | Udp | Icmp:
    """`size` counts the octets behind the IPv4 header."""
    if protocol == TCP:
        sport, dport, seq, ack, offset, bits, *_ = decode.TCP.unpack_from(octets)
        flags = tuple(name for name, bit in decode.FLAGS.items() if bits & bit)
        content = Text("") if size > (offset >> 4) * 4 else None
        return Tcp(sport, dport, flags, seq, ack, content)
    if protocol == UDP:
        sport, dport, *_ = decode.UDP.unpack_from(octets)
        return Udp(sport, dport)
    return Icmp(*octets[:2])


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
