"""Sockets: who listens, and how far a TCP connection is (include/net/sock.h)."""

from typing import Literal, TypeAlias

from app.wire.addr import ANY, Address
from app.wire.packet import Message
from app.wire.record import Record

TcpState: TypeAlias = Literal[
    "LISTEN",
    "SYN_SENT",
    "SYN_RECV",
    "ESTABLISHED",
    "FIN_WAIT1",
    "LAST_ACK",
    "CLOSE_WAIT",
    "TIME_WAIT",
    "CLOSE",
]


PathMtuDiscovery: TypeAlias = Literal["want", "do", "dont"]
"""IP_MTU_DISCOVER (ip(7)): DF wherever a packet fits, and fragments where it does not; DF always; never."""


class SocketKey(Record, frozen=True):
    """What a socket is found by; a listener has the remote end 0.0.0.0:0."""

    protocol: Literal["tcp", "udp", "icmp"]
    local: Address
    lport: int
    remote: Address = ANY
    rport: int = 0


class Relay(Record, frozen=True):
    """What a relaying program remembers of a second connection: for whom, and what to send."""

    downstream: SocketKey
    request: Message


class Socket(Record, frozen=True):
    """One line of `ss -tan` or `ss -uan`.

    `process` names the program that holds it; `cookie` is what that program wants to remember about it.  `seq` and `ack`
    are relative (snd_nxt, rcv_nxt), `mss` in octets; `unacked` is the message under way, to be sent again if it is lost;
    `due` is when its timer will fire, microseconds, and `timeouts` how often that has happened.
    `pmtudisc` says what its packets that are too large for the path become.
    """

    key: SocketKey
    process: str
    state: TcpState | None = None
    cookie: Message | Relay | None = None
    seq: int = 0
    ack: int = 0
    mss: int = 1460
    unacked: Message | None = None
    due: int = 0
    timeouts: int = 0
    pmtudisc: PathMtuDiscovery = "want"
