"""Rules, translation and connection tracking."""

from typing import Literal, TypeAlias

from app.datapath.events.base import Event
from app.kernel.conntrack import Conn, Direction
from app.kernel.netfilter import Hook, TableName
from app.kernel.netns import Netns
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.wire.record import Record

RuleVerdict: TypeAlias = Literal["ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE"]


class ChainVisit(Record, frozen=True):
    """One chain walked: the positions of the rules that matched, in order, and how many a kernel would have compared."""

    table: TableName
    chain: str
    matched: tuple[int, ...]
    compared: int
    depth: int = 0


class HookPassed(Event, frozen=True):
    """One table was run at a netfilter hook: every chain walked, in order.  `before` is the packet it was shown.

    `path` are the chains that led to the rule that ended the walk, empty where a policy did, and `by` is who wrote it;
    `bridged` says that a bridge hook called this one (br_netfilter).
    """

    hook: Hook
    table: TableName
    iif: str | None
    oif: str | None
    visits: tuple[ChainVisit, ...]
    path: tuple[str, ...]
    verdict: RuleVerdict
    before: Skb
    by: Origin | None = None
    bridged: bool = False


class Translated(Event, frozen=True):
    """An address was rewritten: by a rule for the first packet (`origin`), from the entry for every other one."""

    kind: Literal["DNAT", "SNAT", "un-DNAT", "un-SNAT"]
    conn: Conn
    direction: Direction
    first: bool
    origin: Origin | None = None


class ConntrackFound(Event, frozen=True):
    """The packet belongs to a known connection; `conn` is the entry with what this packet changed in it."""

    conn: Conn
    direction: Direction
    before: Conn | None = None

    def apply(self, netns: Netns) -> Netns:
        if self.conn is self.before:
            return netns
        both = {self.conn.original: self.conn, self.conn.reply: self.conn}
        return netns.learn(conntrack={**netns.learned.conntrack, **both})


class ConntrackCreated(Event, frozen=True):
    """A first packet: an entry exists from here on, but only on the skb until it is confirmed."""

    conn: Conn


class ConntrackConfirmed(ConntrackFound, frozen=True):
    """The first packet got through all hooks: its entry enters the table."""


class ConntrackDestroyed(ConntrackFound, frozen=True):
    """A connection that was only ever refused is forgotten."""

    def apply(self, netns: Netns) -> Netns:
        gone = (self.conn.original, self.conn.reply)
        return netns.learn(
            conntrack={key: c for key, c in netns.learned.conntrack.items() if key not in gone}
        )
