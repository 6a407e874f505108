"""Walking iptables chains  (net/ipv4/netfilter/ip_tables.c: ipt_do_table)."""

from collections.abc import Callable
from typing import assert_never

from msgspec.structs import replace

from app.datapath import icmp
from app.datapath.drop import Drop, DropReason
from app.datapath.events import ChainVisit, HookPassed, RuleVerdict
from app.datapath.kernel import Kernel, Walk, guarded
from app.kernel.netfilter import (
    AddressMatch,
    AddrTypeMatch,
    Chain,
    CommentMatch,
    CtStateMatch,
    DeviceMatch,
    Dnat,
    Hook,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    PhysdevMatch,
    PortMatch,
    Reject,
    Rule,
    SetMark,
    Snat,
    StatisticMatch,
    TableName,
    Target,
    Verdict,
)
from app.kernel.route import Fib
from app.kernel.skb import Skb
from app.wire.addr import Address
from app.wire.packet import Icmp
from app.wire.record import Record


class At(Record, frozen=True):
    """Where a packet is shown to rules; `bridged`: from inside a bridge's hook."""

    hook: Hook
    iif: str | None
    oif: str | None
    bridged: bool = False

    @property
    def dev(self) -> str | None:
        return self.oif if self.hook in ("OUTPUT", "POSTROUTING") else self.iif


class End(Record, frozen=True):
    """How the walk through a table ended: the packet with its mark, the target, its rule, and the chains that led to it."""

    skb: Skb
    target: Target
    rule: Rule | None
    visits: tuple[ChainVisit, ...]
    path: tuple[str, ...]


ACCEPT, DROP = Verdict("ACCEPT"), Verdict("DROP")


def ipt_do_table(k: Kernel, skb: Skb, at: At, table: TableName) -> Walk[Skb]:
    """Show a packet to the rules of one table at one hook; DROP and REJECT end it here.  ip_tables.c: ipt_do_table."""
    chain = k.rules.at_hook[at.hook].get(table)
    if chain is None:
        return skb
    end = traverse(k, skb, at, table, chain)
    yield passed(skb, end, at, table)
    by = end.rule.origin if end.rule else None
    if isinstance(end.target, Reject):
        yield from guarded(icmp.icmp_send(k, end.skb, icmp.DEST_UNREACH, icmp.PORT_UNREACH, by=by))
    if end.target == DROP or isinstance(end.target, Reject):
        raise Drop(end.skb, DropReason.NETFILTER_DROP, "nf_hook_slow", at.dev, by)
    return end.skb


def passed(before: Skb, end: End, at: At, table: TableName) -> HookPassed:
    by = end.rule.origin if end.rule else None
    verdict = verdict_of(end.target)
    return HookPassed(
        skb=end.skb, dev=at.dev, function="ipt_do_table", hook=at.hook, table=table, iif=at.iif, oif=at.oif,
        visits=end.visits, path=end.path, verdict=verdict, before=before, by=by, bridged=at.bridged,
    )  # fmt: skip


def verdict_of(target: Target) -> RuleVerdict:
    match target:
        case Dnat():
            return "DNAT"
        case Snat():
            return "SNAT"
        case Masquerade():
            return "MASQUERADE"
        case Reject():
            return "REJECT"
        case Verdict(name="DROP"):
            return "DROP"
        case _:
            return "ACCEPT"


def traverse(k: Kernel, skb: Skb, at: At, table: TableName, chain: Chain) -> End:
    """Follow jumps and returns until a rule decides, or the built-in chain's policy does."""
    walk = Traversal(k, skb, at, table)
    rule = walk.run(chain, 0)
    policy = DROP if chain.policy == "DROP" else ACCEPT
    return End(walk.skb, rule.target if rule else policy, rule, tuple(walk.visits), tuple(walk.path))


