"""The product in ten lines: scenario, cluster, world, walk, journey."""

from collections.abc import Iterator
from functools import partial, reduce
from itertools import chain

from msgspec.structs import replace

from app.controlplane.compile import compile_machines
from app.datapath.events import Step
from app.datapath.walk import Looped, Walker
from app.kernel.change import change
from app.process.behaviour import Processes, perform
from app.process.programs import Act, Machines
from app.scenario.located import Complaint
from app.scenario.model import Scenario
from app.story.journey import Journey


def simulate(scenario: Scenario, seed: int = 0) -> Journey:
    """The whole journey: a pure function of the scenario, its chosen settings, and the seed."""
    machines = machines_of(scenario)
    walked = Journey(scenario, seed, machines.world)
    try:
        walked.steps.extend(walk(machines, scenario.acts, seed))
    except Looped:
        walked.looped = True
    return walked


def machines_of(scenario: Scenario) -> Machines:
    """The compiled machines, and what was typed on them since."""
    machines = compile_machines(scenario.cluster, scenario.infra)
    return replace(machines, world=reduce(change, scenario.changes, machines.world))


def walk(machines: Machines, acts: tuple[Act, ...], seed: int) -> Iterator[Step]:
    """Perform the acts one after another, each in the world that the one before left.  Raises Looped."""
    walker = Walker(machines.world, Processes(machines.programs), seed)
    return chain.from_iterable(walker.run(act.netns, partial(perform, act)) for act in acts)


def broken_promises(scenario: Scenario) -> Iterator[Complaint]:
    """What the scenario's story promises and its journey does not keep: a beat's id, or one of its expectations, and why."""
    journey = simulate(scenario)
    for spec in journey.missed:
        yield ("beats", spec.id), f"no step after the beat before it is what the `on` of {spec.id} asks for"
    expect, outcome = scenario.expect, journey.outcome
    for name, wanted, came in (
        ("verdict", expect.verdict, outcome.verdict), ("reason", expect.reason, outcome.reason),
        ("at", expect.at, outcome.at), ("by", expect.by, outcome.by),
    ):  # fmt: skip
        if wanted is not None and wanted != came:
            yield ("expect", name), f"is {wanted}, and it came out as {came}"
    for at, pattern in enumerate(expect.never):
        found = next((step for step in journey.steps if pattern.matches(step)), None)
        if found is not None:
            yield ("expect", "never", at), f"step {found.seq} is what should never happen"
    reached = 0
    for at, pattern in enumerate(expect.sees):
        seen = next((step.seq for step in journey.steps[reached:] if pattern.matches(step)), None)
        if seen is None:
            what = f"{pattern.event or 'such'} at {pattern.at or 'any place'}"
            yield ("expect", "sees", at), f"no step after {reached} is {what}"
        else:
            reached = seen
