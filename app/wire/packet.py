"""The header records, outermost to innermost, nested by `payload`.

Only what decides a packet's way or is worth showing is held; octets, checksums and padding are computed elsewhere on
demand.  `size` is the length in octets of the record with everything inside it (RFC 791, 793, 768, 826, 7348).
"""

from collections.abc import Iterator
from typing import Literal, TypeAlias, Union

from app.wire.addr import BROADCAST_MAC, Address, Mac
from app.wire.record import Record

ETHERNET_HEADER = 14
ETH_P_IP, ETH_P_ARP = 0x0800, 0x0806
VXLAN_OVERHEAD = 50  # outer Ethernet 14, IPv4 20, UDP 8, VXLAN 8

TcpFlag: TypeAlias = Literal["SYN", "ACK", "PSH", "FIN", "RST"]


class HttpRequest(Record, frozen=True):
    """An HTTP/1.1 request (RFC 9112); headers in order, names as sent."""

    method: str
    host: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        lines = (f"{name}: {value}" for name, value in self.headers)
        return len("\r\n".join((f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host}", *lines))) + 4


class HttpResponse(Record, frozen=True):
    """An HTTP/1.1 response (RFC 9112)."""

    status: int
    reason: str
    body: str = ""

    @property
    def size(self) -> int:
        head = f"HTTP/1.1 {self.status} {self.reason}\r\nContent-Length: {len(self.body)}\r\n\r\n"
        return len(head) + len(self.body)


class Text(Record, frozen=True):
    """Payload of an echo: any text."""

    data: str

    @property
    def size(self) -> int:
        return len(self.data)


Message: TypeAlias = HttpRequest | HttpResponse | Text


class Part(Record, frozen=True):
    """Which octets of a message one of several segments carries."""

    offset: int
    octets: int


class Tcp(Record, frozen=True):
    """A TCP segment (RFC 9293).  `seq` and `ack` are relative to the connection's initial numbers.

    One of several, with `part`, still names the whole message, as a fragment does its packet.
    """

    sport: int
    dport: int
    flags: tuple[TcpFlag, ...]
    seq: int = 0
    ack: int = 0
    payload: Message | None = None
    mss: int | None = None  # option of a SYN, octets
    part: Part | None = None

    @property
    def octets(self) -> int:
        """How much of its message it carries."""
        return self.part.octets if self.part else self.payload.size if self.payload else 0

    @property
    def last(self) -> bool:
        """Does the message end with it?"""
        whole = self.payload.size if self.payload else 0
        return self.part is None or self.part.offset + self.part.octets == whole

    @property
    def size(self) -> int:
        """Linux sends 20 octets of options with a SYN (MSS, SACK, timestamps, window scale), 12 afterwards."""
        header = 20 if "RST" in self.flags else 40 if "SYN" in self.flags else 32
        return header + self.octets


class Udp(Record, frozen=True):
    """A UDP datagram (RFC 768)."""

    sport: int
    dport: int
    payload: Union[HttpRequest, HttpResponse, Text, "Vxlan", None] = None

    @property
    def size(self) -> int:
        return 8 + (self.payload.size if self.payload else 0)


class Icmp(Record, frozen=True):
    """An ICMP message (RFC 792): an error quotes the packet it is about, an echo carries id and sequence."""

    type: int
    code: int
    quoted: Union["IPv4", None] = None
    mtu: int = 0  # of "fragmentation needed" (RFC 1191), octets
    id: int = 0
    sequence: int = 0
    gateway: Address | None = None  # of a redirect (RFC 792)
    octets: int = 56  # of an echo's data
    room: int = 548  # octets that an error quotes at most

    @property
    def is_error(self) -> bool:
        return self.type in (3, 5, 11, 12)

    @property
    def size(self) -> int:
        """Linux quotes as much as fits into 576 octets (RFC 1812 4.3.2.3), and into the way out where that takes less."""
        return 8 + (min(self.quoted.size, self.room) if self.quoted else self.octets)


class Fragment(Record, frozen=True):
    """Which part of a packet this is: `octets` of its payload from `offset` on; `more`: another one follows (RFC 791).

    `datagram` stands for the identification: the same for all fragments of one packet, and for no other.
    """

    offset: int
    octets: int
    more: bool
    datagram: int


class IPv4(Record, frozen=True):
    """An IPv4 header without options (RFC 791).  A fragment still names the whole payload, of which it carries a part."""

    src: Address
    dst: Address
    payload: Tcp | Udp | Icmp
    ttl: int = 64
    df: bool = True
    fragment: Fragment | None = None

    @property
    def protocol(self) -> Literal["tcp", "udp", "icmp"]:
        return PROTOCOL_NAMES[type(self.payload)]

    @property
    def later(self) -> bool:
        """A fragment without the transport header, which only the first one has."""
        return self.fragment is not None and self.fragment.offset > 0

    @property
    def size(self) -> int:
        return 20 + (self.fragment.octets if self.fragment else self.payload.size)


class Arp(Record, frozen=True):
    """An ARP message for IPv4 over Ethernet (RFC 826)."""

    op: Literal["request", "reply"]
    sender_mac: Mac
    sender_ip: Address
    target_mac: Mac
    target_ip: Address

    @property
    def size(self) -> int:
        return 28


class Ethernet(Record, frozen=True):
    """An Ethernet II frame without its checksum."""

    src: Mac
    dst: Mac
    payload: IPv4 | Arp

    @property
    def type(self) -> Literal["ipv4", "arp"]:
        return "arp" if type(self.payload) is Arp else "ipv4"

    @property
    def broadcast(self) -> bool:
        return self.dst == BROADCAST_MAC

    @property
    def size(self) -> int:
        return ETHERNET_HEADER + self.payload.size


class Vxlan(Record, frozen=True):
    """A VXLAN header (RFC 7348) and the frame it carries."""

    vni: int
    payload: Ethernet

    @property
    def size(self) -> int:
        return 8 + self.payload.size


PROTOCOL_NAMES: dict[type, Literal["tcp", "udp", "icmp"]] = {Tcp: "tcp", Udp: "udp", Icmp: "icmp"}

Header: TypeAlias = Ethernet | Arp | IPv4 | Icmp | Udp | Tcp | Vxlan | HttpRequest | HttpResponse | Text
Packet: TypeAlias = Ethernet | IPv4


def layers(packet: Header) -> Iterator[Header]:
    """The headers of a packet, outermost first; what an ICMP error quotes is not a layer of it, and a later fragment has no more."""
    layer: Header | None = packet
    while layer is not None:
        yield layer
        layer = None if type(layer) is IPv4 and layer.later else getattr(layer, "payload", None)
