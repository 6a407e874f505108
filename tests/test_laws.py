"""What is true of every journey, whatever the cluster, its faults and the packet."""

from collections import defaultdict
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, note, settings

from app.datapath import events as e
from app.datapath.events import Step
from app.datapath.walk import Looped
from app.kernel.world import World
from app.simulate import walk
from app.story.outcome import outcome_of
from tests.clusters import Case, cases
from tests.journeys import Walked
from tests.lab import sizes

VERDICTS = {"delivered", "rejected", "dropped", "unanswered", "looped"}


class Run:
    """A case walked once, for all laws."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.machines = case.machines()
        self.world0: World = self.machines.world
        self.steps: list[Step] = []
        self.looped = self.walked_in_circles()

    def walked_in_circles(self) -> bool:
        """Walk it; too many steps are an outcome, not an error: a lost route may send every repetition round 64 times."""
        try:
            self.steps.extend(walk(self.machines, self.case.probes, self.case.seed))
        except Looped:
            return True
        return False

    def told(self, *wrong: object) -> str:
        """What failed, and the journey around it."""
        return "\n".join([*map(str, wrong), str(self.case.probes), str(Walked(self.steps))])


def applied(world: World, step: Step) -> World:
    before = world[step.at]
    after = step.event.apply(before)
    return world if after is before else world.replace(after)


def folding_the_events_gives_every_snapshot(run: Run) -> None:
    world = run.world0
    for step in run.steps:
        world = applied(world, step)
        assert world == step.world or world.netns == step.world.netns, run.told("snapshot differs", step.seq)
    assert reduce(applied, run.steps, run.world0) == run.steps[-1].world


def causes_form_a_tree_with_one_root(run: Run) -> None:
    roots = [step.seq for step in run.steps if step.cause is None]
    assert roots == [0], run.told(f"roots {roots}")
    for step in run.steps[1:]:
        assert step.cause is not None and 0 <= step.cause < step.seq, run.told(step.seq)


def ticks_and_times_never_go_back_along_causes(run: Run) -> None:
    for step in run.steps[1:]:
        cause = run.steps[step.cause or 0]
        assert cause.tick <= step.tick, run.told(f"tick of {step.seq} before its cause {cause.seq}")
        assert cause.time <= step.time, run.told(f"time of {step.seq} before its cause {cause.seq}")
    times = [step.time for step in run.steps]
    assert times == sorted(times), run.told("the clock went back")


def every_probe_ends_once_and_the_journey_has_one_verdict(run: Run) -> None:
    ends = [step for step in run.steps if isinstance(step.event, e.ProbeEnded)]
    outcome = outcome_of(run.steps, looped=run.looped)
    if run.looped:
        assert outcome.verdict == "looped"
        return
    assert len(ends) == len(run.case.probes), run.told(f"{len(ends)} ends for {len(run.case.probes)} probes")
    assert outcome.verdict in VERDICTS, run.told(outcome)
    if outcome.verdict == "delivered":
        last = ends[-1].event
        assert isinstance(last, e.ProbeEnded) and last.error is None


def what_is_sent_arrives_once_with_the_same_bytes(run: Run) -> None:
    """Every frame that leaves by a veth, a cable or a tunnel is received once at the other end, if there is one and it takes so much."""
    refused = {step.cause for step in run.steps if step.event.function == "__dev_forward_skb2"}
    arrivals: defaultdict[int, list[Step]] = defaultdict(list)
    for step in run.steps:
        if (
            isinstance(step.event, e.Received)
            and step.cause is not None
            and run.steps[step.cause].hop != step.hop
        ):
            arrivals[step.cause].append(step)
    for sent in run.steps:
        if end := other_end(run.world0, sent):
            came = arrivals.pop(sent.seq, [])
            if (run.looped or sent.seq in refused) and not came:
                continue  # the walk was cut short, or the frame was too large
            assert len(came) == 1, run.told(f"{sent.seq} was sent and came {len(came)} times")
            (arrived,) = came
            assert f"{arrived.at}/{arrived.event.dev}" == end, run.told(arrived.seq)
            assert arrived.event.skb and sent.event.skb and arrived.event.skb.packet == sent.event.skb.packet
            assert arrived.tick == sent.tick + 1
    assert not arrivals, run.told(f"{list(arrivals)} caused an arrival and sent nothing")


def other_end(world: World, sent: Step) -> str | None:
    """Where a step makes a frame arrive: at the far end of a wire, or at the tunnel that unpacked it."""
    if isinstance(sent.event, e.Decapsulated):
        return f"{sent.at}/{sent.event.dev}"
    if not isinstance(sent.event, e.Transmitted):
        return None
    device = world[sent.at].config.devices[sent.event.dev or ""]
    if device.kind == "loopback":
        return f"{sent.at}/lo"
    peer = device.peer
    return f"{peer.netns}/{peer.device}" if peer and peer.netns in world.netns else None


def every_frame_that_comes_in_goes_somewhere(run: Run) -> None:
    """Conservation: in its own pass it is consumed, forwarded, held, or dropped with a reason."""
    passes: defaultdict[int, list[Step]] = defaultdict(list)
    for step in run.steps:
        passes[step.hop].append(step)
    cut_short = run.steps[-1].hop if run.looped else -1
    for step in run.steps:
        if isinstance(step.event, e.Received) and step.hop != cut_short:
            later = [s.event for s in passes[step.hop] if s.seq > step.seq]
            assert any(ends(event, step.event) for event in later), run.told(
                f"{step.seq} came in and vanished"
            )


def ends(event: e.AnyEvent, received: e.Received) -> bool:
    """Is this what became of that frame, or of a clone of it?"""
    assert received.skb is not None
    own = received.skb.id
    match event:
        case e.Transmitted() | e.Dropped() | e.NeighHeld() | e.NeighUpdated() | e.ArpIgnored():
            return event.skb is not None and own in (event.skb.id, event.skb.clone_of)
        case e.Reassembled(last=last):
            return own == last.id
        case e.SocketFound() | e.IcmpIgnored() | e.Decapsulated() | e.FragmentHeld():
            return event.skb is not None and own == event.skb.id
        case e.ArpAnswered():
            return event.skb is not None and event.skb.arp.target_ip == received.skb.arp.sender_ip
        case e.IcmpSent(about=about):
            return about.id == own
        case e.FdbLookedUp(entry=None, flooded_to=()):
            return event.skb is not None and event.skb.id == own  # a flood to no port at all
        case _:
            return False


def a_packet_that_ended_does_nothing_more(run: Run) -> None:
    """After its drop no skb is sent, held or delivered again."""
    dead: dict[int, int] = {}
    for step in run.steps:
        skb = step.event.skb
        if skb is None:
            continue
        moves = isinstance(step.event, e.Transmitted | e.NeighHeld | e.DeliveredLocally | e.Forwarded)
        assert not (moves and skb.id in dead), run.told(
            f"{step.seq}: skb {skb.id} was dropped in {dead.get(skb.id)}"
        )
        if isinstance(step.event, e.Dropped):
            dead[skb.id] = step.seq


def configuration_is_only_read(run: Run) -> None:
    for place, netns in run.steps[-1].world.netns.items():
        assert netns.config is run.world0[place].config, f"{place} was reconfigured by a packet"


def a_ttl_only_falls(run: Run) -> None:
    """Along one skb between encapsulations; bridges and wires never change it (R2, R8)."""
    last: dict[int, tuple[int, int]] = {}
    for step in run.steps:
        skb = step.event.skb
        if skb is None or skb.is_arp:
            continue
        depth, ttl = skb.ip.size, skb.ip.ttl
        if (
            skb.id in last
            and last[skb.id][0] == depth
            and not isinstance(step.event, e.Encapsulated | e.Decapsulated)
        ):
            fell = last[skb.id][1] - ttl
            assert fell in ((1,) if isinstance(step.event, e.Forwarded) else (0, 1)), run.told(step.seq, fell)
        last[skb.id] = depth, ttl


LAWS = (
    folding_the_events_gives_every_snapshot,
    causes_form_a_tree_with_one_root,
    ticks_and_times_never_go_back_along_causes,
    every_probe_ends_once_and_the_journey_has_one_verdict,
    what_is_sent_arrives_once_with_the_same_bytes,
    every_frame_that_comes_in_goes_somewhere,
    a_packet_that_ended_does_nothing_more,
    configuration_is_only_read,
    a_ttl_only_falls,
)


def obey(case: Case) -> None:
    run = Run(case)
    assert run.steps == Run(case).steps, "two walks of one seed differ"
    for law in LAWS:
        note(law.__name__)
        law(run)


QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@settings(QUIET, max_examples=300)
@given(cases())
def test_every_journey_obeys_the_laws(case: Case) -> None:
    obey(case)


@pytest.mark.parametrize("name", sizes.CASES)
def test_what_does_not_fit_obeys_the_laws(name: str) -> None:
    run = Run(sizes.CASES[name])
    for law in LAWS:
        law(run)


@pytest.mark.sweep
@settings(QUIET, max_examples=6000)
@given(cases())
def test_thousands_of_journeys_obey_the_laws(case: Case) -> None:
    obey(case)


@settings(QUIET, max_examples=30)
@given(cases())
def test_steps_are_numbered_and_passes_are_contiguous(case: Case) -> None:
    steps = Run(case).steps
    assert [step.seq for step in steps] == list(range(len(steps)))
    hops = [step.hop for step in steps]
    assert hops == sorted(hops)
    assert set(hops) == set(range(hops[-1] + 1)), "a pass without a step has no number"
