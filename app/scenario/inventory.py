"""The objects of a file, each with the lines it was written on: found, patched, and read into typed manifests."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from app.scenario.decode import Reading, decode
from app.scenario.faults import Fault, ScenarioError, listing
from app.scenario.located import Located, Path, dotted, merged
from app.scenario.manifests import CLUSTER_SCOPED, READ, Manifest
from app.scenario.schema import PatchSpec


class Found(Struct, frozen=True):
    """One object.  `key` names it as patches and messages do: `Pod/pod1`, `Service/dns.kube-system`."""

    kind: str
    key: str
    body: Located
    file: str

    def fault(self, path: Path, message: str) -> Fault:
        return Fault(self.file, self.body.line_at(path), f"{self.key}.{dotted(path)}".rstrip("."), message)


class Entry(Struct, frozen=True):
    """An object that matters here, with its manifest."""

    found: Found
    manifest: Manifest

    def fault(self, path: Path, message: str) -> Fault:
        return self.found.fault(path, message)


def key_of(body: Located) -> str:
    """`Pod/pod1`, with the namespace behind a dot unless it is `default` or the kind has none."""
    kind = body.text("kind") or "object"
    name = body.text("metadata", "name") or "?"
    namespace = body.text("metadata", "namespace") or "default"
    return f"{kind}/{name}" + ("" if namespace == "default" or kind in CLUSTER_SCOPED else f".{namespace}")


class Report:
    """What comes to light while a file is read: faults, notes on what was decided, and what nothing here uses.

    `unread` are the keys of objects with faults, so that nobody complains of their absence as well.
    """

    __slots__ = ("faults", "file", "ignored", "notes", "unread")

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.ignored: set[str] = set()
        self.unread: set[str] = set()

    def objects(self, bodies: Iterable[Located]) -> list[Found]:
        """The objects among `bodies`; those that are none become faults."""
        both = list(objects(bodies, self.file))
        self.faults += [own for own in both if isinstance(own, Fault)]
        return [own for own in both if isinstance(own, Found)]

    def fail_on_faults(self) -> None:
        """Raises ScenarioError when there is a fault."""
        if self.faults:
            raise ScenarioError(self.faults)


def objects(bodies: Iterable[Located], file: str) -> Iterator[Found | Fault]:
    """Every object, those inside a `List` (`kind: List`, `PodList`) too; a fault for what has no kind."""
    for body in bodies:
        kind = body.text("kind")
        if kind is None:
            yield Fault(file, body.line, "kind", "is missing, expected a Kubernetes manifest with a kind")
        elif kind.endswith("List") and isinstance(body.fields.get("items", Located(None, 0)).value, list):
            yield from objects(body.fields["items"].items, file)
        else:
            yield Found(kind, key_of(body), body, file)


def patched(found: list[Found], patches: Iterable[PatchSpec], report: Report) -> list[Found]:
    """The objects as the chosen options leave them."""
    for patch in patches:
        known = [own.key for own in found]
        for key, body in patch.objects.items():
            if key not in known:
                report.faults.append(unknown(report.file, body.line, f"objects.{key}", key, known))
            found = [replace(own, body=merged(own.body, body)) if own.key == key else own for own in found]
        for key in patch.remove:
            if key not in known:
                report.faults.append(unknown(report.file, None, "remove", key, known))
        found = [own for own in found if own.key not in patch.remove] + report.objects(patch.add)
    return found


def unknown(file: str, line: int | None, field: str, key: str, known: Iterable[str]) -> Fault:
    return Fault(
        file, line, f"patch.{field}", f"there is no object {key!r}, expected one of {listing([*known])}"
    )


def read_all(found: Iterable[Found], report: Report) -> list[Entry]:
    """The objects that matter, read; what is wrong with them and what is not used is noted."""
    entries: dict[str, Entry] = {}
    for own in found:
        kind = READ.get(own.kind)
        if kind is None:
            report.ignored.add(own.kind)
            continue
        reading = Reading(own.file, own.key, own.kind)
        manifest = decode(own.body, kind, reading)
        report.faults += reading.faults
        report.ignored |= reading.ignored
        if manifest is None:
            report.unread.add(own.key)
        elif own.key in entries:
            message = f"is there twice, first on line {entries[own.key].found.body.line}, expected once"
            report.faults.append(own.fault(("metadata", "name"), message))
        else:
            entries[own.key] = Entry(own, manifest)
    return list(entries.values())
