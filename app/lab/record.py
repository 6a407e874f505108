"""From a world with its programs and acts to a recording: the whole experiment."""

from collections.abc import Iterable, Iterator

from app.kernel.show import commands_for
from app.kernel.world import World
from app.lab import build, programs, sandbox
from app.lab.job import Command, Job, Reading, Recording
from app.process.programs import Act, Machines

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
    world = machines.world
    others = tuple(sensible(world)) if outputs else ()
    job = Job(
        tuple(world.netns),
        tuple(build.sysctls(world)),
        tuple(build.setup(world)),
        tuple(programs.servers(machines)),
        tuple(programs.errands(acts)),
        tuple(dict.fromkeys((*everywhere(world, tables), *others))),
        tuple(changes),
        tuple(dict.fromkeys((*everywhere(world, before), *others))),
        traced,
    )
    return sandbox.run(job)


def everywhere(world: World, commands: Iterable[str]) -> tuple[Reading, ...]:
    return tuple(Reading(netns, command) for command in commands for netns in world.netns)


def sensible(world: World) -> Iterator[Reading]:
    for netns in world.netns.values():
        yield from (Reading(netns.id, command) for command in commands_for(netns))
