"""Connection tracking.  Every connection has two tuples, and both are keys of the table.

The original tuple is what the first packet looked like when it entered the machine.  The reply tuple is what an answer
will look like when it enters.  Without NAT one is the other reversed; NAT is nothing but a reply tuple that was changed
before the entry was confirmed.  A packet is translated by comparing the two (net/netfilter/nf_conntrack_core.c, nf_nat_core.c).
"""

from typing import Literal, TypeAlias

from app.wire.addr import Address
from app.wire.record import Record

CtInfo: TypeAlias = Literal["NEW", "ESTABLISHED", "RELATED", "INVALID"]
Direction: TypeAlias = Literal["original", "reply"]
CtState: TypeAlias = Literal[
    "SYN_SENT",
    "SYN_RECV",
    "ESTABLISHED",
    "FIN_WAIT",
    "CLOSE_WAIT",
    "LAST_ACK",
    "TIME_WAIT",
    "CLOSE",
    "UNREPLIED",
    "REPLIED",
]


ANSWERS = {8: 0, 0: 8}


class FlowTuple(Record, frozen=True):
    """Protocol, addresses, ports.  For an ICMP echo both ports hold the identifier, and `type` whether it asks or answers."""

    protocol: Literal["tcp", "udp", "icmp"]
    src: Address
    sport: int
    dst: Address
    dport: int
    type: int = 0

    @property
    def reversed(self) -> "FlowTuple":
        """What answers to this: an echo by an echo reply (nf_conntrack_proto_icmp.c: nf_conntrack_invert_icmp_tuple)."""
        kind = ANSWERS.get(self.type, 0) if self.protocol == "icmp" else 0
        return FlowTuple(self.protocol, self.dst, self.dport, self.src, self.sport, kind)


class Conn(Record, frozen=True):
    """One line of `conntrack -L`.  Frozen: a change makes a new record."""

    original: FlowTuple
    reply: FlowTuple
    state: CtState
    confirmed: bool = False
    seen_reply: bool = False
    assured: bool = False
    mark: int = 0

    @property
    def dnat(self) -> bool:
        """An ICMP echo has one identifier for both ends; changing it is the source's translation."""
        if self.original.protocol == "icmp":
            return self.reply.src != self.original.dst
        return (self.reply.src, self.reply.sport) != (self.original.dst, self.original.dport)

    @property
    def snat(self) -> bool:
        return (self.reply.dst, self.reply.dport) != (self.original.src, self.original.sport)

    def tuple(self, direction: Direction) -> FlowTuple:
        return self.original if direction == "original" else self.reply
