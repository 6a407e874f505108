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
    """The neighbour table was asked who has the next hop."""

    address: Address
    entry: Neighbour | None


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
    """The kernel wrote an ARP request; `probe` counts from 1."""

    address: Address
    probe: int


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


class ChainVisit(Struct, frozen=True):
    """One chain walked: the positions of the rules that matched, in order, and how the visit ended."""

    table: TableName
    chain: str
    matched: tuple[int, ...]
    compared: int
    verdict: Literal["ACCEPT", "DROP", "RETURN", "REJECT", "DNAT", "SNAT", "MASQUERADE", "JUMP"]
    depth: int = 0


class HookPassed(Event, frozen=True):
    """One netfilter hook was run: every chain walked in it, in order.  `before` is the packet it was shown."""

    hook: Hook
    iif: str | None
    oif: str | None
    visits: tuple[ChainVisit, ...]
    verdict: Literal["ACCEPT", "DROP"]
    before: Skb
    bridged: bool = False


class Choice(Struct, frozen=True):
    """One end that a random choice could have led to, with its probability."""

    address: Address
    port: int | None
    probability: float


class Translated(Event, frozen=True):
    """An address was rewritten: by a rule for the first packet (`origin`), from the entry for every other one."""

    kind: Literal["DNAT", "SNAT", "MASQUERADE", "un-DNAT", "un-SNAT"]
    conn: Conn
    direction: Direction
    first: bool
    origin: Origin | None = None
    choices: tuple[Choice, ...] = ()


# --- connection tracking ---------------------------------------------------------------------------------------------


class ConntrackFound(Event, frozen=True):
    """The packet belongs to a known connection; `conn` is the entry with what this packet changed in it."""

    conn: Conn
    direction: Direction

    def apply(self, netns: Netns) -> Netns:
        both = {self.conn.original: self.conn, self.conn.reply: self.conn}
        return netns.learn(conntrack={**netns.learned.conntrack, **both})


class ConntrackCreated(Event, frozen=True):
    """A first packet: an entry exists from here on, but only on the skb until it is confirmed."""

    conn: Conn


class ConntrackConfirmed(ConntrackFound, frozen=True):
    """The first packet got through all hooks: its entry enters the table."""


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


class SocketChanged(Event, frozen=True):
    """A socket was opened, changed its state or went away (`after` is None)."""

    key: SocketKey
    before: Socket | None
    after: Socket | None

    def apply(self, netns: Netns) -> Netns:
        sockets = {key: socket for key, socket in netns.learned.sockets.items() if key != self.key}
        return netns.learn(sockets={**sockets, self.key: self.after} if self.after else sockets)


class SocketFound(Event, frozen=True):
    """The transport protocol found the socket that this packet is for."""

    key: SocketKey
    process: str


class SegmentSent(Event, frozen=True):
    """The transport protocol wrote a packet and gives it to the network layer."""

    retransmission: int = 0


class MessageRead(Event, frozen=True):
    """A process read a whole message from its socket."""

    key: SocketKey
    process: str
    message: Message | None


class ProcessDecided(Event, frozen=True):
    """A process chose what to do with a message: which upstream, or which status to answer with."""

    process: str
    message: Message
    answer: Literal["forward", "respond"]
    detail: str


class ProbeEnded(Event, frozen=True):
    """The process that sent the probe got its answer, or an errno in the kernel's spelling."""

    key: SocketKey
    error: Literal["ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "EMSGSIZE"] | None
    message: Message | None = None


class TimerFired(Event, frozen=True):
    """Time passed and a timer ran; `after` is how long it was armed, in microseconds."""

    after: int


class ContainerRestarted(Event, frozen=True):
    """A process was started anew in a namespace that stayed: sockets are gone, addresses are not."""

    process: str
    count: int

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(sockets={k: s for k, s in netns.learned.sockets.items() if s.process != self.process})


AnyEvent: TypeAlias = (
    Received | Transmitted | Dropped | FdbLearned | FdbLookedUp | PassedUp | NeighLookedUp | NeighHeld | NeighUpdated
    | ArpAsked | ArpAnswered | ArpIgnored | RouteLookedUp | Forwarded | DeliveredLocally | HookPassed | Translated
    | ConntrackConfirmed | ConntrackFound | ConntrackCreated | Encapsulated | Decapsulated | IcmpSent | SocketChanged
    | SocketFound | SegmentSent | MessageRead | ProcessDecided | ProbeEnded | TimerFired | ContainerRestarted
)  # fmt: skip
"""Closed: `story.narration` matches all of them, and mypy proves that none is forgotten."""


class Step(Struct, frozen=True):
    """An event with its envelope: order, animation frame, cause, place, time in microseconds, and the world after it."""

    seq: int
    tick: int
    cause: int | None
    pass_: int
    at: str
    time: int
    event: AnyEvent
    world: World
