"""The engine's journey against the kernel's, differences in words.  The kernel is right.

Compared are, in each namespace, the devices on which a frame was seen, in order, with addresses, ports, TTL, flags,
lengths and contents, and every rule that each packet hit; where the machine shows them, every drop with its reason and
every answer of the routing tables.  Open is what `app.lab.finding.OPEN` lists: among it where bare ACKs and FINs stand
among the rest, though not how many there are.
"""

from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from typing import NamedTuple

from app.datapath.events import ProbeEnded, Step
from app.datapath.walk import Looped
from app.kernel.world import World
from app.lab.compare import drops, lookups, rules
from app.lab.compare.frames import frame_rows
from app.lab.compare.outputs import output_rows
from app.lab.compare.ports import fixed_ports
from app.lab.compare.rows import Row, differences
from app.lab.compare.sightings import computed, recorded
from app.lab.compare.tables import table_rows
from app.lab.job import Recording
from app.lab.programs import octets
from app.process.programs import Act, Machines, Probe
from app.simulate import walk

SEEDS = 16


class Closest(NamedTuple):
    """The walk that is most like what the kernel did: which endpoint a rule picks is chance on both sides."""

    seed: int
    steps: list[Step]
    rows: list[Row]

    @property
    def differences(self) -> list[str]:
        return differences(self.rows)


def closest(
    machines: Machines, acts: tuple[Act, ...], recording: Recording, seeds: Iterable[int] = range(SEEDS)
) -> Closest:
    """The first walk that agrees, or the one with the fewest differences."""
    best: Closest | None = None
    for seed in seeds:
        steps = list(until_looped(machines, acts, seed))
        tried = Closest(seed, steps, list(rows(machines, acts, steps, recording)))
        if best is None or len(tried.differences) < len(best.differences):
            best = tried
        if not tried.differences:
            break
    assert best, "there is at least one seed"
    return best


def rows(machines: Machines, acts: tuple[Act, ...], steps: list[Step], recording: Recording) -> Iterator[Row]:
    """Both sides of everything, section by section.  Raises NotDecoded."""
    ports = fixed_ports(machines, acts)
    ours, theirs = computed(steps, ports), recorded(recording, ports)
    world = steps[-1].world if steps else machines.world
    yield from answer_rows(acts, steps, recording)
    for netns in machines.world.netns:
        yield from frame_rows(netns, ours, theirs)
    if recording.untraced is None:
        hit, traced = list(rules.computed(steps, ports)), list(rules.recorded(recording, world, ports))
        for netns in machines.world.netns:
            yield from rules.rule_rows(netns, hit, traced)
    yield from kernel_rows(machines.world, steps, recording, ports)
    yield from table_rows(world, recording, ports)
    if any(recording.before.values()):
        yield from output_rows(machines.world, recording.before, "before", ports)
        yield from output_rows(world, recording.texts, "after", ports)


def kernel_rows(world: World, steps: list[Step], recording: Recording, ports: Set[int]) -> Iterator[Row]:
    """What the kernel's tracepoints told, where the machine let them."""
    if recording.drops is not None:
        ended, dropped = list(drops.computed(steps, ports)), list(drops.recorded(recording.drops, ports))
        for netns in world.netns:
            yield from drops.drop_rows(netns, ended, dropped)
    if recording.lookups is not None:
        asked, answered = list(lookups.computed(steps)), list(lookups.recorded(recording.lookups))
        for netns in world.netns:
            yield from lookups.lookup_rows(world, netns, asked, answered)


def answer_rows(acts: Iterable[Act], steps: list[Step], recording: Recording) -> Iterator[Row]:
    """How each probe ended: with which errno, or with which octets."""
    probes = [act for act in acts if isinstance(act, Probe)]
    ends = [step.event for step in steps if isinstance(step.event, ProbeEnded)]
    for number, (probe, answer) in enumerate(zip(probes, recording.answers, strict=True), 1):
        end = ends[number - 1] if number <= len(ends) else None
        ours = "no end" if end is None else end.error or repr(content(end, probe))
        theirs = answer.error or repr(answer.octets)
        words = None if ours == theirs else f"probe {number}: computed {ours}, kernel {theirs}"
        yield Row("answers", probe.netns, ours, theirs, words)


def content(end: ProbeEnded, probe: Probe) -> bytes:
    if end.key.protocol == "icmp":
        return bytes(probe.octets)
    return octets(end.message) if end.message else b""


def until_looped(machines: Machines, acts: tuple[Act, ...], seed: int) -> Iterator[Step]:
    with suppress(Looped):
        yield from walk(machines, acts, seed)
