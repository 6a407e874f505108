"""The driver: order of passes, causes, ticks, the clock, and the end."""

from functools import partial
from itertools import pairwise

import pytest
from msgspec.structs import replace

from app.datapath.device import dev_queue_xmit
from app.datapath.events import ArpAsked, NeighHeld, ProbeEnded, Received, Step, TimerFired, Transmitted
from app.datapath.kernel import Arm, Kernel, Walk
from app.datapath.walk import Looped, Walker
from app.kernel.device import Peer
from app.kernel.netns import Netns, netns
from app.kernel.skb import Skb
from app.kernel.world import World
from app.process.behaviour import Processes
from tests.journeys import perform, probe, send
from tests.stages import frame, packet, who_has
from tests.worlds import device, machines, on_one_bridge, routed, world

POD2 = "10.244.1.3:8080"


def walker(world: World, limit: int = 5000) -> Walker:
    return Walker(world, Processes({}), seed=0, limit=limit)


def transmitting(skb: Skb, dev: str) -> partial[Walk[None]]:
    return partial(dev_queue_xmit, skb=skb, dev=dev)


def test_steps_are_numbered_from_zero_without_a_gap() -> None:
    steps = send(on_one_bridge(), "node1/pod1", POD2).steps
    assert [step.seq for step in steps] == list(range(len(steps)))


def test_inside_a_pass_each_step_causes_the_next() -> None:
    steps = send(on_one_bridge(), "node1/pod1", POD2).steps
    for before, step in pairwise(steps):
        if before.hop == step.hop:
            assert (step.cause, step.tick, step.at, step.time) == (
                before.seq,
                before.tick,
                before.at,
                before.time,
            )


def test_copies_of_a_flood_advance_together() -> None:
    """The backlog is a FIFO: every copy is received before any of them goes on; all have the same tick."""
    steps = list(
        walker(on_one_bridge()).run(
            "node1/pod1", transmitting(who_has("10.244.1.99", tell="10.244.1.2"), "eth0")
        )
    )
    arrivals = [s for s in steps if isinstance(s.event, Received) and s.at.startswith("node1/")]
    assert [s.at for s in arrivals] == ["node1/pod5", "node1/pod2", "node1/pod1"]
    assert {s.tick for s in arrivals} == {2}


def test_an_arrival_is_caused_by_the_transmission_it_comes_from_a_tick_later() -> None:
    steps = send(routed(), "node1/pod1", "10.244.2.3:8080").steps
    arrivals = [s for s in steps if isinstance(s.event, Received) and s.cause is not None]
    by_wire = [
        s
        for s in arrivals
        if isinstance(steps[s.cause or 0].event, Transmitted) and steps[s.cause or 0].hop != s.hop
    ]
    assert by_wire
    for arrival in by_wire:
        sent = steps[arrival.cause or 0]
        assert arrival.tick == sent.tick + 1
        assert arrival.event.skb and sent.event.skb
        assert arrival.event.skb.packet == sent.event.skb.packet


def test_r11_nothing_but_the_bytes_crosses_a_wire() -> None:
    """veth drops mark, connection and trace bit; id and clone_of are ours, for the reader."""
    marked = replace(
        frame(packet("10.244.1.2", "10.244.1.3")),
        mark=7,
        dev="lo",
        physin="x",
        ctinfo="NEW",
        gso=9,
        clone_of=4,
    )
    steps = list(walker(on_one_bridge()).run("node1/pod1", transmitting(marked, "eth0")))
    arrived = next(s.event.skb for s in steps if isinstance(s.event, Received))
    assert arrived == Skb(marked.id, marked.packet, clone_of=4, gso=9)


def test_over_lo_the_packet_keeps_its_connection() -> None:
    kept = replace(
        frame(packet("127.0.0.1", "127.0.0.1"), src="00:00:00:00:00:00", dst="00:00:00:00:00:00"), mark=7
    )
    steps = list(walker(on_one_bridge()).run("node1/pod1", transmitting(kept, "lo")))
    arrived = next(s.event.skb for s in steps if isinstance(s.event, Received))
    assert arrived and (arrived.mark, arrived.dev) == (7, "lo")


def test_a_frame_for_a_machine_that_does_not_exist_is_sent_and_that_is_all() -> None:
    lone = World({"node1/pod1": on_one_bridge()["node1/pod1"]})
    steps = list(
        walker(lone).run("node1/pod1", transmitting(frame(packet("10.244.1.2", "10.244.1.3")), "eth0"))
    )
    assert [type(s.event) for s in steps] == [Transmitted]


def test_every_step_holds_the_world_after_it_and_the_one_before_is_as_it_was() -> None:
    walked = send(on_one_bridge(), "node1/pod1", POD2)
    held = next(s for s in walked.steps if isinstance(s.event, NeighHeld))
    assert not walked.steps[held.seq - 1].world["node1/pod1"].learned.neigh
    assert held.world["node1/pod1"].learned.neigh["eth0", "10.244.1.3"].state == "INCOMPLETE"


