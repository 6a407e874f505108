"""Sockets, the programs above them, and the time that passes for them."""

from typing import Literal, TypeAlias

from app.datapath.events.base import Event
from app.kernel.netns import Netns
from app.kernel.origin import Origin
from app.kernel.socket import Socket, SocketKey
from app.wire.addr import Address
from app.wire.packet import Message


def with_socket(netns: Netns, key: SocketKey, socket: Socket | None) -> Netns:
    sockets = dict(netns.learned.sockets)
    if socket is None:
        sockets.pop(key, None)
    else:
        sockets[key] = socket
    return netns.learn(sockets=sockets)


class SocketOpened(Event, frozen=True):
    """A process opened a socket, or a listener made one for a connection that begins."""

    socket: Socket

    def apply(self, netns: Netns) -> Netns:
        return with_socket(netns, self.socket.key, self.socket)


class SocketFound(Event, frozen=True):
    """The transport protocol found the socket this packet is for; `after` is what the packet made of it, None: closed."""

    before: Socket
    after: Socket | None

    def apply(self, netns: Netns) -> Netns:
        return netns if self.after is self.before else with_socket(netns, self.before.key, self.after)


class SegmentSent(Event, frozen=True):
    """The transport protocol wrote a packet and gives it to the network layer; `retransmission` counts from 1."""

    socket: Socket | None = None
    retransmission: int = 0

    def apply(self, netns: Netns) -> Netns:
        return with_socket(netns, self.socket.key, self.socket) if self.socket else netns


class MessageRead(Event, frozen=True):
    """A process read a whole message from its socket."""

    key: SocketKey
    process: str
    message: Message


class ProcessDecided(Event, frozen=True):
    """A process chose what to do with a message: which upstream, or which status to answer with."""

    process: str
    message: Message
    upstream: tuple[Address, int] | None
    origin: Origin | None


Errno: TypeAlias = Literal[
    "ECONNREFUSED",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ECONNRESET",
    "EMSGSIZE",
    "EACCES",
    "EINVAL",
    "EPERM",
]


class ProbeEnded(Event, frozen=True):
    """The process that sent the probe got its answer, or an errno in the kernel's spelling."""

    key: SocketKey
    error: Errno | None
    message: Message | None = None

    def apply(self, netns: Netns) -> Netns:
        """Its socket is closed with it: at once, unless TCP has a goodbye to say (tcp.c: tcp_disconnect, tcp_close)."""
        socket = netns.learned.sockets.get(self.key)
        if socket is None or socket.state not in (None, "SYN_SENT"):
            return netns
        return with_socket(netns, self.key, None)


class TimerFired(Event, frozen=True):
    """Time passed and a timer ran; `after` is how long it was armed, in microseconds."""

    after: int


class ProcessRestarted(Event, frozen=True):
    """A process died and was started anew in a namespace that stayed: its connections are gone, its listeners are back."""

    process: str

    def apply(self, netns: Netns) -> Netns:
        kept = {
            k: s
            for k, s in netns.learned.sockets.items()
            if s.process != self.process or s.state in ("LISTEN", None)
        }
        return netns.learn(sockets=kept)
