"""What `check` says about a file: every fault under every setting and every break, or what to know about a sound one."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from app.scenario.assemble import Source, scenario
from app.scenario.breaks import states
from app.scenario.faults import Fault, ScenarioError
from app.scenario.load import opened
from app.scenario.model import Scenario

MAX_COMBINATIONS = 500


def check(source: str, rehearse: Callable[[Scenario], Iterable[str]]) -> Iterator[str]:
    """Lines of the report.  Raises ScenarioError with the faults of all states of the scenario, each once.

    `rehearse` walks the journey and says what the story promises and the journey does not keep.
    """
    read = opened(source)
    faults: dict[Fault, None] = {}
    sound = [scenario(read)]
    for chosen, broken in islice(states(sound[0]), MAX_COMBINATIONS):
        try:
            sound.append(scenario(read, chosen, breaks=broken))
        except ScenarioError as error:
            faults.update(dict.fromkeys(error.faults))
    for own in () if faults else sound:
        field = f"Scenario ({named})" if (named := spelled(own)) else "Scenario"
        faults.update((Fault(read.file, None, field, unkept), None) for unkept in rehearse(own))
    if faults:
        raise ScenarioError(list(faults))
    return report(read, sound)


def spelled(made: Scenario) -> str:
    """`fabric=cloud break=no-route`"""
    broken = (f"break={name}" for name in made.broken)
    return " ".join([*(f"{name}={value}" for name, value in made.chosen.items()), *broken])


def report(read: Source, sound: list[Scenario]) -> Iterator[str]:
    """`sound` is the file with its defaults, then in all its states."""
    first = sound[0]
    yield f"{read.file}: sound. {first.title}: {', '.join(contents(first))}"
    yield f"  probe: {first.probe_from} to {first.probe_to}, {first.protocol}"
    for setting in first.settings:
        yield f"  setting: {setting.name}={'|'.join(option.value for option in setting.options)}"
    for own in first.breaks:
        yield f"  break: {own.name}, {own.label}"
    yield from dict.fromkeys(f"  note: {note}" for own in sound for note in own.notes)
    yield from dict.fromkeys(f"  ignored: {field}" for own in sound for field in own.ignored)


def contents(first: Scenario) -> Iterator[str]:
    cluster = first.cluster
    counted = {"node": cluster.nodes, "pod": cluster.pods, "Service": cluster.services, "beat": first.beats}
    for word, held in counted.items():
        yield f"{len(held)} {word}{'' if len(held) == 1 else 's'}"
