"""Faults that a reader may choose: which ones, what they change, and what is sent through the broken world."""

from collections.abc import Iterable, Iterator, Mapping

from app.kernel.change import Change, CommandRefused, UnknownCommand, change
from app.kernel.world import World
from app.scenario.decode import Reading
from app.scenario.faults import listing
from app.scenario.located import Complaint, Located, Path
from app.scenario.model import Break, Scenario
from app.scenario.schema import BreakSpec, PatchSpec, ProbeSpec, ScenarioDocument
from app.scenario.settings import applies, combinations


def breaks_of(document: ScenarioDocument) -> tuple[Break, ...]:
    return tuple(
        Break(name, spec.label, tuple(own for _, own in commands(name, spec)), spec.when)
        for name, spec in document.breaks.items()
    )


def commands(name: str, spec: BreakSpec) -> Iterator[tuple[Path, Change]]:
    """What is typed, in order, and where in the document it is written."""
    for netns, typed in spec.run.items():
        for at, command in enumerate(typed):
            yield ("breaks", name, "run", netns, at), Change(netns, command)


def choose(
    document: ScenarioDocument,
    node: Located,
    wanted: Iterable[str],
    chosen: Mapping[str, str],
    reading: Reading,
) -> tuple[str, ...]:
    """The wanted ones in the order of the file; a fault for what does not exist or is for other settings."""
    known, asked = document.breaks, frozenset(wanted)
    for name in sorted(asked):
        path = ("breaks", name)
        if name not in known:
            exist = f"expected one of {listing([*known])}" if known else "and this scenario has none"
            reading.fault(node.line_at(path), path, f"there is no such break, {exist}")
        elif not applies(known[name].when, chosen):
            message = f"is not for these settings, expected {spelled(known[name].when)}"
            reading.fault(node.line_at(path), path, message)
    return tuple(name for name, spec in known.items() if name in asked and applies(spec.when, chosen))


def states(made: Scenario) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    """Every combination of settings, whole and then broken in every way that is for it."""
    for chosen in combinations(made.settings):
        yield chosen, ()
        yield from ((chosen, (own.name,)) for own in made.breaks if applies(own.when, chosen))


def spelled(when: Mapping[str, tuple[str, ...]]) -> str:
    """`fabric=cloud, backend=local|web`"""
    return ", ".join(f"{name}={'|'.join(options)}" for name, options in when.items())


def patches(document: ScenarioDocument, broken: Iterable[str]) -> list[PatchSpec]:
    return [document.breaks[name].patch for name in broken]


def probes_of(document: ScenarioDocument, broken: Iterable[str]) -> tuple[Path, tuple[ProbeSpec, ...]]:
    """What is sent, and where that is written: the probes of the last chosen fault that has its own, or the scenario's."""
    own = [(name, document.breaks[name].probes) for name in broken if document.breaks[name].probes]
    return (("breaks", own[-1][0]), own[-1][1]) if own else ((), document.probes)


def complaints(document: ScenarioDocument, broken: Iterable[str], world: World) -> Iterator[Complaint]:
    """Commands that are typed nowhere, that mean nothing here, or that are refused in the world as it is by then."""
    for name in broken:
        for path, own in commands(name, document.breaks[name]):
            if own.netns not in world.netns:
                yield path, f"there is no namespace {own.netns!r}, expected one of {listing([*world.netns])}"
                continue
            try:
                world = change(world, own)
            except (UnknownCommand, CommandRefused) as error:
                yield path, str(error)
