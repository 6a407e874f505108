"""`iptables-save` as iptables 1.8.9 (nf_tables) prints it: its canonical form, not the one that was typed.

The two comment lines with the date are left out; counters are 0, as right after loading.
"""

from collections.abc import Iterator
from string import ascii_letters, digits

from app.kernel.netfilter import (
    BUILTIN,
    AddressMatch,
    AddrTypeMatch,
    Chain,
    CommentMatch,
    CtStateMatch,
    DeviceMatch,
    Dnat,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    PhysdevMatch,
    PortMatch,
    Protocol,
    Reject,
    Rule,
    SetMark,
    Snat,
    StatisticMatch,
    TableName,
    Target,
    Verdict,
)
from app.kernel.netns import Netns
from app.kernel.show.listing import Line, RulePosition
from app.kernel.world import World

VERSION = "iptables v1.8.9 (nf_tables): "
"""Before everything that iptables complains of."""
TABLE_ORDER: tuple[TableName, ...] = ("mangle", "security", "raw", "filter", "nat")
STATE_ORDER = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")
UNQUOTED = set(ascii_letters + digits + "-_")
EVERY_BIT = 0xFFFFFFFF


def iptables_save(world: World, netns: Netns, table: TableName | None = None) -> Iterator[Line]:
    """`iptables-save [-t TABLE]`"""
    for name in [table] if table else TABLE_ORDER:
        if name in netns.config.rules.tables or name == table:
            chains = chains_of(netns, name)
            yield Line(f"*{name}")
            for chain in chains:
                yield Line(f":{chain.name} {chain.policy or '-'} [0:0]", RulePosition(name, chain.name))
            yield from rule_lines(name, chains)
            yield Line("COMMIT")


def iptables_list_rules(
    world: World, netns: Netns, table: TableName, chain: str | None = None
) -> Iterator[Line]:
    """`iptables -t TABLE -S [CHAIN]`"""
    chains = [found for found in chains_of(netns, table) if chain in (None, found.name)]
    for found in chains:
        start = f"-P {found.name} {found.policy}" if found.policy else f"-N {found.name}"
        yield Line(start, RulePosition(table, found.name))
    yield from rule_lines(table, chains)
    if not chains:
        where = f"chain `{chain}' in table `{table}'"
        yield Line(f"{VERSION}{where} is incompatible, use 'nft' tool.")


def chains_of(netns: Netns, table: TableName) -> list[Chain]:
    """The built-in ones in the order of their hooks, the others in that of the alphabet."""
    chains = netns.config.rules.tables.get(table, {})
    built_in = {hook: chains.get(hook, Chain(hook, policy="ACCEPT")) for hook in BUILTIN[table]}
    own = [chains[chain] for chain in sorted(chains) if chain not in built_in]
    return [*built_in.values(), *own]


def rule_lines(table: TableName, chains: list[Chain]) -> Iterator[Line]:
    for chain in chains:
        for index, rule in enumerate(chain.rules):
            yield Line(f"-A {chain.name}{rule_text(rule)}", RulePosition(table, chain.name, index))


def rule_text(rule: Rule) -> str:
    """Everything after `-A CHAIN`, with a blank before each part."""
    parts = [
        address("-s", rule.src),
        address("-d", rule.dst),
        device("-i", rule.iif),
        device("-o", rule.oif),
        f"-p {rule.protocol}" if rule.protocol else "",
        *(match_text(match, rule.protocol) for match in rule.matches),
        target_text(rule.target),
    ]
    return "".join(f" {part}" for part in parts if part)


def address(option: str, match: AddressMatch | None) -> str:
    return f"{negated(match.invert)}{option} {match.prefix}" if match else ""


def device(option: str, match: DeviceMatch | None) -> str:
    return f"{negated(match.invert)}{option} {match.name}" if match else ""


def negated(invert: bool) -> str:
    return "! " if invert else ""


def match_text(match: Match, protocol: Protocol | None) -> str:
    if isinstance(match, MarkMatch):
        return f"-m mark {negated(match.invert)}--mark {masked(match.value, match.mask)}"
    if isinstance(match, CtStateMatch):
        states = sorted(match.states, key=STATE_ORDER.index)
        return f"-m conntrack {negated(match.invert)}--ctstate {','.join(states)}"
    if isinstance(match, AddrTypeMatch):
        return f"-m addrtype {negated(match.invert)}--{match.end}-type {match.type}"
    if isinstance(match, StatisticMatch):
        return f"-m statistic --mode random --probability {stored_probability(match.probability):.11f}"
    if isinstance(match, PhysdevMatch):
        return f"-m physdev {negated(match.invert)}--physdev-is-in"
    if isinstance(match, PortMatch):
        return f"-m {protocol}" + ("" if match.port is None else f" --{match.end} {match.port}")
    assert isinstance(match, CommentMatch)
    return f"-m comment --comment {quoted(match.comment)}"


def stored_probability(probability: float) -> float:
    """The kernel keeps 31 bits (extensions/libxt_statistic.c), so a third comes back as 0.33333333349."""
    return round(probability * 0x80000000) / 0x80000000


def masked(value: int, mask: int) -> str:
    return f"{value:#x}" if mask == EVERY_BIT else f"{value:#x}/{mask:#x}"


def quoted(comment: str) -> str:
    """libxtables/xtables.c xtables_save_string"""
    if comment and set(comment) <= UNQUOTED:
        return comment
    return '"' + "".join(f"\\{char}" if char in "\"\\'" else char for char in comment) + '"'


def target_text(target: Target) -> str:
    match target:
        case None:
            return ""
        case Verdict(name):
            return f"-j {name}"
        case Jump(chain):
            return f"-j {chain}"
        case Dnat(where, port):
            return f"-j DNAT --to-destination {where}{f':{port}' if port else ''}"
        case Snat(where):
            return f"-j SNAT --to-source {where}"
        case Masquerade(random_fully):
            return f"-j MASQUERADE{' --random-fully' if random_fully else ''}"
        case SetMark(value, mask):
            return f"-j MARK --set-xmark {value:#x}/{mask:#x}"
        case Reject(icmp_with):
            return f"-j REJECT --reject-with {icmp_with}"