class Traversal:
    """One walk through a table: the packet's mark may change on the way, and every chain entered is noted."""

    def __init__(self, k: Kernel, skb: Skb, at: At, table: TableName) -> None:
        self.chains = k.rules.tables[table]
        self.table: TableName = table
        self.skb = skb
        self.seen = Seen.of(skb, at, k.fib, k.chance)
        self.visits: list[ChainVisit] = []
        self.path: list[str] = []

    def run(self, chain: Chain, depth: int) -> Rule | None:
        """The rule that decided, or None if the chain returned."""
        place = len(self.visits)
        self.visits.append(ChainVisit(self.table, chain.name, (), 0, depth))
        matched: list[int] = []
        decided: Rule | None = None
        compared = len(chain.rules)
        for position in chain.candidates(self.seen.dst):
            rule = chain.rules[position]
            if first_mismatch(rule, self.seen) is not None:
                continue
            matched.append(position)
            decided = self.act(rule, depth)
            if decided is not None or is_return(rule):
                compared = position + 1
                break
        self.visits[place] = ChainVisit(self.table, chain.name, tuple(matched), compared, depth)
        if decided is not None:
            self.path.insert(0, chain.name)
        return decided

    def act(self, rule: Rule, depth: int) -> Rule | None:
        """What a matching rule does: decide (the rule itself), jump, mark, or nothing."""
        match rule.target:
            case Jump(chain):
                return self.run(self.chains[chain], depth + 1)
            case SetMark(value, mask):
                self.skb = replace(self.skb, mark=(self.skb.mark & ~mask) ^ value)
                self.seen = replace(self.seen, mark=self.skb.mark)
                return None
            case None | Verdict(name="RETURN"):
                return None
            case _:
                return rule


def is_return(rule: Rule) -> bool:
    return isinstance(rule.target, Verdict) and rule.target.name == "RETURN"


class Seen(Record, frozen=True):
    """What rules can see of a packet."""

    src: Address
    dst: Address
    protocol: str
    sport: int | None
    dport: int | None
    iif: str | None
    oif: str | None
    physin: str | None
    mark: int
    states: frozenset[str]
    fib: Fib
    chance: Callable[[float], bool]

    @classmethod
    def of(cls, skb: Skb, at: At, fib: Fib, chance: Callable[[float], bool]) -> "Seen":
        ip, l4, ct = skb.ip, skb.ip.payload, skb.ct
        sport, dport = (None, None) if isinstance(l4, Icmp) or ip.later else (l4.sport, l4.dport)
        states = (
            {skb.ctinfo or "INVALID"}
            | ({"DNAT"} if ct and ct.dnat else set())
            | ({"SNAT"} if ct and ct.snat else set())
        )
        return cls(
            ip.src,
            ip.dst,
            ip.protocol,
            sport,
            dport,
            at.iif,
            at.oif,
            skb.physin,
            skb.mark,
            frozenset(states),
            fib,
            chance,
        )


def first_mismatch(rule: Rule, seen: Seen) -> str | None:
    """The first part of a rule that this packet fails, in iptables' own words; None if all match.

    In the kernel's order (net/ipv4/netfilter/ip_tables.c: ip_packet_match, then the matches as written).
    """
    if rule.src is not None and not address_matches(rule.src, seen.src):
        return option("-s", rule.src.invert)
    if rule.dst is not None and not address_matches(rule.dst, seen.dst):
        return option("-d", rule.dst.invert)
    if rule.iif is not None and not device_matches(rule.iif, seen.iif):
        return option("-i", rule.iif.invert)
    if rule.oif is not None and not device_matches(rule.oif, seen.oif):
        return option("-o", rule.oif.invert)
    if rule.protocol is not None and rule.protocol != seen.protocol:
        return "-p"
    for match in rule.matches:
        if (failed := mismatch(match, seen)) is not None:
            return failed
    return None


def option(name: str, invert: bool) -> str:
    return f"! {name}" if invert else name


def address_matches(wanted: AddressMatch, address: Address) -> bool:
    return (address in wanted.prefix) != wanted.invert


def device_matches(wanted: DeviceMatch, name: str | None) -> bool:
    """No device at all matches like an empty name: only a negation is true of it."""
    found = (name or "").startswith(wanted.name[:-1]) if wanted.name.endswith("+") else name == wanted.name
    return found != wanted.invert


def mismatch(match: Match, seen: Seen) -> str | None:
    """None if the match is true of the packet, else the option that failed."""
    match match:
        case CommentMatch():
            return None
        case PortMatch(port, end):
            return None if port in (None, seen.dport if end == "dport" else seen.sport) else f"--{end}"
        case MarkMatch(value, mask, invert):
            return None if (seen.mark & mask == value) != invert else option("--mark", invert)
        case CtStateMatch(states, invert):
            return None if (not seen.states.isdisjoint(states)) != invert else option("--ctstate", invert)
        case AddrTypeMatch(end, invert):
            local = seen.fib.is_local(seen.dst if end == "dst" else seen.src)
            return None if local != invert else option(f"--{end}-type", invert)
        case PhysdevMatch(invert):
            return None if (seen.physin is not None) != invert else option("--physdev-is-in", invert)
        case StatisticMatch(probability):
            return None if seen.chance(probability) else "--probability"
        case _:
            assert_never(match)
