"""A scenario as the rest of the house knows it: resolved, patched by the chosen options, frozen."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from app.controlplane.infrastructure import Infrastructure
from app.kernel.change import Change
from app.kernel.origin import Origin
from app.kube.objects import Cluster
from app.process.programs import Act
from app.story.beats import BeatSpec, EventPattern


class Option(Struct, frozen=True):
    """One value of a setting, and what a reader sees."""

    value: str
    label: str


class Setting(Struct, frozen=True):
    """A choice that a scenario offers; every option is a patch of its file."""

    name: str
    label: str
    default: str
    options: tuple[Option, ...]


class Break(Struct, frozen=True):
    """A fault that a reader may choose: what somebody typed, and where.  `when`: by setting, the options that it is for."""

    name: str
    label: str
    changes: tuple[Change, ...]
    when: Mapping[str, tuple[str, ...]]


class ExpectedConnection(Struct, frozen=True):
    """Ends are `address:port` globs: as the client opened it, and as its server saw it."""

    src: str
    dst: str
    translated_src: str
    translated_dst: str
    dnat: bool
    masqueraded: bool


class Expect(Struct, frozen=True):
    """What must come true: the outcome, steps that happen in this order, steps that never do, every connection."""

    verdict: str | None = None
    reason: str | None = None
    at: str | None = None
    by: Origin | None = None
    sees: tuple[EventPattern, ...] = ()
    never: tuple[EventPattern, ...] = ()
    connections: tuple[ExpectedConnection, ...] = ()


class Scenario(Struct, frozen=True):
    """`probe_from`, `probe_to`: the first probe's ends in canonical form; `number`: place in the gallery, 0: none.

    `breaks` are all that the file knows, `broken` the names of those chosen, in the same order.
    `ignored` are fields that nothing here uses (`Pod.spec.volumes`), `notes` what was decided for the file;
    `own_probe`: is it the file that says who asks whom?
    """

    slug: str
    title: str
    question: str
    summary: str
    part: Literal[1, 2, 3]
    number: int
    settings: tuple[Setting, ...]
    chosen: Mapping[str, str]
    cluster: Cluster
    infra: Infrastructure
    acts: tuple[Act, ...]
    probe_from: str
    probe_to: str
    protocol: Literal["tcp", "udp", "icmp"]
    beats: tuple[BeatSpec, ...]
    expect: Expect
    breaks: tuple[Break, ...] = ()
    broken: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    own_probe: bool = True

    @property
    def chosen_breaks(self) -> tuple[Break, ...]:
        """Some are typed on a machine; some are another cluster or another probe, and have no changes."""
        return tuple(own for own in self.breaks if own.name in self.broken)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the chosen faults do to the machines, in order."""
        return tuple(change for own in self.chosen_breaks for change in own.changes)
