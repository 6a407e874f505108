"""What an experiment found: one journey laid beside what the kernel did."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from app.lab.compare.rows import Row, Section, differences
from app.scenario.model import Scenario

Verdict: TypeAlias = Literal["passed", "differs", "undecided"]

OPEN = (
    "the source port of a tunnel, and ports that MASQUERADE chose at random",
    "the identification of an IP header, a connection's first sequence number, windows and timestamps, and time",
    "where bare ACKs and FINs stand among the other frames of a namespace, and the order between namespaces",
    "which endpoint a rule picked by chance: the throw of the dice that the kernel made is looked for",
    "clocks, counters and reference counts in what commands print, and the order of what lies in a hash",
    "what tells a NIC from one end of a veth pair, which stands for it here",
    "what a queue still held when its owner went; of look-ups how often, and those that allow one device only",
    "what the kernel does by itself once all is quiet, such as asking for a neighbour again after five seconds",
    "how many packets it takes at once: the capture makes it take them one by one",
    "IPv6 and multicast snooping, which are off, and the time a bridge waits before it forwards, which is none",
)
"""What is not compared, in words; the patterns are in `compare/`: `open_list`, `sightings`, `drops`, `lookups`."""


class Asked(Struct, frozen=True):
    """Which journey: a scenario, its chosen settings, what is broken in it, its first probe: its own, or another."""

    scenario: str
    settings: Mapping[str, str]
    breaks: tuple[str, ...]
    from_: str
    to: str
    protocol: str
    own_probe: bool

    @property
    def words(self) -> str:
        """As it is asked for on the command line, behind `packet-journeys lab`."""
        settings = (f"--set {name}={value}" for name, value in self.settings.items())
        breaks = (f"--break {name}" for name in self.breaks)
        probe = "" if self.own_probe else f"--from {self.from_} --to {self.to} --protocol {self.protocol}"
        return " ".join(filter(None, (self.scenario, *settings, *breaks, probe)))


def asked_of(scenario: Scenario) -> Asked:
    """Settings that are at their default go without saying."""
    defaults = {setting.name: setting.default for setting in scenario.settings}
    chosen = {name: value for name, value in scenario.chosen.items() if value != defaults[name]}
    return Asked(
        scenario.slug,
        chosen,
        scenario.broken,
        scenario.probe_from,
        scenario.probe_to,
        scenario.protocol,
        scenario.own_probe,
    )


class Finding(Struct, frozen=True):
    """`seed` is the throw of the dice by which both agree best; `seconds` is how long it took, building included.

    `why` says what made an experiment undecided; `unseen` what this machine would not show; `counts` how many things of
    each section were compared; `fingerprint` stands for all that was computed and compared;
    `tries`: how often it was tried, since a difference that is not there each time is a busy machine's delay.
    """

    asked: Asked
    linux: str
    verdict: Verdict
    seed: int = 0
    seconds: float = 0.0
    counts: Mapping[Section, int] = {}
    rows: tuple[Row, ...] = ()
    unseen: tuple[str, ...] = ()
    why: str | None = None
    fingerprint: str = ""
    tries: int = 1

    @property
    def differences(self) -> tuple[str, ...]:
        return tuple(differences(self.rows))
