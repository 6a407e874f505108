"""What `check` says about a file: every fault under every setting, or what a reader should know about a sound one."""

from collections.abc import Iterator
from itertools import product

from app.scenario.assemble import Source, scenario
from app.scenario.faults import Fault, ScenarioError
from app.scenario.load import opened
from app.scenario.model import Scenario


def check(source: str) -> Iterator[str]:
    """Lines of the report.  Raises ScenarioError with the faults of all combinations of settings, each once."""
    read = opened(source)
    first = scenario(read)
    faults: dict[Fault, None] = {}
    for chosen in combinations(first):
        try:
            scenario(read, chosen)
        except ScenarioError as error:
            faults.update(dict.fromkeys(error.faults))
    if faults:
        raise ScenarioError(list(faults))
    return report(read, first)


def combinations(first: Scenario) -> Iterator[dict[str, str]]:
    """Every choice of every setting."""
    names = [setting.name for setting in first.settings]
    for values in product(*([option.value for option in setting.options] for setting in first.settings)):
        yield dict(zip(names, values, strict=True))


def report(read: Source, first: Scenario) -> Iterator[str]:
    cluster = first.cluster
    counted = ((len(cluster.nodes), "node"), (len(cluster.pods), "pod"), (len(cluster.services), "Service"))
    held = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counted)
    yield f"{read.file}: sound. {first.title}: {held}, {len(first.beats)} beats"
    yield from (f"  note: {note}" for note in first.notes)
    yield from (f"  ignored: {field}" for field in first.ignored)
