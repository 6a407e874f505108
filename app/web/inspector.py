"""The inspector: what a namespace's own commands print at a step, with the rows marked that decided it."""

from collections.abc import Sequence

from app.datapath.events import Step
from app.kernel.show import Entry, Line, RulePosition, commands_for, show
from app.web.contexts import NetnsContext, Row, Table
from app.web.deciding import deciding
from app.web.text import prompt
from app.web.told import Told

MOST_LINES = 400
SHORT = (
    "ip addr",
    "ip route",
    "ip neigh",
    "bridge link",
    "bridge fdb",
    "iptables-save",
    "conntrack -L",
    "ss -tan",
)
"""Shown without asking; the others repeat them in older or longer words."""


class NoSuchNetns(Exception):
    """No namespace of this id in the world."""


class NoSuchStep(Exception):
    """The journey ends earlier."""

    def __init__(self, last: int) -> None:
        super().__init__(last)
        self.last = last


def inspect(told: Told, seq: int, netns_id: str) -> NetnsContext:
    """Raises NoSuchStep, NoSuchNetns."""
    if not 0 <= seq <= told.last:
        raise NoSuchStep(told.last)
    step = told.journey.steps[seq]
    if netns_id not in step.world.netns:
        raise NoSuchNetns(netns_id)
    commands = [c for c in commands_for(step.world[netns_id]) if c in SHORT or c.startswith("ip -d link")]
    tables = [table(step, netns_id, command) for command in commands]
    return NetnsContext(
        netns=netns_id,
        prompt=prompt(netns_id),
        tables=tuple(sorted(tables, key=lambda t: not t.because)),
    )


def table(step: Step, netns_id: str, command: str) -> Table:
    entries = list(deciding(step.event)) if step.at == netns_id else []
    lines = show(step.world, netns_id, command).lines
    if command == "iptables-save":
        lines = walked(lines, [entry for entry, _ in entries])
    because = [reason for entry, reason in entries if any(line.entry == entry for line in lines)]
    marked = {number for number, line in enumerate(lines) if any(line.entry == entry for entry, _ in entries)}
    rows = tuple(Row(line.text, number in marked) for number, line in enumerate(lines[:MOST_LINES]))
    return Table(command, rows, because[0] if because else "")


def walked(lines: tuple[Line, ...], matched: Sequence[Entry]) -> tuple[Line, ...]:
    """Where this step walked chains, only those: the rest of the rule set had no say in it."""
    chains = {(entry.table, entry.chain) for entry in matched if isinstance(entry, RulePosition)}
    if not chains:
        return lines
    return tuple(
        line
        for line in lines
        if not isinstance(line.entry, RulePosition) or (line.entry.table, line.entry.chain) in chains
    )
