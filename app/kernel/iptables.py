"""Rules as `iptables-restore` reads them: components write what the real ones write, here it becomes records."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from app.kernel.conntrack import CtInfo
from app.kernel.device import Interface
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
    Ruleset,
    SetMark,
    Snat,
    StatisticMatch,
    TableName,
    Target,
    Verdict,
)
from app.kernel.origin import Origin

WORD = re.compile(r'"[^"]*"|\S+')
EVERY_BIT = "0xffffffff"


class Line(Struct, frozen=True):
    """`-A chain …` in a table; without a rule only `:chain`, so that others may jump to it."""

    table: TableName
    chain: str
    rule: Rule | None = None


@lru_cache(maxsize=65536)
def within(cidr: str, invert: bool = False) -> AddressMatch:
    """`[!] -s cidr` or `-d`: a bare address for a /32, host bits do not count.

    Every node compares with the same ones, so they are shared.
    """
    return AddressMatch(Interface.parse(cidr).prefix, invert)


def ruleset(lines: Iterable[Line]) -> Ruleset:
    """The tables after these lines were appended in order.  A table appears with its built-in chains, policy ACCEPT."""
    tables: dict[TableName, dict[str, list[Rule]]] = {}
    for line in lines:
        chains = tables.setdefault(line.table, {hook: [] for hook in BUILTIN[line.table]})
        rules = chains.setdefault(line.chain, [])
        if line.rule:
            rules.append(line.rule)
    return Ruleset({table: made(table, chains) for table, chains in tables.items()})


def made(table: TableName, chains: Mapping[str, list[Rule]]) -> dict[str, Chain]:
    return {
        name: Chain(name, rules, "ACCEPT" if name in BUILTIN[table] else None)
        for name, rules in chains.items()
    }


def parse(text: str, origin: Origin) -> Iterator[Line]:
    """Reads `*table`, `:CHAIN` and `-A CHAIN …` lines.  Raises ValueError on an option that no record expresses."""
    table: TableName = "filter"
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("*"):
            table = cast("TableName", line[1:])
        elif line.startswith(":"):
            yield Line(table, line[1:].split()[0])
        elif line.startswith("-A"):
            _, chain, *words = WORD.findall(line)
            yield Line(table, chain, replace(parse_rule(words), origin=origin))


def parse_rule(words: list[str]) -> Rule:
    """One rule from the words behind its chain's name."""
    rule, invert, rest = Rule(None), False, iter(words)
    for word in rest:
        if word == "!":
            invert = True
            continue
        if word == "-m":
            next(rest)
        elif word == "-j":
            rule = replace(rule, target=parse_target(next(rest), list(rest)))
        elif word in ("-s", "-d", "-i", "-o", "-p"):
            rule = with_field(rule, word, next(rest), invert)
        else:
            value = "" if word == "--physdev-is-in" else next(rest)
            if match := parse_match(word, value, invert):
                rule = replace(rule, matches=(*rule.matches, match))
        invert = False
    return rule


def with_field(rule: Rule, option: str, value: str, invert: bool) -> Rule:
    match option:
        case "-s":
            return replace(rule, src=within(value, invert))
        case "-d":
            return replace(rule, dst=within(value, invert))
        case "-i":
            return replace(rule, iif=DeviceMatch(value, invert))
        case "-o":
            return replace(rule, oif=DeviceMatch(value, invert))
    return replace(rule, protocol=cast("Protocol", value))


def parse_match(option: str, value: str, invert: bool) -> Match | None:
    match option:
        case "--comment":
            return CommentMatch(value.strip('"'))
        case "--mark":
            mark, _, mask = value.partition("/")
            return MarkMatch(int(mark, 0), int(mask or EVERY_BIT, 0), invert)
        case "--ctstate":
            states = cast("list[CtInfo | Literal['DNAT', 'SNAT']]", value.split(","))
            return CtStateMatch(tuple(states), invert)
        case "--src-type" | "--dst-type":
            return AddrTypeMatch("src" if option == "--src-type" else "dst", invert)
        case "--dport" | "--sport":
            return PortMatch(int(value), "dport" if option == "--dport" else "sport")
        case "--probability":
            return StatisticMatch(float(value))
        case "--physdev-is-in":
            return PhysdevMatch(invert)
        case "--mode":
            return None
    raise ValueError(f"no record for the iptables option {option} {value}")


def parse_target(name: str, words: list[str]) -> Target:
    value = words[-1] if words else ""
    match name:
        case "ACCEPT" | "DROP" | "RETURN":
            return Verdict(name)
        case "MASQUERADE":
            return Masquerade("--random-fully" in words)
        case "DNAT":
            address, _, port = value.partition(":")
            return Dnat(address, int(port) if port else None)
        case "SNAT":
            return Snat(value)
        case "REJECT":
            return Reject()
        case "MARK":
            mark, _, mask = value.partition("/")
            # --or-mark M is --set-xmark M/M, --xor-mark M is --set-xmark M/0 (libxt_MARK.c)
            masks = {"--or-mark": mark, "--xor-mark": "0"}
            return SetMark(int(mark, 0), int(masks.get(words[0], mask or EVERY_BIT), 0))
    return Jump(name)
