"""The many spellings of a command, brought to the one that is known here.

iproute2 takes any beginning of a word (lib/utils.c: matches): `ip a s dev eth0` is `ip addr show eth0`.  What is not
recognised stays as it was typed.
"""

from collections.abc import Callable, Mapping
from itertools import takewhile

Words = list[str]

SUBJECTS: Mapping[str, Mapping[str, str]] = {
    "ip": {"address": "addr", "route": "route", "neighbor": "neigh", "neighbour": "neigh", "link": "link"},
    "bridge": {"link": "link", "fdb": "fdb"},
}
"""In the order in which the program tries them, and as they are called here."""

VERBS: Mapping[str, str] = {"show": "show", "list": "show", "lst": "show", "get": "get"}
MAIN = (["table", "main"], ["table", "254"])
LOCAL = ["table", "255"]


def spelled_out(command: str) -> str:
    """`ip -details l ls dev eth0` as `ip -d link show eth0`."""
    program, *words = command.split() or [""]
    known = PROGRAMS.get(program)
    return " ".join(known(program, words) or [program, *words]) if known else " ".join([program, *words])


def iproute(program: str, words: Words) -> Words | None:
    options = list(takewhile(lambda word: word.startswith("-"), words))
    subject, *rest = words[len(options) :] or [""]
    name = whole(subject, SUBJECTS[program])
    verb = whole(rest[0], VERBS) if rest else "show"
    if name is None or verb is None or not all(len(o) > 1 and "-details".startswith(o) for o in options):
        return None
    given = arguments(program, name, rest[1:])
    asked = [verb, *given] if given or verb != "show" else []
    return [program, *(["-d"] if options else []), name, *asked]


def whole(word: str, names: Mapping[str, str]) -> str | None:
    return next((name for full, name in names.items() if word and full.startswith(word)), None)


def arguments(program: str, subject: str, given: Words) -> Words:
    """Without what goes without saying, and in one order."""
    match [program, subject, *given]:
        case ["ip", "addr" | "link", "dev", name]:
            return [name]
        case [_, "route", *table] if table in MAIN:
            return []
        case [_, "route", *table] if table == LOCAL:
            return ["table", "local"]
        case [_, "route", address, "iif", device, "from", source]:
            return [address, "from", source, "iif", device]
        case [_, "fdb", "brport", port]:
            return ["dev", port]
    return given


def ss(program: str, words: Words) -> Words | None:
    """Letters in any order, together or apart: `ss -l -nt` is `ss -tln`."""
    letters = {letter for word in words for letter in word[1:]}
    if not all(word.startswith("-") and not word.startswith("--") for word in words):
        return None
    return [program, "-" + "".join(sorted(letters, key="tulan".find))]


def iptables(program: str, words: Words) -> Words | None:
    """`iptables -S [CHAIN] -t TABLE`: the table first, and always."""
    match words:
        case ["-t", _, "-S" | "--list-rules", *chain]:
            return [program, *words[:2], "-S", *chain]
        case ["-S" | "--list-rules", *chain, "-t", table]:
            return [program, "-t", table, "-S", *chain]
        case ["-S" | "--list-rules", *chain]:
            return [program, "-t", "filter", "-S", *chain]
    return None


PROGRAMS: Mapping[str, Callable[[str, Words], Words | None]] = {
    "ip": iproute,
    "bridge": iproute,
    "ss": ss,
    "iptables": iptables,
}
