"""From a world with its programs and acts to a recording: the whole experiment."""

from collections.abc import Iterable

from app.lab import build, programs, sandbox
from app.lab.job import Job, Reading, Recording
from app.process.programs import Act, Machines

TABLES = ("ip neigh", "bridge fdb", "conntrack -L")
"""What the kernel learns by a journey."""


def record(machines: Machines, acts: Iterable[Act], tables: Iterable[str] = TABLES) -> Recording:
    """Build the world, do what the acts say, and bring back frames, answers and tables.  Raises LabError."""
    world = machines.world
    commands = tuple(tables)
    job = Job(
        tuple(world.netns),
        tuple(build.sysctls(world)),
        tuple(build.setup(world)),
        tuple(programs.servers(machines)),
        tuple(programs.errands(acts)),
        tuple(Reading(netns, command) for netns in world.netns for command in commands),
    )
    return sandbox.run(job)
