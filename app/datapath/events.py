"""What a step can state, in the past tense and without a word of explanation.

An event carries the traveller as it is *after* the event, the device it concerns, the kernel function that did it, and
the evidence: what was looked up, what was found, what else was considered.  Some events change a namespace: `apply`
returns it changed.  Yielding is committing: `walk` applies an event before its generator goes on.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from app.datapath.drop import DropReason
from app.kernel.conntrack import Conn, Direction
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netfilter import Hook, TableName
from app.kernel.netns import Netns
from app.kernel.origin import Origin
from app.kernel.route import Fib, Route
from app.kernel.skb import Skb
from app.kernel.socket import Socket, SocketKey
from app.kernel.world import World
from app.wire.addr import Address, Mac
from app.wire.packet import Message


class Event(Struct, frozen=True):
    """`skb` is None where no packet is concerned (a timer, a socket call)."""

    skb: Skb | None
    dev: str | None
    function: str

    def apply(self, netns: Netns) -> Netns:
        return netns


# --- devices ---------------------------------------------------------------------------------------------------------


class Received(Event, frozen=True):
    """A frame came in on `dev`: what a capture on the device shows as incoming."""


class Transmitted(Event, frozen=True):
    """A frame left by `dev`: what a capture on the device shows as outgoing."""


class Dropped(Event, frozen=True):
    """The end of this skb.  `by` is who wrote the rule or entry that decided, where one did."""

    reason: DropReason
    by: Origin | None = None


# --- bridge ----------------------------------------------------------------------------------------------------------


class FdbLearned(Event, frozen=True):
    """The bridge noted behind which port a MAC is."""

    entry: FdbEntry
    known: FdbEntry | None = None

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(fdb={**netns.learned.fdb, (self.entry.dev, self.entry.mac): self.entry})


class FdbLookedUp(Event, frozen=True):
    """A bridge or a VXLAN device asked its FDB for the destination MAC; `flooded_to` are the ports when nobody was known."""

    mac: Mac
    entry: FdbEntry | None
    flooded_to: tuple[str, ...] = ()


class PassedUp(Event, frozen=True):
    """The bridge handed the frame to its own device: now the machine's network layer gets it."""


# --- neighbours ------------------------------------------------------------------------------------------------------


class NeighLookedUp(Event, frozen=True):
    """The neighbour table knows the next hop's MAC, and the frame got its addresses; use makes a STALE entry DELAY."""

    entry: Neighbour
    before: Neighbour

    def apply(self, netns: Netns) -> Netns:
        if self.entry is self.before:
            return netns
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class NeighHeld(Event, frozen=True):
    """The packet waits in the neighbour's queue until somebody answers."""

    entry: Neighbour

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class NeighUpdated(Event, frozen=True):
    """An entry changed its MAC or state."""

    entry: Neighbour
    before: Neighbour | None = None

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class ArpAsked(Event, frozen=True):
    """The kernel wrote an ARP request; `entry.probes` counts from 1."""

    entry: Neighbour

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class ArpAnswered(Event, frozen=True):
    """The kernel owns the address asked for and wrote the reply."""

    address: Address


class ArpIgnored(Event, frozen=True):
    """An ARP message that is no business of this namespace; the copy ends here."""

    address: Address


# --- network layer ---------------------------------------------------------------------------------------------------


class RouteLookedUp(Event, frozen=True):
    """The FIB was asked; `route` is the longest prefix that holds `dst`, `fib` the tables it was found in."""

    dst: Address
    route: Route | None
    fib: Fib


class Forwarded(Event, frozen=True):
    """ip_forward let it pass: TTL is one lower."""

    route: Route


class DeliveredLocally(Event, frozen=True):
    """The packet is for this machine and goes up to its transport protocol."""


RuleVerdict: TypeAlias = Literal["ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE"]


class ChainVisit(Struct, frozen=True):
    """One chain walked: the positions of the rules that matched, in order, and how many a kernel would have compared."""

    table: TableName
    chain: str
    matched: tuple[int, ...]
    compared: int
    depth: int = 0


