"""A file that was read, and what a reader chose, to one Scenario: decoded, patched, its objects read, its probes resolved."""

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Infrastructure
from app.controlplane.limitations import limitations
from app.kube.objects import Cluster
from app.scenario import breaks as breaking
from app.scenario import settings as chooser
from app.scenario import telling
from app.scenario.cluster import cluster_of
from app.scenario.decode import Reading, decode
from app.scenario.faults import Fault, ScenarioError
from app.scenario.inventory import Report, patched, read_all
from app.scenario.located import Complaint, Located
from app.scenario.model import Expect, Scenario
from app.scenario.names import Names, Protocol
from app.scenario.probes import Ends, Resolved, resolve
from app.scenario.schema import NetworkSpec, ScenarioDocument
from app.scenario.settings import LABEL
from app.scenario.surroundings import complaints, infrastructure


class Override(Struct, frozen=True):
    """A probe that somebody wants in place of the scenario's own; None keeps what the file says."""

    from_: str | None = None
    to: str | None = None
    protocol: Protocol | None = None


class Source(Struct, frozen=True):
    """A file that was read: what messages call it, its slug, its place in the gallery (0: none), its documents."""

    file: str
    slug: str
    number: int
    documents: tuple[Located, ...]


class Draft(Struct, frozen=True):
    """A file whose every value is sound, before its names are looked up.  `node` is where its lines are."""

    source: Source
    document: ScenarioDocument
    node: Located
    chosen: Mapping[str, str]
    broken: tuple[str, ...]
    cluster: Cluster
    report: Report


def scenario(
    source: Source,
    settings: Mapping[str, str] | None = None,
    override: Override | None = None,
    breaks: Collection[str] = (),
) -> Scenario:
    """The file with these settings, broken in these ways, and with another first probe where one is wanted.

    Raises ScenarioError.
    """
    draft = drafted(source, settings or {}, breaks)
    names = Names(draft.cluster, infrastructure(draft.document), draft.document.outside.names)
    made = assembled(draft, names)
    return overridden(made, draft, names, override) if override else made


def drafted(source: Source, settings: Mapping[str, str], breaks: Collection[str]) -> Draft:
    """Every fault of a value, an object or a choice is found before the first is reported.  Raises ScenarioError."""
    report = Report(source.file)
    node, bodies = told_apart(source, report)
    reading = Reading(source.file, LABEL, LABEL)
    document = decode(node, ScenarioDocument, reading)
    chosen: dict[str, str] = {}
    broken: tuple[str, ...] = ()
    found = report.objects(bodies)
    if document is not None:
        chosen = chooser.choose(document, node, settings, reading)
        broken = breaking.choose(document, node, breaks, chosen, reading)
        applied = chooser.patches(document, chosen) + breaking.patches(document, broken)
        found = patched(found, applied, report)
        node = chooser.patched(node, applied)
        document = decode(node, ScenarioDocument, reading)
    network = document.network if document else NetworkSpec()
    cluster = cluster_of(read_all(found, report), network.service_cidr, report)
    report.faults += dict.fromkeys(reading.faults)
    if document is None or report.faults:
        raise ScenarioError(report.faults)
    return Draft(source, document, node, chosen, broken, cluster, report)


def told_apart(source: Source, report: Report) -> tuple[Located, list[Located]]:
    """The one Scenario document, and all others.  Raises ScenarioError where there is none or another."""
    own = [document for document in source.documents if document.text("kind") == LABEL]
    for document in source.documents:
        if not isinstance(document.value, dict):
            message = "is no mapping, expected an object with a kind"
            report.faults.append(Fault(source.file, document.line, "document", message))
    if len(own) != 1:
        line, what = (own[1].line, "there is a second one") if own else (None, "there is none")
        message = f"{what}, expected one document of kind Scenario"
        report.faults.append(Fault(source.file, line, LABEL, message))
    report.fail_on_faults()
    return own[0], [document for document in source.documents if document is not own[0]]


def assembled(draft: Draft, names: Names) -> Scenario:
    """Raises ScenarioError where a name means nothing, or what is told cannot happen."""
    document = draft.document
    infra = infrastructure(document)
    path, probes = breaking.probes_of(document, draft.broken)
    resolved = resolve(probes, names, draft.cluster, path)
    ends = sound_ends(draft, resolved, list(complaints(infra, draft.cluster)))
    if draft.broken:
        check_changes(draft, infra)
    tale = telling.tale_of(document, draft.broken)
    return Scenario(
        draft.source.slug,
        document.title,
        document.question,
        document.summary,
        document.part,
        draft.source.number,
        chooser.settings_of(document),
        draft.chosen,
        draft.cluster,
        infra,
        resolved.acts,
        ends.from_,
        ends.to,
        ends.protocol,
        telling.beats_of(tale, draft.chosen),
        telling.expect_of(tale, draft.chosen),
        breaking.breaks_of(document),
        draft.broken,
        tuple(sorted(draft.report.ignored)),
        (*draft.report.notes, *limitations(draft.cluster, infra)),
    )


def sound_ends(draft: Draft, resolved: Resolved, others: list[Complaint]) -> Ends:
    """The first probe's ends, if nobody complains.  Raises ScenarioError."""
    reading = Reading(draft.source.file, LABEL, LABEL)
    telling.check(draft.document, draft.node, draft.chosen, reading)
    for path, message in (*others, *resolved.complaints):
        reading.fault(draft.node.line_at(path), path, message)
    if reading.faults or resolved.ends is None:
        raise ScenarioError(reading.faults)
    return resolved.ends


def check_changes(draft: Draft, infra: Infrastructure) -> None:
    """Raises ScenarioError where a chosen fault cannot be made."""
    reading = Reading(draft.source.file, LABEL, LABEL)
    world = compile_machines(draft.cluster, infra).world
    for path, message in breaking.complaints(draft.document, draft.broken, world):
        reading.fault(draft.node.line_at(path), path, message)
    if reading.faults:
        raise ScenarioError(reading.faults)


def overridden(made: Scenario, draft: Draft, names: Names, override: Override) -> Scenario:
    """With another first probe, alone; what is told of the file's own is not told of it.  Raises ScenarioError."""
    _, probes = breaking.probes_of(draft.document, draft.broken)
    own = next(probe for probe in probes if probe.restart is None)
    wanted = replace(
        own,
        from_=own.from_ if override.from_ is None else override.from_,
        to=own.to if override.to is None else override.to,
        protocol=override.protocol or own.protocol,
    )
    if wanted.protocol != own.protocol:
        wanted = replace(wanted, octets=None, dont_fragment=True)
    resolved = resolve((wanted,), names, made.cluster)
    ends = resolved.ends
    if ends is None:
        faults = [Fault(draft.source.file, None, str(path[-1]), text) for path, text in resolved.complaints]
        raise ScenarioError(faults)
    if ends == Ends(made.probe_from, made.probe_to, made.protocol):
        return made
    return replace(
        made,
        acts=resolved.acts,
        probe_from=ends.from_,
        probe_to=ends.to,
        protocol=ends.protocol,
        beats=(),
        expect=Expect(),
        own_probe=False,
    )
