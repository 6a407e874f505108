"""What a command printed: lines of text, each with the table entry that it stands for."""

from typing import TypeAlias

from app.kernel.conntrack import Conn
from app.kernel.device import Device, Interface
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netfilter import TableName
from app.kernel.route import Route
from app.kernel.socket import Socket
from app.wire.record import Record


class RulePosition(Record, frozen=True):
    """Where a rule stands.  `index` counts from 0; None is the chain itself, the `:CHAIN …` line."""

    table: TableName
    chain: str
    index: int | None = None


Entry: TypeAlias = Device | Interface | Route | RulePosition | Neighbour | FdbEntry | Conn | Socket


class Line(Record, frozen=True):
    """One line without trailing blanks.  `entry` is None for headings and for what no table of ours holds."""

    text: str
    entry: Entry | None = None


def no_such_device(name: str) -> Line:
    """lib/utils.c nodev: what most of iproute2 says of a name that no device has."""
    return Line(f'Cannot find device "{name}"')


class Listing(Record, frozen=True):
    """A command and what it printed."""

    command: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)
