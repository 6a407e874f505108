"""The journey as other programs read it: exactly the JSON of `trace --json`, the API and the stream (schema 1)."""

from typing import Any, Literal, TypeAlias

from app.wire.record import Record

Grain: TypeAlias = Literal["beats", "hops", "steps"]
VerdictName: TypeAlias = Literal["delivered", "rejected", "dropped", "unanswered", "looped", "undecided"]
Layer: TypeAlias = dict[str, Any]
"""One header: `layer` names it, the other keys are its fields."""


class OriginView(Record, frozen=True):
    component: str
    object: str


class Place(Record, frozen=True):
    """`netns` and `device` are ids of the one grammar: `node1/pod1`, `node1/pod1/eth0`."""

    node: str
    netns: str
    device: str | None


class Change(Record, frozen=True):
    """`field` is `layer.name`, or a layer's name alone where the whole header came or went (then one side is None)."""

    field: str
    before: Any
    after: Any


class StepView(Record, frozen=True):
    """One step: where, what, why, and the packet as it is after it.  `hop` counts softirq passes, `time` is in
    microseconds, `reply` says that the packet was sent by the side that was asked."""

    seq: int
    tick: int
    cause: int | None
    hop: int
    beat: str | None
    at: Place
    event: str
    function: str
    skb: int | None
    clone_of: int | None
    packet: list[Layer]
    changed: list[Change]
    why: str
    evidence: dict[str, Any]
    origin: OriginView | None
    time: int
    reply: bool


class BeatView(Record, frozen=True):
    """A told move: steps `first` to `last`.  `guide` and `kernel` are the note "the guide says / the kernel does"."""

    id: str
    text: str
    first: int
    last: int
    guide: str | None = None
    kernel: str | None = None


class OutcomeView(Record, frozen=True):
    """How it ended, where (a device or netns id), and who wrote the rule that decided, if one did."""

    verdict: VerdictName
    reason: str
    at: str | None
    by: OriginView | None
    sentence: str


class EndsView(Record, frozen=True):
    src: str
    dst: str


class CandidateView(Record, frozen=True):
    endpoint: str
    probability: float


class ConnectionView(Record, frozen=True):
    """A connection as its client opened it and as its server saw it; all ends are `address:port`."""

    protocol: str
    original: EndsView
    translated: EndsView
    dnat: bool
    masqueraded: bool
    endpoint: str | None
    candidates: list[CandidateView]


class ProbeView(Record, frozen=True, rename={"from_": "from"}):
    from_: str
    to: str
    protocol: str
    seed: int


class JourneyView(Record, frozen=True):
    """The whole document."""

    schema: int
    scenario: str
    title: str
    probe: ProbeView
    outcome: OutcomeView
    connections: list[ConnectionView]
    beats: list[BeatView]
    steps: list[StepView]
