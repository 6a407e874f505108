"""The product in ten lines: scenario, cluster, world, walk, journey."""

from collections.abc import Iterator
from functools import partial

from app.controlplane.compile import compile_machines
from app.datapath.events import Step
from app.datapath.walk import Looped, Walker
from app.process.behaviour import Processes, perform
from app.process.programs import Act, Machines
from app.scenario.model import Scenario
from app.story.journey import Journey


def simulate(scenario: Scenario, seed: int = 0) -> Journey:
    """The whole journey: a pure function of the scenario, its chosen settings, and the seed."""
    machines = compile_machines(scenario.cluster, scenario.infra)
    walked = Journey(scenario, seed, machines.world)
    try:
        walked.steps.extend(walk(machines, scenario.acts, seed))
    except Looped:
        walked.looped = True
    return walked


def walk(machines: Machines, acts: tuple[Act, ...], seed: int) -> Iterator[Step]:
    """Perform the acts one after another, each in the world that the one before left.  Raises Looped."""
    walker = Walker(machines.world, Processes(machines.programs), seed)
    for act in acts:
        yield from walker.run(act.netns, partial(perform, act))
