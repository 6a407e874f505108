"""Whole walks, and the words to ask them: in the notation of captures, `pod1:eth0>` out and `node1:cbr0<` in."""

from functools import cached_property
from typing import Any, TypeVar

import pytest

from app.datapath.events import (
    Dropped,
    Event,
    HookPassed,
    NeighHeld,
    ProbeEnded,
    Received,
    Step,
    Transmitted,
)
from app.kernel.conntrack import Conn
from app.kernel.skb import Skb
from app.kernel.world import World
from app.process.programs import Act, Machines, Probe
from app.simulate import walk
from app.wire.packet import Arp, HttpRequest, Icmp, Packet, Tcp, Text, Udp, layers
from tests.worlds import machines

E = TypeVar("E", bound=Event)


class Walked:
    """The steps of a walk and the world it left."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps

    @property
    def world(self) -> World:
        return self.steps[-1].world

    def all(self, kind: type[E], at: str | None = None) -> list[E]:
        return [s.event for s in self.steps if type(s.event) is kind and at in (None, s.at)]

    def one(self, kind: type[E], at: str | None = None) -> E:
        found = self.all(kind, at)
        assert len(found) == 1, f"expected one {kind.__name__} at {at}, found {len(found)}:\n{self}"
        return found[0]

    def times(self, kind: type[E], at: str | None = None) -> list[float]:
        """When it happened, in seconds from the start."""
        return [s.time / 1e6 for s in self.steps if type(s.event) is kind and at in (None, s.at)]

    @cached_property
    def end(self) -> ProbeEnded:
        return self.one(ProbeEnded)

    @property
    def ended_at(self) -> float:
        return self.times(ProbeEnded)[-1]

    @property
    def drops(self) -> list[str]:
        """`node1 ip_forward IP_INHDR`, in order."""
        return [
            f"{s.at} {s.event.function} {s.event.reason}" for s in self.steps if isinstance(s.event, Dropped)
        ]

    def seen(self, kind: str) -> list[str]:
        """Where captures saw the first packet of this kind and its clones: `["pod1:eth0>", "node1:vethxxx<", …]`."""
        first = self.first(kind)
        return [
            sighting(s)
            for s in self.steps
            if s.event.skb and first in (s.event.skb.id, s.event.skb.clone_of) and sighting(s)
        ]

    def first(self, kind: str) -> int:
        """The id of the first skb whose innermost packet is of this kind."""
        found = next(
            (s.event.skb.id for s in self.steps if s.event.skb and kind_of(s.event.skb.packet) == kind), None
        )
        assert found is not None, f"no {kind} in this walk:\n{self}"
        return found

    def at(self, kind: str, place: str) -> Skb:
        """The first packet of this kind as it passed a capture point."""
        for step in self.steps:
            skb = step.event.skb
            if skb and kind_of(skb.packet) == kind and sighting(step) == place:
                return skb
        raise AssertionError(f"no {kind} at {place}:\n{self}")

    def hooks(self, kind: str, at: str) -> list[str]:
        """The hooks that showed it to rules, `FWD cbr0->eth0`; in brackets those called from inside the bridge."""
        first = self.first(kind)
        own = [s.event for s in self.steps if s.at == at and isinstance(s.event, HookPassed)]
        return [hook(event) for event in own if event.skb and event.skb.id == first]

    def conntrack(self, at: str) -> list[Conn]:
        table = self.world[at].learned.conntrack
        return list({conn.original: conn for conn in table.values()}.values())

    def held(self) -> list[str]:
        """Who waited for whose MAC: `node1/pod1 10.244.1.1`."""
        return [f"{s.at} {s.event.entry.address}" for s in self.steps if isinstance(s.event, NeighHeld)]

    def __str__(self) -> str:
        return "\n".join(
            f"{s.seq:>4} {s.time / 1e6:g} {s.at}/{s.event.dev} {type(s.event).__name__}" for s in self.steps
        )


def about(*seconds: float) -> Any:
    """Times as measured, to a tenth of a second: the kernel's timers have a granularity of their own."""
    return pytest.approx(list(seconds), abs=0.1)


SHORT = {"PREROUTING": "PRE", "INPUT": "IN", "FORWARD": "FWD", "OUTPUT": "OUT", "POSTROUTING": "POST"}


def hook(event: HookPassed) -> str:
    ways = {
        "PRE": f"{event.iif}->",
        "IN": f"{event.iif}->",
        "OUT": f"->{event.oif}",
        "POST": f"->{event.oif}",
    }
    name = SHORT[event.hook]
    text = f"{name} {ways.get(name, f'{event.iif}->{event.oif}')}"
    return f"[{text}]" if event.bridged else text


def sighting(step: Step) -> str:
    """What a capture shows: the namespace's short name, the device, and the way; empty for anything else."""
    if not isinstance(step.event, Received | Transmitted):
        return ""
    way = "<" if isinstance(step.event, Received) else ">"
    return f"{step.at.rpartition('/')[2]}:{step.event.dev}{way}"


def kind_of(packet: Packet) -> str:
    """`SYN`, `SYN+ACK`, `PSH+ACK`, `udp`, `icmp 3/1`, `arp request`: the innermost packet in a word."""
    found = ""
    for layer in layers(packet):
        match layer:
            case Arp(op):
                found = f"arp {op}"
            case Tcp(_, _, flags):
                found = "+".join(flags)
            case Udp():
                found = "udp"
            case Icmp(type, code):
                found = f"icmp {type}/{code}"
    return found


def probe(sender: str, to: str, protocol: str = "tcp", *, sport: int = 40001, **more: int) -> Probe:
    """What a client sends: a request over TCP, a greeting over UDP, a ping."""
    address, _, port = to.partition(":")
    message = (
        HttpRequest("GET", address, "/")
        if protocol == "tcp"
        else Text("hello")
        if protocol == "udp"
        else None
    )
    return Probe(sender, protocol, address, int(port or 0), message, sport, **more)


def send(
    world: World | Machines, sender: str, to: str, protocol: str = "tcp", *, seed: int = 0, **more: int
) -> Walked:
    """Walk one probe: `send(world, "node1/pod1", "10.244.1.3:8080")`."""
    return perform(world, probe(sender, to, protocol, **more), seed=seed)


def perform(world: World | Machines, *acts: Act, seed: int = 0) -> Walked:
    """Walk several acts, one after another."""
    return Walked(list(walk(world if isinstance(world, Machines) else machines(world), acts, seed)))
