"""iptables as data: tables, chains, rules, matches, targets.  Evaluating them is `datapath.nf_chains`, printing them `kernel.show`.

    packet in -> PREROUTING -> routing -> INPUT -> sockets -> OUTPUT -> routing -> POSTROUTING -> out
                                  \\----------> FORWARD ----------------------------^

Tables at a hook, in order of priority (include/uapi/linux/netfilter_ipv4.h): raw -300, conntrack -200, mangle -150,
dstnat -100, filter 0, security 50, srcnat 100.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from app.kernel.conntrack import CtInfo
from app.kernel.origin import KERNEL, Origin
from app.wire.addr import Address, Prefix, number
from app.wire.record import Record

Hook: TypeAlias = Literal["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
TableName: TypeAlias = Literal["raw", "mangle", "nat", "filter", "security"]
Protocol: TypeAlias = Literal["tcp", "udp", "icmp"]


class MarkMatch(Record, frozen=True):
    """`-m mark [!] --mark value/mask`"""

    value: int
    mask: int = 0xFFFFFFFF
    invert: bool = False


class CtStateMatch(Record, frozen=True):
    """`-m conntrack [!] --ctstate A,B`; DNAT and SNAT are states of the entry, not of the packet."""

    states: tuple[CtInfo | Literal["DNAT", "SNAT"], ...]
    invert: bool = False


class AddrTypeMatch(Record, frozen=True):
    """`-m addrtype [!] --src-type|--dst-type LOCAL`: what the FIB says of the address."""

    end: Literal["src", "dst"]
    invert: bool = False
    type: Literal["LOCAL"] = "LOCAL"


class StatisticMatch(Record, frozen=True):
    """`-m statistic --mode random --probability p`.  What chance decides here is an input of the walk, see `Pick`."""

    probability: float


class PhysdevMatch(Record, frozen=True):
    """`-m physdev [!] --physdev-is-in`: did the frame come in by a bridge port?"""

    invert: bool = False


class PortMatch(Record, frozen=True):
    """`-m tcp|udp`, with `--dport` or `--sport` unless `port` is None"""

    port: int | None
    end: Literal["sport", "dport"] = "dport"


class CommentMatch(Record, frozen=True):
    """`-m comment --comment`: always true; it is how the writer speaks to the reader."""

    comment: str


Match: TypeAlias = (
    MarkMatch | CtStateMatch | AddrTypeMatch | StatisticMatch | PhysdevMatch | PortMatch | CommentMatch
)


class Verdict(Record, frozen=True):
    """`-j ACCEPT`, `-j DROP`, `-j RETURN`"""

    name: Literal["ACCEPT", "DROP", "RETURN"]


class Jump(Record, frozen=True):
    """`-j CHAIN`"""

    chain: str


class Dnat(Record, frozen=True):
    """`-j DNAT --to-destination address[:port]`"""

    address: Address
    port: int | None = None


class Snat(Record, frozen=True):
    """`-j SNAT --to-source address`"""

    address: Address


class Masquerade(Record, frozen=True):
    """`-j MASQUERADE [--random-fully]`"""

    random_fully: bool = False


class SetMark(Record, frozen=True):
    """`-j MARK --set-xmark value/mask`: mark = (mark & ~mask) ^ value"""

    value: int
    mask: int


class Reject(Record, frozen=True):
    """`-j REJECT --reject-with icmp-port-unreachable`"""

    icmp_with: Literal["icmp-port-unreachable"] = "icmp-port-unreachable"


Target: TypeAlias = Verdict | Jump | Dnat | Snat | Masquerade | SetMark | Reject | None


class AddressMatch(Record, frozen=True):
    """`[!] -s prefix` or `[!] -d prefix`"""

    prefix: Prefix
    invert: bool = False


class DeviceMatch(Record, frozen=True):
    """`[!] -i name` or `[!] -o name`; a trailing + matches any rest"""

    name: str
    invert: bool = False


class Rule(Record, frozen=True):
    """One `-A CHAIN …` line.  All its parts must match; no target means: count and go on."""

    target: Target
    src: AddressMatch | None = None
    dst: AddressMatch | None = None
    iif: DeviceMatch | None = None
    oif: DeviceMatch | None = None
    protocol: Protocol | None = None
    matches: tuple[Match, ...] = ()
    origin: Origin = KERNEL


class Chain:
    """Rules in order; `policy` is set on built-in chains only.  Large chains are indexed by destination address."""

    __slots__ = ("_anywhere", "_by_dst", "name", "policy", "rules")

    def __init__(
        self, name: str, rules: Iterable[Rule] = (), policy: Literal["ACCEPT", "DROP"] | None = None
    ) -> None:
        self.name = name
        self.rules = tuple(rules)
        self.policy = policy
        self._by_dst: dict[int, list[int]] = {}
        self._anywhere: list[int] = []
        for position, rule in enumerate(self.rules):
            exact = rule.dst is not None and not rule.dst.invert and rule.dst.prefix.length == 32
            (
                self._by_dst.setdefault(rule.dst.prefix.network, []) if exact and rule.dst else self._anywhere
            ).append(position)

    def candidates(self, dst: Address) -> list[int]:
        """Positions of the rules that this destination does not exclude, in order: what must really be compared."""
        exact = self._by_dst.get(number(dst)) if self._by_dst else None
        return sorted(self._anywhere + exact) if exact else self._anywhere

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Chain) and (self.name, self.policy, self.rules) == (
            other.name,
            other.policy,
            other.rules,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Chain({self.name!r}, {len(self.rules)} rules)"


TABLES_AT: Mapping[Hook, tuple[TableName, ...]] = {
    "PREROUTING": ("raw", "mangle", "nat"),
    "INPUT": ("mangle", "filter", "nat", "security"),
    "FORWARD": ("mangle", "filter", "security"),
    "OUTPUT": ("raw", "mangle", "nat", "filter", "security"),
    "POSTROUTING": ("mangle", "nat"),
}
"""Order of the tables at each hook, as measured with iptables-nft 1.8.9; connection tracking comes after raw."""

BUILTIN: Mapping[TableName, tuple[Hook, ...]] = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}


class Ruleset:
    """All tables of a netns, and what follows from them: which chains are worth walking, whether conntrack is there."""

    __slots__ = ("at_hook", "conntrack", "tables")

    def __init__(self, tables: Mapping[TableName, Mapping[str, Chain]] | None = None) -> None:
        self.tables: Mapping[TableName, Mapping[str, Chain]] = tables or {}
        rules = {
            name: [rule for chain in chains.values() for rule in chain.rules]
            for name, chains in self.tables.items()
        }
        self.conntrack = any(needs_conntrack(rule) for found in rules.values() for rule in found)
        alive = {name for name in rules if name != "nat" or self.conntrack}
        self.at_hook: Mapping[Hook, Mapping[TableName, Chain]] = {
            hook: {
                t: c
                for t in order
                if t in alive and (c := self.tables[t].get(hook)) and (c.rules or c.policy == "DROP")
            }
            for hook, order in TABLES_AT.items()
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ruleset) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]


def is_nat(rule: Rule) -> bool:
    return isinstance(rule.target, Dnat | Snat | Masquerade)


def needs_conntrack(rule: Rule) -> bool:
    """A NAT target or a conntrack match makes the kernel track connections in this netns (nf_ct_netns_get)."""
    return is_nat(rule) or any(isinstance(match, CtStateMatch) for match in rule.matches)
