"""A frame on a device: what the engine says was there, and what the kernel's capture says, in one form."""

from collections.abc import Iterable, Iterator, Set
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from app.datapath.events import Received, Step, Transmitted
from app.lab.compare import decode
from app.lab.job import Recording
from app.lab.programs import octets
from app.wire.packet import (
    Arp,
    Ethernet,
    Fragment,
    Header,
    Icmp,
    IPv4,
    Message,
    Tcp,
    Udp,
    Vxlan,
    layers,
)

Field: TypeAlias = tuple[str, str | int | None]
Ends: TypeAlias = tuple[str, int, str, int]
"""Address and port from which, address and port to which."""
Seen: TypeAlias = tuple[str, str, bool, Ethernet]
"""Namespace, device, whether it left, the frame."""
OPEN = "any"


class Sighting(Struct, frozen=True):
    """`fields` are the headers' fields that must agree, outermost first; `name` says in words what frame it is."""

    netns: str
    device: str
    outgoing: bool
    fields: tuple[Field, ...]
    name: str
    firm: bool

    @property
    def place(self) -> str:
        """`node1 vethyyy>`"""
        return f"{self.netns} {self.device}{'>' if self.outgoing else '<'}"


def computed(steps: Iterable[Step], ports: Set[int]) -> list[Sighting]:
    """What a capture on every device would show of this walk."""
    seen = (
        (step.at, step.event.dev or "", type(step.event) is Transmitted, step.event.skb.eth)
        for step in steps
        if isinstance(step.event, Received | Transmitted) and step.event.skb
    )
    return sightings(seen, ports)


def recorded(recording: Recording, ports: Set[int]) -> list[Sighting]:
    """What the captures showed.  Raises NotDecoded."""
    seen = (
        (frame.netns, frame.device, frame.outgoing, decode.frame(frame.octets)) for frame in recording.frames
    )
    return sightings(seen, ports)


def sightings(seen: Iterable[Seen], ports: Set[int]) -> list[Sighting]:
    """In the order in which they were seen, as sequence numbers are told from the SYN that came before."""
    numbers = Numbers()
    return [
        Sighting(
            netns,
            device,
            outgoing,
            (*fields(frame, ports), *numbers.of(netns, frame)),
            name_of(frame, ports),
            is_firm(frame),
        )
        for netns, device, outgoing, frame in seen
    ]


class Numbers:
    """Sequence numbers as distances from the first one seen in a namespace in each direction; where there was none they are open."""

    def __init__(self) -> None:
        self.first: dict[tuple[str, Ends], int] = {}

    def of(self, netns: str, frame: Ethernet) -> Iterator[Field]:
        for header in layers(frame):
            if isinstance(header, IPv4) and isinstance(header.payload, Tcp) and not header.later:
                yield from self.relative(netns, header, header.payload)

    def relative(self, netns: str, ip: IPv4, segment: Tcp) -> Iterator[Field]:
        ours, theirs = (
            (ip.src, segment.sport, ip.dst, segment.dport),
            (ip.dst, segment.dport, ip.src, segment.sport),
        )
        if "SYN" in segment.flags:
            self.first[netns, ours] = segment.seq
        yield ("tcp.seq", distance(segment.seq, self.first.get((netns, ours))))
        if "ACK" in segment.flags:
            yield ("tcp.ack", distance(segment.ack, self.first.get((netns, theirs))))


def distance(number: int, first: int | None) -> int | str:
    return OPEN if first is None else (number - first) % 2**32


def fields(header: Header, ports: Set[int]) -> Iterator[Field]:
    """Names and values.  Ports that are not in `ports` are chance: a masqueraded one, a tunnel's source."""
    match header:
        case Ethernet(src, dst, payload):
            yield from (("eth.src", src), ("eth.dst", dst))
            yield from fields(payload, ports)
        case Arp(op, sender_mac, sender_ip, target_mac, target_ip):
            yield from (("arp.op", op), ("arp.sender_mac", sender_mac), ("arp.sender_ip", sender_ip))
            yield from (("arp.target_mac", target_mac), ("arp.target_ip", target_ip))
        case IPv4(src, dst, payload, ttl, df, part):
            yield from (("ip.src", src), ("ip.dst", dst), ("ip.ttl", ttl), ("ip.df", df))
            yield ("ip.length", header.size)
            yield ("ip.protocol", header.protocol)
            yield from fragment_fields(part)
            if not header.later:
                yield from in_part(fields(payload, ports)) if part else fields(payload, ports)
        case Tcp(sport, dport, flags, mss=mss):
            yield from (("tcp.sport", port(sport, ports)), ("tcp.dport", port(dport, ports)))
            yield from (("tcp.flags", "+".join(flags)), ("tcp.mss", mss), ("tcp.data", carried(header)))
        case Udp(sport, dport, payload):
            tunnel = isinstance(payload, Vxlan)
            yield from (
                ("udp.sport", OPEN if tunnel else port(sport, ports)),
                ("udp.dport", port(dport, ports)),
            )
            if isinstance(payload, Vxlan):
                yield ("vxlan.vni", payload.vni)
                yield from ((f"inner {name}", value) for name, value in fields(payload.payload, ports))
            else:
                yield ("udp.data", data(payload))
        case Icmp():
            yield from icmp_fields(header, ports)


