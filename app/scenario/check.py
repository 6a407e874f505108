"""What `check` says about a file: every fault under every setting and every break, or what to know about a sound one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from app.scenario.assemble import Source, drafted, scenario
from app.scenario.breaks import states
from app.scenario.faults import Fault, ScenarioError
from app.scenario.load import opened
from app.scenario.located import Complaint, Path, dotted
from app.scenario.model import Scenario
from app.scenario.settings import applies
from app.scenario.telling import Tale, tale_of

MAX_COMBINATIONS = 500
OWN_STORY = (
    "`beats` and `expect` are what the file tells of its own journey, and none of it is needed to trace: "
    "where the journey is another one now, change or delete it."
)


def check(source: str, rehearse: Callable[[Scenario], Iterable[Complaint]]) -> Iterator[str]:
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
    if faults:
        raise ScenarioError(list(faults))
    unkept = list(untrue(read, sound, rehearse))
    if unkept:
        raise ScenarioError(unkept, OWN_STORY)
    return report(read, sound)


def untrue(
    read: Source, sound: list[Scenario], rehearse: Callable[[Scenario], Iterable[Complaint]]
) -> Iterator[Fault]:
    """What is told and does not happen, each once, with the first state of the scenario that it is untrue of."""
    seen: set[tuple[Path, str]] = set()
    for own in sound:
        for promise, message in rehearse(own):
            draft = drafted(read, own.chosen, own.broken)
            path = written(tale_of(draft.document, own.broken), own.chosen, promise)
            if (path, message) not in seen:
                seen.add((path, message))
                state = "" if own.chosen == sound[0].chosen else f" ({spelled(own)})"
                yield Fault(
                    read.file, draft.node.line_at(path), f"Scenario.{dotted(path)}", f"{message}{state}"
                )


def written(tale: Tale, chosen: Mapping[str, str], promise: Path) -> Path:
    """Where in the document a promise stands: the claims that apply add up, of single values the last one counts."""
    kind, name, *number = promise
    if kind == "beats":
        told = (at for at, beat in enumerate(tale.beats) if beat.id == name and applies(beat.when, chosen))
        return (*tale.path, "beats", next(told))
    claims = [
        (at, getattr(claim, str(name))) for at, claim in enumerate(tale.expect) if applies(claim.when, chosen)
    ]
    if not number:
        return (*tale.path, "expect", max(at for at, value in claims if value is not None), name)
    each = [(at, name, own) for at, values in claims for own in range(len(values))]
    return (*tale.path, "expect", *each[int(number[0])])


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
