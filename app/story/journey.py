"""A journey: the steps of a walk, and everything that can be read off them."""

from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

from app.datapath.events import ArpAnswered, IcmpSent, SegmentSent, Step
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.kernel.socket import SocketKey
from app.kernel.world import World
from app.story.beats import Beat, BeatNotFound, BeatSpec, computed_beats, find_beats
from app.story.connections import Connection, connections_of
from app.story.evidence import evidence, origin_of
from app.story.layers import changes, packet_layers
from app.story.narration import narrate, tell_outcome
from app.story.outcome import Outcome, outcome_of
from app.story.view import (
    BeatView,
    CandidateView,
    ConnectionView,
    EndsView,
    JourneyView,
    OriginView,
    OutcomeView,
    Place,
    ProbeView,
    StepView,
)
from app.wire.addr import ANY
from app.wire.packet import Icmp, Packet


class Told(Protocol):
    """What a journey needs to know of its scenario."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def beats(self) -> tuple[BeatSpec, ...]: ...
    @property
    def probe_from(self) -> str: ...
    @property
    def probe_to(self) -> str: ...
    @property
    def protocol(self) -> str: ...


class Journey:
    """`steps` is the walk; `world0` what it started from.  Everything else is computed from them, once, when asked."""

    def __init__(self, scenario: Told, seed: int, world0: World) -> None:
        self.scenario = scenario
        self.seed = seed
        self.world0 = world0
        self.steps: list[Step] = []
        self.looped = False

    @cached_property
    def outcome(self) -> Outcome:
        return outcome_of(self.steps, looped=self.looped)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        return connections_of(self.steps)

    @cached_property
    def beats(self) -> tuple[Beat, ...]:
        """The scenario's that happen, or computed ones if none does."""
        told = [spec for spec in self.scenario.beats if spec not in self.missed]
        return find_beats(told, self.steps) if told else computed_beats(self.steps, narrate)

    @cached_property
    def missed(self) -> tuple[BeatSpec, ...]:
        """Beats of the story that find no step after the beat before: what `check` complains of."""
        told, missed = list(self.scenario.beats), list[BeatSpec]()
        while told:
            try:
                find_beats(told, self.steps)
                break
            except BeatNotFound as error:
                told.remove(error.spec)
                missed.append(error.spec)
        return tuple(missed)

    def step_views(self) -> Iterator[StepView]:
        """Every step as it is published, in order; what changed is told against the same traveller's last packet."""
        last: dict[int, Packet] = {}
        answers: set[int] = set()
        begins = {beat.first: beat.spec.id for beat in self.beats}
        beat: str | None = None
        for step in self.steps:
            beat = begins.get(step.seq, beat)
            skb = step.event.skb
            before = (last.get(skb.id) or last.get(skb.clone_of or 0)) if skb else None
            if skb is not None:
                last[skb.id] = skb.packet
                if skb.clone_of in answers or answering(step):
                    answers.add(skb.id)
            yield self.step_view(step, beat, before, reply=skb is not None and skb.id in answers)

    def step_view(self, step: Step, beat: str | None, before: Packet | None, *, reply: bool) -> StepView:
        event, skb = step.event, step.event.skb
        return StepView(
            seq=step.seq, tick=step.tick, cause=step.cause, hop=step.hop, beat=beat,
            at=Place(step.at.partition("/")[0], step.at, f"{step.at}/{event.dev}" if event.dev else None),
            event=type(event).__name__, function=event.function,
            skb=skb.id if skb else None, clone_of=skb.clone_of if skb else None,
            packet=packet_layers(skb.packet) if skb else [],
            changed=changes(before, skb.packet) if skb and before is not None and before is not skb.packet else [],
            why=narrate(step), evidence=evidence(step), origin=origin_view(origin_of(event)), time=step.time, reply=reply,
        )  # fmt: skip

    def view(self) -> JourneyView:
        """The whole document, schema 1."""
        told, outcome = self.scenario, self.outcome
        return JourneyView(
            schema=1, scenario=told.slug, title=told.title,
            probe=ProbeView(told.probe_from, told.probe_to, told.protocol, self.seed),
            outcome=OutcomeView(
                outcome.verdict, outcome.reason, outcome.at, origin_view(outcome.by), tell_outcome(outcome)
            ),
            connections=[connection_view(connection) for connection in self.connections],
            beats=[BeatView(b.spec.id, b.spec.text, b.first, b.last, b.spec.guide, b.spec.kernel) for b in self.beats],
            steps=list(self.step_views()),
        )  # fmt: skip


def answering(step: Step) -> bool:
    """Does this step write the packet of a side that was asked: a listener's, a kernel's about another packet, an ARP reply?"""
    match step.event:
        case ArpAnswered() | IcmpSent() | SegmentSent(function="tcp_v4_send_reset"):
            return True
        case SegmentSent(skb=Skb() as skb):
            ip = skb.ip
            if isinstance(ip.payload, Icmp):
                return False
            ends = (ip.src, ANY)
            sockets = step.world.netns[step.at].learned.sockets
            return any(SocketKey(ip.protocol, end, ip.payload.sport) in sockets for end in ends)
        case _:
            return False


def origin_view(origin: Origin | None) -> OriginView | None:
    return OriginView(origin.component, origin.object) if origin else None


def connection_view(c: Connection) -> ConnectionView:
    return ConnectionView(
        c.protocol, EndsView(c.src, c.dst), EndsView(c.translated_src, c.translated_dst), c.dnat, c.masqueraded,
        c.endpoint, [CandidateView(candidate.endpoint, candidate.probability) for candidate in c.candidates],
    )  # fmt: skip