class HookPassed(Event, frozen=True):
    """One table was run at a netfilter hook: every chain walked, in order.  `before` is the packet it was shown.

    `by` is who wrote the rule that ended the walk; `bridged` says that a bridge hook called this one (br_netfilter).
    """

    hook: Hook
    table: TableName
    iif: str | None
    oif: str | None
    visits: tuple[ChainVisit, ...]
    verdict: RuleVerdict
    before: Skb
    by: Origin | None = None
    bridged: bool = False


class Translated(Event, frozen=True):
    """An address was rewritten: by a rule for the first packet (`origin`), from the entry for every other one."""

    kind: Literal["DNAT", "SNAT", "un-DNAT", "un-SNAT"]
    conn: Conn
    direction: Direction
    first: bool
    origin: Origin | None = None


# --- connection tracking ---------------------------------------------------------------------------------------------


class ConntrackFound(Event, frozen=True):
    """The packet belongs to a known connection; `conn` is the entry with what this packet changed in it."""

    conn: Conn
    direction: Direction
    before: Conn | None = None

    def apply(self, netns: Netns) -> Netns:
        if self.conn is self.before:
            return netns
        both = {self.conn.original: self.conn, self.conn.reply: self.conn}
        return netns.learn(conntrack={**netns.learned.conntrack, **both})


class ConntrackCreated(Event, frozen=True):
    """A first packet: an entry exists from here on, but only on the skb until it is confirmed."""

    conn: Conn


class ConntrackConfirmed(ConntrackFound, frozen=True):
    """The first packet got through all hooks: its entry enters the table."""


class ConntrackDestroyed(ConntrackFound, frozen=True):
    """A connection that was only ever refused is forgotten."""

    def apply(self, netns: Netns) -> Netns:
        gone = (self.conn.original, self.conn.reply)
        return netns.learn(
            conntrack={key: c for key, c in netns.learned.conntrack.items() if key not in gone}
        )


# --- tunnel ----------------------------------------------------------------------------------------------------------


class Encapsulated(Event, frozen=True):
    """The whole frame became payload of a UDP datagram to the node that the FDB named."""

    vni: int
    entry: FdbEntry


class Decapsulated(Event, frozen=True):
    """The outer headers were taken off; the inner frame comes in by the VXLAN device."""

    vni: int


# --- ICMP, sockets, processes ----------------------------------------------------------------------------------------


class IcmpSent(Event, frozen=True):
    """The kernel wrote an ICMP message: an error about another packet, or an echo reply."""

    about: Skb
    by: Origin | None = None


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
    "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "EMSGSIZE", "EACCES"
]


class ProbeEnded(Event, frozen=True):
    """The process that sent the probe got its answer, or an errno in the kernel's spelling."""

    key: SocketKey
    error: Errno | None
    message: Message | None = None


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


AnyEvent: TypeAlias = (
    Received | Transmitted | Dropped | FdbLearned | FdbLookedUp | PassedUp | NeighLookedUp | NeighHeld | NeighUpdated
    | ArpAsked | ArpAnswered | ArpIgnored | RouteLookedUp | Forwarded | DeliveredLocally | HookPassed | Translated
    | ConntrackConfirmed | ConntrackDestroyed | ConntrackFound | ConntrackCreated | Encapsulated | Decapsulated | IcmpSent | SocketOpened
    | SocketFound | SegmentSent | MessageRead | ProcessDecided | ProbeEnded | TimerFired | ProcessRestarted
)  # fmt: skip
"""Closed: `story.narration` matches all of them, and mypy proves that none is forgotten."""


class Step(Struct, frozen=True):
    """An event with its envelope: order, animation frame, cause, softirq pass, place, time in microseconds, the world after it."""

    seq: int
    tick: int
    cause: int | None
    hop: int
    at: str
    time: int
    event: AnyEvent
    world: World