def test_a_step_that_changes_nothing_shares_the_world() -> None:
    steps = send(on_one_bridge(), "node1/pod1", POD2).steps
    worlds = {id(step.world) for step in steps}
    assert len(worlds) < len(steps) / 2, "worlds are pointers, most steps have their predecessor's"


def ringing(k: Kernel, at: int) -> Walk[None]:
    yield TimerFired(None, None, f"timer {at}", k.now)


def arming(k: Kernel) -> Walk[None]:
    for delay in (3_000_000, 0, 1_000_000):
        yield Arm(delay, partial(ringing, at=delay))
    yield TimerFired(None, None, "armed", 0)


def test_timers_run_when_nothing_else_moves_the_earliest_first() -> None:
    steps = list(walker(on_one_bridge()).run("node1", arming))
    assert [(s.event.function, s.time) for s in steps] == [
        ("armed", 0), ("timer 0", 0), ("timer 1000000", 1_000_000), ("timer 3000000", 3_000_000),
    ]  # fmt: skip


def test_no_timer_runs_after_the_probe_has_ended() -> None:
    """The retransmission that was armed for the SYN never fires."""
    walked = send(on_one_bridge(), "node1/pod1", POD2)
    assert not walked.all(TimerFired)
    assert walked.steps[-1].time == 0


def test_what_is_on_its_way_when_the_probe_ends_still_arrives() -> None:
    """The close goes on after the answer was read."""
    steps = send(on_one_bridge(), "node1/pod1", POD2).steps
    ended = next(s.seq for s in steps if isinstance(s.event, ProbeEnded))
    assert any(isinstance(s.event, Received) for s in steps[ended:])


def test_a_cable_may_take_its_time() -> None:
    built = routed()
    node1 = built["node1"]
    slow = {**node1.config.devices, "eth0": replace(node1.config.devices["eth0"], delay=250_000)}
    walked = send(built.replace(node1.configure(devices=slow)), "node1/pod1", "10.244.2.3:8080")
    assert walked.end.error is None
    assert walked.times(Received, "cloud")[0] == 0.25


def test_a_second_act_begins_where_the_first_ended_and_is_caused_by_it() -> None:
    acts = probe("node1/pod1", POD2), probe("node1/pod1", POD2, sport=40002)
    length = len(perform(machines(on_one_bridge()), acts[0]).steps)
    steps = perform(machines(on_one_bridge()), *acts).steps
    begins = steps[length]
    assert (begins.cause, begins.time) == (length - 1, steps[length - 1].time)
    assert [step.cause for step in steps].count(None) == 1, "one root for the whole journey"


def test_a_timer_of_the_kernels_outlives_the_probe_that_set_it() -> None:
    """Found by fuzzing: ARP asks again for the first probe's sake while the second one waits."""
    first = replace(probe("node1/pod1", "10.244.1.99:8080"), timeout=400_000)
    second = replace(probe("node1/pod2", "10.244.1.98:8080", sport=40002), timeout=1_000_000)
    walked = perform(machines(on_one_bridge()), first, second)
    asked = [s.event.entry.address for s in walked.steps if isinstance(s.event, ArpAsked)]
    assert asked == ["10.244.1.99", "10.244.1.98", "10.244.1.99"]
    assert [end.error for end in walked.all(ProbeEnded)] == ["ETIMEDOUT", "ETIMEDOUT"]


def test_the_clients_own_patience_is_a_part_of_the_tree() -> None:
    """An unanswered probe ends by a timer that was armed when it began."""
    steps = send(on_one_bridge(forwarding=False), "node1/pod1", "10.244.2.3:8080").steps
    assert [step.seq for step in steps if step.cause is None] == [0]


def circle() -> World:
    """Two bridges on one ring without a spanning tree: a broadcast never dies."""

    def switch(id: str, other: str) -> Netns:
        ports = [device(f"p{n}", "veth", peer=Peer(other, f"p{n}"), master="br0") for n in (1, 2)]
        return netns(id, (device("br0", "bridge"), *ports))

    return world(switch("left", "right"), switch("right", "left"))


def test_a_loop_in_layer_2_is_ended_by_the_step_limit() -> None:
    steps: list[Step] = []
    begin = transmitting(who_has("10.0.0.9", tell="10.0.0.1"), "p1")
    with pytest.raises(Looped):
        steps.extend(walker(circle(), limit=300).run("left", begin))
    assert len(steps) == 300


def test_two_walks_of_one_seed_are_the_same() -> None:
    once, again = (send(routed(), "node1/pod1", "10.244.2.3:8080", seed=7).steps for _ in range(2))
    assert once == again
