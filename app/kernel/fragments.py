"""Where fragments wait for the rest of their packet (include/net/inet_frag.h, include/net/ip.h: ip_defrag_users)."""

from typing import Literal, TypeAlias

from app.wire.addr import Address
from app.wire.record import Record

DefragUser: TypeAlias = Literal["local delivery", "conntrack in", "conntrack out", "bridge"]
"""Who wants the whole packet: each has a queue of its own."""


class FragmentKey(Record, frozen=True):
    """What the fragments of one packet have in common; `datagram` stands for the identification."""

    user: DefragUser
    src: Address
    dst: Address
    protocol: Literal["tcp", "udp", "icmp"]
    datagram: int
