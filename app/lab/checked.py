"""The record of what agreed with the kernel: when, with which Linux, by which command.  A test keeps it honest.

`packet-journeys lab --all --record` writes it: of each journey that passed, a fingerprint of all that was compared.
An engine that computes something else has another fingerprint, and must be checked again before the player says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path

import msgspec
from msgspec import Struct

from app.datapath.events import ProbeEnded, Step
from app.kernel.show import show
from app.lab.compare import drops, lookups, rules, sightings, until_looped
from app.lab.compare.ports import fixed_ports
from app.lab.finding import Finding, asked_of
from app.lab.record import sensible, ways
from app.process.programs import Act, Machines
from app.scenario.faults import Fault, ScenarioError
from app.scenario.model import Scenario
from app.simulate import machines_of
from app.story.journey import Journey

FILE = Path(__file__).with_name("checked.json")
COMMAND = "packet-journeys lab"
LENGTH = 16  # hexadecimal digits: 64 bits, to notice a change, not an attack


class Checked(Struct, frozen=True):
    """`journeys`: by what is asked for behind the command, the fingerprint of what agreed; `undecided`: why it could not be tried."""

    linux: str
    date: str
    journeys: Mapping[str, str]
    undecided: Mapping[str, str] = {}


class Badge(Struct, frozen=True):
    """What the player says of a journey; `linux` and `date` are None where it was not checked, and `why` says why not."""

    command: str
    linux: str | None = None
    date: str | None = None
    why: str | None = None


@cache
def checked() -> Checked:
    return msgspec.json.decode(FILE.read_bytes(), type=Checked)


def badge(scenario: Scenario, journey: Journey) -> Badge:
    """Was this very journey checked, as it is computed now?  Only built-in ones are, with the first throw of the dice."""
    words = asked_of(scenario).words
    command, known = f"{COMMAND} {words}", checked()
    if why := known.undecided.get(words):
        return Badge(command, why=why)
    if words not in known.journeys:
        return Badge(command, why="nobody has, so far")
    if journey.seed != 0:
        return Badge(command, why="the kernel throws its own dice; seed 0 was checked")
    if fingerprint(Machines(journey.world0, {}), scenario.acts, journey.steps) != known.journeys[words]:
        return Badge(command, why="it is computed otherwise since")
    return Badge(command, known.linux, known.date)


def write(findings: Iterable[Finding]) -> Iterator[str]:
    """The record, in the place of the old one.  Raises ScenarioError where it would not be whole."""
    found = list(findings)
    refuse(found)
    passed = {f.asked.words: f.fingerprint for f in found if f.verdict == "passed"}
    undecided = {f.asked.words: f.why or "" for f in found if f.verdict == "undecided"}
    linux = ".".join(found[0].linux.split(".")[:2])
    noted = Checked(linux, datetime.now(UTC).date().isoformat(), passed, undecided)
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(noted), indent=1) + b"\n")
    yield f"noted {len(passed)} journeys in {FILE}"


def refuse(findings: Iterable[Finding]) -> None:
    """A record is whole or is not written.  Raises ScenarioError, a fault for each journey that differs or was not seen whole."""
    faults = [
        Fault("--record", None, finding.asked.words, words)
        for finding in findings
        for words in (*finding.differences, *finding.unseen)
    ]
    if faults:
        raise ScenarioError(faults)


def fingerprint_of(scenario: Scenario) -> str:
    """Of the journey as it is computed now, with seed 0."""
    machines = machines_of(scenario)
    return fingerprint(machines, scenario.acts, list(until_looped(machines, scenario.acts, 0)))


def fingerprint(machines: Machines, acts: tuple[Act, ...], steps: list[Step]) -> str:
    """Of everything in a journey that is laid beside the kernel."""
    digest = sha256()
    for fact in facts(machines, acts, steps):
        digest.update(fact.encode())
        digest.update(b"\n")
    return digest.hexdigest()[:LENGTH]


def facts(machines: Machines, acts: tuple[Act, ...], steps: list[Step]) -> Iterator[str]:
    """Our side of every section of the comparison (`app.lab.compare.rows`)."""
    ports = fixed_ports(machines, acts)
    compared = chain(
        sightings.computed(steps, ports),
        rules.computed(steps, ports),
        drops.computed(steps, ports),
        lookups.computed(steps),
        ((step.event.error, step.event.message) for step in steps if isinstance(step.event, ProbeEnded)),
    )
    yield from map(repr, compared)
    for world in (machines.world, steps[-1].world if steps else machines.world):
        for reading in (*sensible(world), *ways(world, acts)):
            yield show(world, reading.netns, reading.command).text
