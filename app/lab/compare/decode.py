"""Octets off the wire as the header records that the engine computes with (RFC 826, 791, 792, 793, 768, 7348)."""

import struct
from collections.abc import Callable, Mapping
from socket import inet_ntoa
from typing import TypeAlias

from app.wire.addr import Mac
from app.wire.packet import (
    ETH_P_ARP,
    ETH_P_IP,
    Arp,
    Ethernet,
    Fragment,
    Icmp,
    IPv4,
    Tcp,
    TcpFlag,
    Text,
    Udp,
    Vxlan,
)

ETHERNET = struct.Struct("!6s6sH")
ARP = struct.Struct("!HHBBH6s4s6s4s")
IPV4 = struct.Struct("!BBHHHBBH4s4s")
TCP = struct.Struct("!HHIIBBHHH")
UDP = struct.Struct("!HHHH")
ICMP = struct.Struct("!BBHHH")
VXLAN = struct.Struct("!B3xI")

DONT_FRAGMENT, MORE_FRAGMENTS, FRAGMENT_OFFSET = 0x4000, 0x2000, 0x1FFF
UNIT = 8  # octets, of a fragment's offset
REDIRECT = 5
VXLAN_PORTS = (8472, 4789)
FLAGS: dict[TcpFlag, int] = {"SYN": 0x02, "FIN": 0x01, "RST": 0x04, "PSH": 0x08, "ACK": 0x10}
"""In the order in which they are named: SYN+ACK, FIN+ACK, PSH+ACK."""

Decoders: TypeAlias = Mapping[int, Callable[[bytes], Tcp | Udp | Icmp]]

MSS_OPTION, END_OPTION, NO_OPTION = 2, 0, 1


class Captured(IPv4, frozen=True):
    """A packet as it was on the wire; `size` is what its own header says, not what its parts add up to."""

    total_length: int = 0

    @property
    def size(self) -> int:
        return self.total_length


class NotDecoded(ValueError):
    """A frame of a protocol that no journey has."""


def frame(octets: bytes) -> Ethernet:
    """Raises NotDecoded."""
    dst, src, kind = ETHERNET.unpack_from(octets)
    rest = octets[ETHERNET.size :]
    if kind == ETH_P_ARP:
        return Ethernet(mac(src), mac(dst), arp(rest))
    if kind == ETH_P_IP:
        return Ethernet(mac(src), mac(dst), ipv4(rest))
    raise NotDecoded(f"Ethernet type {kind:#06x}")


def mac(octets: bytes) -> Mac:
    return octets.hex(":")


def arp(octets: bytes) -> Arp:
    *_, op, sender_mac, sender_ip, target_mac, target_ip = ARP.unpack_from(octets)
    return Arp(
        "request" if op == 1 else "reply",
        mac(sender_mac),
        inet_ntoa(sender_ip),
        mac(target_mac),
        inet_ntoa(target_ip),
    )


def ipv4(octets: bytes, decoders: Decoders | None = None) -> Captured:
    """Cut to its total length: what follows is Ethernet's padding.  A quoted packet may be shorter than it says.

    `decoders` read what is inside, by protocol, if not to the end.  Raises NotDecoded.
    What a fragment's payload record says of lengths is not to be relied on, and a later one's is no more than its protocol.
    """
    first, _, length, identification, bits, ttl, protocol, _, src, dst = IPV4.unpack_from(octets)
    header = (first & 15) * 4
    inside = (decoders or DECODERS).get(protocol)
    if inside is None:
        raise NotDecoded(f"IP protocol {protocol}")
    offset, more = (bits & FRAGMENT_OFFSET) * UNIT, bool(bits & MORE_FRAGMENTS)
    part = Fragment(offset, length - header, more, identification) if offset or more else None
    payload = BARE[protocol] if offset else inside(octets[header:length])
    df = bool(bits & DONT_FRAGMENT)
    return Captured(inet_ntoa(src), inet_ntoa(dst), payload, ttl, df, part, total_length=length)


def tcp(octets: bytes) -> Tcp:
    sport, dport, seq, ack, offset, bits, *_ = TCP.unpack_from(octets)
    header = (offset >> 4) * 4
    flags = tuple(name for name, bit in FLAGS.items() if bits & bit)
    content = octets[header:]
    return Tcp(sport, dport, flags, seq, ack, text(content), mss(octets[TCP.size : header]))


def text(octets: bytes) -> Text | None:
    return Text(octets.decode("latin-1")) if octets else None


def mss(options: bytes) -> int | None:
    at = 0
    while at < len(options) and options[at] != END_OPTION:
        if options[at] == NO_OPTION:
            at += 1
        elif options[at] == MSS_OPTION:
            return int.from_bytes(options[at + 2 : at + 4], "big")
        else:
            at += options[at + 1]
    return None


def udp(octets: bytes) -> Udp:
    sport, dport, *_ = UDP.unpack_from(octets)
    content = octets[UDP.size :]
    if dport in VXLAN_PORTS and len(content) > VXLAN.size:
        _, vni = VXLAN.unpack_from(content)
        return Udp(sport, dport, Vxlan(vni >> 8, frame(content[VXLAN.size :])))
    return Udp(sport, dport, text(content))


def icmp(octets: bytes) -> Icmp:
    kind, code, _, first, second = ICMP.unpack_from(octets)
    content = octets[ICMP.size :]
    if kind == REDIRECT:
        return Icmp(kind, code, quoted=ipv4(content), gateway=inet_ntoa(octets[4:8]))
    if Icmp(kind, code).is_error:
        return Icmp(kind, code, quoted=ipv4(content), mtu=second)
    return Icmp(kind, code, id=first, sequence=second, octets=len(content))


DECODERS: Decoders = {1: icmp, 6: tcp, 17: udp}
BARE: dict[int, Tcp | Udp | Icmp] = {1: Icmp(8, 0), 6: Tcp(0, 0, ()), 17: Udp(0, 0)}
"""What stands for a payload whose header is in another fragment."""
