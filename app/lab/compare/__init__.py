"""The engine's journey against the kernel's, differences in words.  The kernel is right.

Compared are, in each namespace, the devices on which a frame was seen, in order, with addresses, ports, TTL, flags and
length of every header.  Open are a tunnel's source port, masqueraded ports chosen by chance, sequence numbers and
identifiers, and where bare ACKs and FINs stand among the rest: of those, only that they were seen.
"""

from collections.abc import Iterator
from contextlib import suppress

from app.datapath.events import ProbeEnded, Step
from app.datapath.walk import Looped
from app.lab.compare.frames import frames_differ
from app.lab.compare.ports import fixed_ports
from app.lab.compare.sightings import computed, recorded
from app.lab.compare.tables import tables_differ
from app.lab.job import Recording
from app.lab.programs import PING_OCTETS, octets
from app.process.programs import Act, Machines
from app.simulate import walk

SEEDS = 16


def differences(
    machines: Machines, acts: tuple[Act, ...], steps: list[Step], recording: Recording
) -> list[str]:
    """One sentence for each difference; none if the engine computed what the kernel did.  Raises NotDecoded."""
    ports = fixed_ports(machines, acts)
    ours, theirs = computed(steps, ports), recorded(recording, ports)
    found = [
        difference for netns in machines.world.netns for difference in frames_differ(netns, ours, theirs)
    ]
    world = steps[-1].world if steps else machines.world
    return [*answers_differ(steps, recording), *found, *tables_differ(world, recording, ports)]


def answers_differ(steps: list[Step], recording: Recording) -> Iterator[str]:
    """How each probe ended: with which errno, or with which octets."""
    ends = [step.event for step in steps if isinstance(step.event, ProbeEnded)]
    for number, answer in enumerate(recording.answers, 1):
        end = ends[number - 1] if number <= len(ends) else None
        ours = "no end" if end is None else end.error or content(end)
        theirs = answer.error or answer.octets
        if ours != theirs:
            yield f"probe {number}: computed {ours!r}, kernel {theirs!r}"


def content(end: ProbeEnded) -> bytes:
    if end.key.protocol == "icmp":
        return PING_OCTETS
    return octets(end.message) if end.message else b""


def differences_of_any(machines: Machines, acts: tuple[Act, ...], recording: Recording) -> list[str]:
    """The fewest differences that any throw of the dice has: which endpoint a rule picks is chance on both sides."""
    fewest: list[str] | None = None
    for seed in range(SEEDS):
        found = differences(machines, acts, list(until_looped(machines, acts, seed)), recording)
        if fewest is None or len(found) < len(fewest):
            fewest = found
        if not found:
            break
    return fewest or []


def until_looped(machines: Machines, acts: tuple[Act, ...], seed: int) -> Iterator[Step]:
    with suppress(Looped):
        yield from walk(machines, acts, seed)