def icmp_fields(message: Icmp, ports: Set[int]) -> Iterator[Field]:
    """An error's with what it quotes, an echo's with its numbers."""
    yield from (("icmp.type", message.type), ("icmp.code", message.code))
    yield from (("icmp.mtu", message.mtu), ("icmp.gateway", message.gateway))
    if message.quoted:
        yield from ((f"quoted {name}", value) for name, value in in_part(fields(message.quoted, ports)))
    else:
        yield from (("icmp.id", port(message.id, ports)), ("icmp.sequence", message.sequence))


def fragment_fields(part: Fragment | None) -> Iterator[Field]:
    """Which part of a packet it is.  The identification is a number of the kernel's own."""
    yield ("ip.offset", part.offset if part else 0)
    yield ("ip.mf", part.more if part else False)


def in_part(whole: Iterable[Field]) -> Iterator[Field]:
    """What a packet is quoted in, or a fragment carries, may end early: no length or content inside it is to be compared."""
    return ((name, value) for name, value in whole if not name.endswith(("ip.length", ".data")))


def carried(segment: Tcp) -> str | None:
    """What a segment has of its message."""
    whole, part = data(segment.payload), segment.part
    return whole[part.offset : part.offset + part.octets] if whole and part else whole


def data(message: Message | None) -> str | None:
    """What a message is on the wire; an empty one is none."""
    return octets(message).decode("latin-1") or None if message else None


def port(number: int, ports: Set[int]) -> int | str:
    return number if number in ports else OPEN


def name_of(header: Header, ports: Set[int]) -> str:
    match header:
        case Ethernet(payload=payload):
            return name_of(payload, ports)
        case Arp(op="request"):
            return f"ARP who-has {header.target_ip} tell {header.sender_ip}"
        case Arp():
            return f"ARP {header.sender_ip} is-at {header.sender_mac}"
        case IPv4(src, dst, fragment=Fragment(offset=offset)) if offset:
            return f"fragment at {offset} of {header.protocol.upper()} {src} > {dst}"
        case IPv4(fragment=Fragment()):
            return f"fragment at 0 of {name_of(replace(header, fragment=None), ports)}"
        case IPv4(src, dst, Tcp(sport, dport, flags, payload=payload)):
            ends = f"{src}:{port(sport, ports)} > {dst}:{port(dport, ports)}"
            return f"{'+'.join(flags)} {ends}{' with data' if payload else ''}"
        case IPv4(payload=Udp(payload=Vxlan(payload=inner))):
            return f"VXLAN {header.src} > {header.dst} [{name_of(inner, ports)}]"
        case IPv4(src, dst, Udp(sport, dport)):
            return f"UDP {src}:{port(sport, ports)} > {dst}:{port(dport, ports)}"
        case IPv4(src, dst, Icmp(kind, code, quoted)):
            about = f" about {name_of(quoted, ports)}" if quoted else ""
            return f"ICMP {kind}/{code} {src} > {dst}{about}"
    return type(header).__name__


def is_firm(frame: Ethernet) -> bool:
    """Does its place in the order follow from the frames alone?  Bare ACKs and FINs depend on when processes wake."""
    ip = frame.payload
    while isinstance(ip, IPv4) and isinstance(ip.payload, Udp) and isinstance(ip.payload.payload, Vxlan):
        ip = ip.payload.payload.payload.payload
    if not isinstance(ip, IPv4) or ip.later or not isinstance(ip.payload, Tcp):
        return True
    segment = ip.payload
    return segment.payload is not None or "SYN" in segment.flags or "RST" in segment.flags
