"""`iptables [-t TABLE] -A|-I|-D|-P|-F|-N|-X …`, one change of one table  (iptables/xshared.c, nft.c)."""

from typing import Literal, cast

from msgspec.structs import replace

from app.kernel.change.command import CommandRefused, UnknownCommand
from app.kernel.change.placement import NOT_A_FILTER, check
from app.kernel.iptables import parse_rule
from app.kernel.netfilter import BUILTIN, Chain, Jump, Rule, Ruleset, TableName
from app.kernel.netns import Netns
from app.kernel.origin import KERNEL
from app.kernel.show.iptables import VERSION
from app.kernel.world import World

Chains = dict[str, Chain]
LONG = {
    "--append": "-A",
    "--insert": "-I",
    "--delete": "-D",
    "--policy": "-P",
    "--flush": "-F",
    "--new-chain": "-N",
    "--delete-chain": "-X",
}
PREFIX = "iptables: "
BAD_RULE = f"{PREFIX}Bad rule (does a matching rule exist in that chain?)."
NO_CHAIN = f"{PREFIX}No chain/target/match by that name."
NOT_BUILTIN = f"{PREFIX}Bad built-in chain name."
BAD_INDEX = f"{PREFIX}Index of deletion too big."


def iptables(world: World, netns: Netns, words: list[str]) -> World:
    """Raises UnknownCommand for an option that no record expresses, CommandRefused."""
    table, words = table_in(words)
    operation, *rest = words or [""]
    chains = {**builtin(table), **netns.config.rules.tables.get(table, {})}
    if (table, operation, rest[1:]) == ("nat", "-P", ["DROP"]):
        raise CommandRefused(NOT_A_FILTER)
    changed = operate(table, chains, LONG.get(operation, operation), rest)
    return world.replace(netns.configure(rules=Ruleset({**netns.config.rules.tables, table: changed})))


def table_in(words: list[str]) -> tuple[TableName, list[str]]:
    words = [word for word in words if word not in ("-w", "--wait")]
    if "-t" not in words:
        return "filter", words
    at = words.index("-t")
    name = "".join(words[at + 1 : at + 2])
    if name not in BUILTIN:
        raise CommandRefused(f"{VERSION}table '{name}' does not exist")
    return cast("TableName", name), words[:at] + words[at + 2 :]


def builtin(table: TableName) -> Chains:
    return {hook: Chain(hook, policy="ACCEPT") for hook in BUILTIN[table]}


def operate(table: TableName, chains: Chains, operation: str, rest: list[str]) -> Chains:
    name, *more = rest or [""]
    match operation:
        case "-A":
            return appended(table, chains, existing(chains, name), more)
        case "-I":
            return inserted(table, chains, existing(chains, name), more)
        case "-D":
            return deleted(chains, existing(chains, name), more)
        case "-P":
            return with_policy(chains, existing(chains, name, NOT_BUILTIN), "".join(more))
        case "-F":
            emptied = [existing(chains, name)] if name else list(chains.values())
            return {**chains, **{c.name: Chain(c.name, (), c.policy) for c in emptied}}
        case "-N":
            if name in chains:
                raise CommandRefused(f"{PREFIX}Chain already exists.")
            return {**chains, name: Chain(name)}
        case "-X":
            return without_chain(chains, existing(chains, name)) if name else without_own_chains(chains)
    raise UnknownCommand(f"{operation!r} is none of {', '.join(LONG.values())}")


def existing(chains: Chains, name: str, otherwise: str = NO_CHAIN) -> Chain:
    if name not in chains:
        raise CommandRefused(otherwise)
    return chains[name]


def with_rules(chains: Chains, chain: Chain, rules: tuple[Rule, ...]) -> Chains:
    return {**chains, chain.name: Chain(chain.name, rules, chain.policy)}


def rule_in(chains: Chains, words: list[str]) -> Rule:
    try:
        rule = parse_rule(words)
    except (ValueError, StopIteration) as fault:
        raise UnknownCommand(f"{' '.join(words)!r}: {fault}") from fault
    if isinstance(rule.target, Jump) and rule.target.chain not in chains:
        raise CommandRefused(f"{VERSION}Chain '{rule.target.chain}' does not exist")
    return rule


def appended(table: TableName, chains: Chains, chain: Chain, words: list[str]) -> Chains:
    rule = rule_in(chains, words)
    check(table, chain, rule, "RULE_APPEND")
    return with_rules(chains, chain, (*chain.rules, rule))


def inserted(table: TableName, chains: Chains, chain: Chain, words: list[str]) -> Chains:
    """Before the rule of that number, 1 unless said."""
    number, words = (int(words[0]), words[1:]) if words and words[0].isdecimal() else (1, words)
    rule = rule_in(chains, words)
    check(table, chain, rule, "RULE_INSERT")
    if not 1 <= number <= len(chain.rules) + 1:
        raise CommandRefused(f"{PREFIX}Index of insertion too big.")
    rules = (*chain.rules[: number - 1], rule, *chain.rules[number - 1 :])
    return with_rules(chains, chain, rules)


def deleted(chains: Chains, chain: Chain, words: list[str]) -> Chains:
    """The rule of that number, or the first that says the same."""
    if len(words) == 1 and words[0].isdecimal():
        at = int(words[0]) - 1
        if at < 0:
            raise CommandRefused(f"{VERSION}Invalid rule number `{words[0]}'")
        if at >= len(chain.rules):
            raise CommandRefused(BAD_INDEX)
    else:
        wanted = rule_in(chains, words)
        same = (n for n, rule in enumerate(chain.rules) if replace(rule, origin=KERNEL) == wanted)
        at = next(same, -1)
        if at < 0:
            raise CommandRefused(BAD_RULE)
    return with_rules(chains, chain, chain.rules[:at] + chain.rules[at + 1 :])


def with_policy(chains: Chains, chain: Chain, policy: str) -> Chains:
    if policy not in ("ACCEPT", "DROP"):
        raise CommandRefused(f"{PREFIX}Bad policy name. Run `dmesg' for more information.")
    if chain.policy is None:
        raise CommandRefused(NOT_BUILTIN)
    chosen = cast("Literal['ACCEPT', 'DROP']", policy)
    return {**chains, chain.name: Chain(chain.name, chain.rules, chosen)}


def idle(chains: Chains, chain: Chain) -> bool:
    """Somebody's own chain, empty and not jumped to."""
    jumped_to = any(rule.target == Jump(chain.name) for other in chains.values() for rule in other.rules)
    return chain.policy is None and not chain.rules and not jumped_to


def without_chain(chains: Chains, chain: Chain) -> Chains:
    if not idle(chains, chain):
        raise CommandRefused(f"{VERSION} CHAIN_DEL failed (Device or resource busy): chain {chain.name}")
    return {name: kept for name, kept in chains.items() if name != chain.name}


def without_own_chains(chains: Chains) -> Chains:
    """Where one of them is in use, nf_tables now keeps them all and now complains: that is not to be foretold."""
    if busy := [name for name, chain in chains.items() if chain.policy is None and not idle(chains, chain)]:
        raise UnknownCommand(f"-X without a chain is known only where none is in use, as {busy[0]} is")
    return {name: chain for name, chain in chains.items() if chain.policy}
