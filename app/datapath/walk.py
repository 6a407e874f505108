"""The driver: runs one softirq pass at a time, and is the only writer of the world.

A pass is a stage run in one namespace until nothing is left to do there.  A frame that leaves goes on the backlog of the
device at the other end, a FIFO, as `veth_xmit` does with `netif_rx`: so copies of a flood advance together.  Processes
that were woken run when no softirq is left, and when nothing is left at all the clock jumps to the next timer, and all that
are due then fire together.  Times are microseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from random import Random
from typing import get_args

from msgspec.structs import replace

from app.datapath.device import netif_receive_skb
from app.datapath.drop import DropReason
from app.datapath.events import AnyEvent, Dropped, Event, ProbeEnded, Step, Transmitted
from app.datapath.kernel import Arm, Kernel, Upcalls, Walk, guarded
from app.kernel.carrier import carrier
from app.kernel.skb import Skb
from app.kernel.world import World
from app.wire.record import Record

STEP_LIMIT = 5_000
CHANGING = frozenset(kind for kind in get_args(AnyEvent) if kind.apply is not Event.apply)
"""Events that write something; nothing is to be applied for the others."""

DRIVING = frozenset({Transmitted, ProbeEnded})

Stage = Callable[[Kernel], Walk[None]]


class Pass(Record, frozen=True):
    """A stage to run in a namespace, caused by a step, at a frame of the animation; as a process or as a softirq."""

    at: str
    stage: Stage
    cause: int | None
    tick: int
    in_process: bool = False
    lapses: bool = False


class Looped(Exception):
    """More steps than any honest journey takes: frames go round in circles in layer 2."""


def received(skb: Skb, dev: str) -> Stage:
    """What the other end does with a frame; a closure, because it is made for every frame."""
    return lambda k: netif_receive_skb(k, skb, dev)


def refused(skb: Skb, dev: str) -> Stage:
    """The other end takes no frame of this size.  net/core/dev.c: __dev_forward_skb2."""

    def drop(k: Kernel) -> Walk[None]:
        yield Dropped(skb, dev, "__dev_forward_skb2", DropReason.NOT_SPECIFIED, None)

    return drop


class Walker:
    """One journey under way."""

    def __init__(self, world: World, upcalls: Upcalls, seed: int, limit: int = STEP_LIMIT) -> None:
        self.world = world
        self.upcalls = upcalls
        self.limit = limit
        self.clock = 0
        self.seq = 0
        self.hop = 0
        self.skbs = 0
        self.dice = Random(seed)
        self.backlog: deque[Pass] = deque()
        self.runnable: deque[Pass] = deque()
        self.timers: list[tuple[int, bool, int, Pass]] = []
        self.armed = 0
        self.ended = False
        self.kernels: dict[str, Kernel] = {}

    def run(self, at: str, stage: Stage) -> Iterator[Step]:
        """Start a stage and follow everything it causes, until its probe has ended and nothing moves.  Raises Looped."""
        self.timers = [timer for timer in self.timers if not timer[-1].lapses]
        heapify(self.timers)
        self.backlog.append(Pass(at, stage, self.seq - 1 if self.seq else None, self.hop, in_process=True))
        self.ended = False
        while self.backlog or self.runnable or (self.timers and not self.ended):
            yield from self.one_pass(self.next_pass())
            if self.seq >= self.limit:
                raise Looped

    def next_pass(self) -> Pass:
        if self.backlog:
            return self.backlog.popleft()
        if self.runnable:
            return self.runnable.popleft()
        self.clock = self.timers[0][0]
        while self.timers and self.timers[0][0] == self.clock:
            self.backlog.append(heappop(self.timers)[-1])
        return self.backlog.popleft()

    def one_pass(self, due: Pass) -> list[Step]:
        """One stage to its end.  Each event is applied before the stage goes on: yielding is committing."""
        at, tick, hop, cause = due.at, due.tick, self.hop, due.cause
        clock, limit, k = self.clock, self.limit, self.kernels.get(at) or self.kernel(at)
        k.now, k.in_process = clock, due.in_process
        steps: list[Step] = []
        for event in guarded(due.stage(k)):
            if isinstance(event, Arm):
                self.arm(due, event, self.seq if cause is None else cause)
                continue
            kind = type(event)
            if kind in CHANGING and (after := event.apply(k.netns)) is not k.netns:
                k.netns = after
                self.world = self.world.replace(after)
            seq = self.seq
            self.seq = seq + 1
            steps.append(Step(seq, tick, cause, hop, at, clock, event, self.world))
            cause = seq
            if kind in DRIVING:
                self.drive(due, event, seq)
            if seq + 1 >= limit:
                break
        if steps:
            self.hop += 1
        return steps

    def drive(self, due: Pass, event: AnyEvent, cause: int) -> None:
        """What an event means for the walk itself: a frame goes on, or the probe is over."""
        if isinstance(event, Transmitted):
            self.carry(due, event, cause)
        elif isinstance(event, ProbeEnded):
            self.ended = True

    def kernel(self, at: str) -> Kernel:
        """The namespace's kernel, made when the first packet reaches it; it keeps its namespace's present state."""
        netns = self.world.netns[at]
        unplugged = frozenset(
            d.name for d in netns.config.devices.values() if not carrier(self.world, netns, d)
        )
        k = Kernel(at, netns, self.clock, self.upcalls, self.new_id, self.dice.random, unplugged)
        self.kernels[at] = k
        return k

    def carry(self, due: Pass, sent: Transmitted, cause: int) -> None:
        """What leaves here is received at the other end; nothing but the bytes crosses a namespace (veth_xmit, skb_scrub_packet)."""
        assert sent.skb and sent.dev
        link = self.world.netns[due.at].config.devices[sent.dev]
        if link.kind == "loopback":
            same = received(replace(sent.skb, dev="lo"), "lo")
            self.backlog.append(Pass(due.at, same, cause, due.tick + 1))
        elif link.peer is not None and link.peer.netns in self.world.netns:
            skb = Skb(
                sent.skb.id, sent.skb.packet, clone_of=sent.skb.clone_of, gso=sent.skb.gso, hash=sent.skb.hash
            )
            there = self.world.netns[link.peer.netns].config.devices[link.peer.device]
            fits = there.mtu >= link.mtu or skb.is_forwardable(there.mtu)
            arrival = (
                Pass(link.peer.netns, received(skb, there.name), cause, due.tick + 1)
                if fits
                else Pass(due.at, refused(skb, link.name), cause, due.tick)
            )
            if link.delay:
                self.after(link.delay, arrival)
            else:
                self.backlog.append(arrival)

    def arm(self, due: Pass, wish: Arm, cause: int | None) -> None:
        in_process = not (wish.softirq or wish.delay)
        later = Pass(due.at, wish.stage, cause, due.tick + 1, in_process, wish.lapses)
        if wish.delay:
            self.after(wish.delay, later, pinned=wish.pinned)
        else:
            (self.backlog if wish.softirq else self.runnable).append(later)

    def after(self, delay: int, due: Pass, *, pinned: bool = False) -> None:
        self.armed += 1
        heappush(self.timers, (self.clock + delay, not pinned, self.armed, due))

    def new_id(self) -> int:
        self.skbs += 1
        return self.skbs
