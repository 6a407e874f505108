"""Rules as an admin writes them, `iptables-restore` without counters, read into kernel nouns."""

import shlex
from collections.abc import Iterator
from typing import Any

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
    Reject,
    Rule,
    Ruleset,
    SetMark,
    Snat,
    StatisticMatch,
    Target,
    Verdict,
)
from app.kernel.origin import KERNEL, Origin
from app.wire.addr import Prefix


def rules(text: str, origin: Origin = KERNEL) -> Ruleset:
    """`*table`, `:CHAIN POLICY` and `-A CHAIN …` lines; every rule bears `origin`.  Raises ValueError on an unknown option."""
    tables: dict[str, dict[str, list[Rule]]] = {}
    policies: dict[tuple[str, str], str] = {}
    table = ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("*"):
            table = line[1:]
            tables[table] = {hook: [] for hook in BUILTIN[table]}  # type: ignore[index]
        elif line.startswith(":"):
            chain, policy = line[1:].split()
            policies[table, chain] = policy
        else:
            chain, rule = appended(line, origin)
            tables[table].setdefault(chain, []).append(rule)
    return Ruleset({t: chains_of(t, found, policies) for t, found in tables.items()})  # type: ignore[misc]


def chains_of(
    table: str, found: dict[str, list[Rule]], policies: dict[tuple[str, str], str]
) -> dict[str, Chain]:
    builtin = BUILTIN[table]  # type: ignore[index]
    return {
        name: Chain(name, written, policies.get((table, name), "ACCEPT") if name in builtin else None)  # type: ignore[arg-type]
        for name, written in found.items()
    }


def appended(line: str, origin: Origin) -> tuple[str, Rule]:
    """`-A CHAIN matches -j TARGET`: the chain's name and the rule."""
    options = dict(read_options(line))
    fields: dict[str, Any] = {
        "matches": tuple(match for key, value in options.items() if (match := match_of(key, *value)))
    }
    for option, field in (("-s", "src"), ("-d", "dst")):
        if option in options:
            prefix, invert = options[option]
            fields[field] = AddressMatch(Prefix.parse(prefix), invert)
    for option, field in (("-i", "iif"), ("-o", "oif")):
        if option in options:
            fields[field] = DeviceMatch(*options[option])
    if "-p" in options:
        fields["protocol"] = options["-p"][0]
    target = target_of({key: value for key, (value, _) in options.items()})
    return options["-A"][0], Rule(target, origin=origin, **fields)


FLAGS = {"--random-fully", "--physdev-is-in"}


def read_options(line: str) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Each option with its value and whether `!` stood before it; `-m NAME` says nothing that the options do not."""
    words = iter(shlex.split(line))
    invert = False
    for word in words:
        if word == "!":
            invert = True
            continue
        value = "" if word in FLAGS else next(words)
        if word != "-m":
            yield word, (value, invert)
        invert = False


def match_of(option: str, value: str, invert: bool) -> Match | None:
    match option:
        case "--dport" | "--sport":
            return PortMatch(int(value), option[2:])  # type: ignore[arg-type]
        case "--ctstate":
            return CtStateMatch(tuple(value.split(",")), invert)  # type: ignore[arg-type]
        case "--mark":
            mark, mask = masked(value)
            return MarkMatch(mark, mask, invert)
        case "--dst-type" | "--src-type":
            return AddrTypeMatch(option[2:5], invert)  # type: ignore[arg-type]
        case "--probability":
            return StatisticMatch(float(value))
        case "--physdev-is-in":
            return PhysdevMatch(invert)
        case "--comment":
            return CommentMatch(value)
        case (
            "-A"
            | "-s"
            | "-d"
            | "-i"
            | "-o"
            | "-p"
            | "-j"
            | "--to-destination"
            | "--to-source"
            | "--random-fully"
        ):
            return None
        case "--set-xmark" | "--reject-with" | "--mode":
            return None
        case _:
            raise ValueError(f"no such option here: {option}")


def target_of(options: dict[str, str]) -> Target:
    match options.get("-j"):
        case None:
            return None
        case "ACCEPT" | "DROP" | "RETURN" as verdict:
            return Verdict(verdict)
        case "DNAT":
            address, _, port = options["--to-destination"].partition(":")
            return Dnat(address, int(port) if port else None)
        case "SNAT":
            return Snat(options["--to-source"])
        case "MASQUERADE":
            return Masquerade("--random-fully" in options)
        case "MARK":
            return SetMark(*masked(options["--set-xmark"]))
        case "REJECT":
            return Reject()
        case chain:
            return Jump(chain)


def masked(text: str) -> tuple[int, int]:
    value, _, mask = text.partition("/")
    return int(value, 16), int(mask or "0xffffffff", 16)
