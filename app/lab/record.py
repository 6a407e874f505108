"""From a world with its programs and acts to a recording: the whole experiment."""

from collections.abc import Iterable, Iterator

from app.kernel.show import commands_for
from app.kernel.world import World
from app.lab import build, programs, sandbox
from app.lab.job import Command, Job, Reading, Recording
from app.process.programs import Act, Machines, Probe

TABLES = ("ip neigh", "bridge fdb", "conntrack -L")
"""What the kernel learns by a journey."""


def record(
    machines: Machines,
    acts: Iterable[Act],
    tables: Iterable[str] = TABLES,
    *,
    before: Iterable[str] = (),
    changes: Iterable[Command] = (),
    traced: bool = True,
    outputs: bool = False,
) -> Recording:
    """Build the world, change it, do what the acts say, and bring back frames, answers and tables.  Raises LabError.

    `tables` are the commands read in every namespace at the end, `before` those read just before the first act; `traced`
    asks for every rule hit as well, `outputs` for every other command that makes sense in a namespace, before and after.
    """
    acts = tuple(acts)
    others = (*sensible(machines.world), *ways(machines.world, acts)) if outputs else ()
    readings = (*everywhere(machines.world, tables), *others)
    readings_before = (*everywhere(machines.world, before), *others)
    return sandbox.run(job_of(machines, acts, readings, changes, readings_before, traced=traced))


def job_of(
    machines: Machines,
    acts: Iterable[Act] = (),
    readings: Iterable[Reading] = (),
    changes: Iterable[Command] = (),
    before: Iterable[Reading] = (),
    *,
    traced: bool = False,
) -> Job:
    """What builds these machines and runs what is installed on them; nothing is read twice."""
    return Job(
        tuple(machines.world.netns),
        tuple(build.sysctls(machines.world)),
        tuple(build.setup(machines.world)),
        tuple(programs.servers(machines)),
        tuple(programs.errands(acts)),
        tuple(dict.fromkeys(readings)),
        tuple(changes),
        tuple(dict.fromkeys(before)),
        traced,
    )


def everywhere(world: World, commands: Iterable[str]) -> tuple[Reading, ...]:
    return tuple(Reading(netns, command) for command in commands for netns in world.netns)


def ways(world: World, acts: Iterable[Act]) -> Iterator[Reading]:
    """How each namespace would reach both ends of a probe: what ICMP errors taught shows in no other command."""
    for act in acts:
        if isinstance(act, Probe):
            own = (i.address for d in world[act.netns].config.devices.values() for i in d.addresses)
            for address in (act.address, *own):
                yield from (Reading(netns, f"ip route get {address}") for netns in world.netns)


def sensible(world: World) -> Iterator[Reading]:
    for netns in world.netns.values():
        yield from (Reading(netns.id, command) for command in commands_for(netns))
