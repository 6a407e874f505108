"""What a step can state, in the past tense and without a word of explanation.

An event carries the traveller as it is *after* the event, the device it concerns, the kernel function that did it, and
the evidence: what was looked up, what was found, what else was considered.  Some events change a namespace: `apply`
returns it changed.  Yielding is committing: `walk` applies an event before its generator goes on.
"""

from typing import TypeAlias

from app.datapath.events.base import Event
from app.datapath.events.link import (
    ArpAnswered,
    ArpAsked,
    ArpIgnored,
    Decapsulated,
    Dropped,
    Encapsulated,
    FdbLearned,
    FdbLookedUp,
    NeighHeld,
    NeighLookedUp,
    NeighUpdated,
    PassedUp,
    Received,
    Transmitted,
)
from app.datapath.events.netfilter import (
    ChainVisit,
    ConntrackConfirmed,
    ConntrackCreated,
    ConntrackDestroyed,
    ConntrackFound,
    HookPassed,
    RuleVerdict,
    Translated,
)
from app.datapath.events.network import (
    DeliveredLocally,
    ErrorWithheld,
    ExceptionLearned,
    Forwarded,
    Fragmented,
    FragmentHeld,
    IcmpIgnored,
    IcmpSent,
    Reassembled,
    RedirectDue,
    RouteLookedUp,
)
from app.datapath.events.transport import (
    Errno,
    MessageRead,
    ProbeEnded,
    ProcessDecided,
    ProcessRestarted,
    SegmentSent,
    SocketFound,
    SocketOpened,
    TimerFired,
)
from app.kernel.world import World
from app.wire.record import Record

__all__ = [
    "AnyEvent",
    "ArpAnswered",
    "ArpAsked",
    "ArpIgnored",
    "ChainVisit",
    "ConntrackConfirmed",
    "ConntrackCreated",
    "ConntrackDestroyed",
    "ConntrackFound",
    "Decapsulated",
    "DeliveredLocally",
    "Dropped",
    "Encapsulated",
    "Errno",
    "ErrorWithheld",
    "Event",
    "ExceptionLearned",
    "FdbLearned",
    "FdbLookedUp",
    "Forwarded",
    "FragmentHeld",
    "Fragmented",
    "HookPassed",
    "IcmpIgnored",
    "IcmpSent",
    "MessageRead",
    "NeighHeld",
    "NeighLookedUp",
    "NeighUpdated",
    "PassedUp",
    "ProbeEnded",
    "ProcessDecided",
    "ProcessRestarted",
    "Reassembled",
    "Received",
    "RedirectDue",
    "RouteLookedUp",
    "RuleVerdict",
    "SegmentSent",
    "SocketFound",
    "SocketOpened",
    "Step",
    "TimerFired",
    "Translated",
    "Transmitted",
]

AnyEvent: TypeAlias = (
    Received | Transmitted | Dropped | FdbLearned | FdbLookedUp | PassedUp | NeighLookedUp | NeighHeld | NeighUpdated
    | ArpAsked | ArpAnswered | ArpIgnored | RouteLookedUp | Forwarded | DeliveredLocally | HookPassed | Translated
    | Fragmented | FragmentHeld | Reassembled | RedirectDue | ErrorWithheld | ExceptionLearned
    | ConntrackConfirmed | ConntrackDestroyed | ConntrackFound | ConntrackCreated | Encapsulated | Decapsulated | IcmpSent | IcmpIgnored
    | SocketOpened | SocketFound | SegmentSent | MessageRead | ProcessDecided | ProbeEnded | TimerFired | ProcessRestarted
)  # fmt: skip
"""Closed: `story.narration` matches all of them, and mypy proves that none is forgotten."""


class Step(Record, frozen=True):
    """An event with its envelope: order, animation frame, cause, softirq pass, place, time in microseconds, the world after it."""

    seq: int
    tick: int
    cause: int | None
    hop: int
    at: str
    time: int
    event: AnyEvent
    world: World
