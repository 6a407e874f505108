"""What an address asks for: which journey, with which settings, seen how.  The same question always has the same address."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TypeAlias, get_args
from urllib.parse import urlencode

from msgspec import Struct

from app.scenario.breaks import spelled
from app.scenario.load import load_builtin, slugs
from app.scenario.model import Scenario
from app.scenario.settings import applies
from app.story.view import Grain

GRAINS: tuple[Grain, ...] = get_args(Grain)
DEFAULT_GRAIN: Grain = "beats"
BREAK = "break"
VIEW = ("seed", "grain")
Pairs: TypeAlias = list[tuple[str, str]]
Query: TypeAlias = Collection[tuple[str, str]]
"""Names and values as an address has them.  `break` may be there several times; of any other name the last one counts."""


class NoSuchJourney(Exception):
    """No scenario of this name is built in."""


class NotUnderstood(ValueError):
    """Parts of the query that mean nothing here, one sentence for each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Asked(Struct, frozen=True):
    """`faults` are sentences about what was not understood and therefore left out."""

    scenario: Scenario
    seed: int
    grain: Grain
    faults: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        return self.scenario.slug

    @property
    def journey_query(self) -> str:
        """What the journey depends on: settings and breaks in the scenario's order, the seed; defaults are left out."""
        return encoded(self.chosen + self.broken + self.seeded)

    @property
    def query(self) -> str:
        """The whole canonical query, with its question mark if it is not empty."""
        return encoded(self.chosen + self.broken + self.seeded + self.seen)

    @property
    def mended_query(self) -> str:
        """The same with nothing broken."""
        return encoded(self.chosen + self.seeded + self.seen)

    @property
    def chosen(self) -> Pairs:
        settings, chosen = self.scenario.settings, self.scenario.chosen
        return [(s.name, chosen[s.name]) for s in settings if chosen[s.name] != s.default]

    @property
    def broken(self) -> Pairs:
        return [(BREAK, name) for name in self.scenario.broken]

    @property
    def seeded(self) -> Pairs:
        return [("seed", str(self.seed))] if self.seed else []

    @property
    def seen(self) -> Pairs:
        return [("grain", self.grain)] if self.grain != DEFAULT_GRAIN else []


def encoded(pairs: Pairs) -> str:
    return f"?{urlencode(pairs)}" if pairs else ""


@lru_cache(maxsize=1)
def known_slugs() -> tuple[str, ...]:
    """In the order of the story."""
    return slugs()


@lru_cache(maxsize=256)
def scenario_of(
    slug: str, settings: frozenset[tuple[str, str]] = frozenset(), breaks: frozenset[str] = frozenset()
) -> Scenario:
    """Read once for as long as the server runs: checking a file costs more than walking its journey."""
    return load_builtin(slug, dict(settings), breaks=breaks)


def understand(slug: str, query: Query) -> Asked:
    """The nearest question that makes sense, and what was wrong with the one asked.  Raises NoSuchJourney."""
    if slug not in known_slugs():
        raise NoSuchJourney(slug)
    plain, given = scenario_of(slug), dict(query)
    allowed = {s.name: [option.value for option in s.options] for s in plain.settings}
    settings = frozenset((name, value) for name, value in given.items() if value in allowed.get(name, ()))
    faults = [
        complaint(name, value, allowed)
        for name, value in given.items()
        if (name, value) not in settings and name not in (BREAK, *VIEW)
    ]
    asked = dict.fromkeys(value for name, value in query if name == BREAK and value)
    wrong = {name: reason for name in asked if (reason := misfit(name, scenario_of(slug, settings)))}
    faults += wrong.values()
    seed, grain = given.get("seed", "0"), given.get("grain", DEFAULT_GRAIN)
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 9):
        faults.append(f"seed must be a whole number of at most 9 digits, not “{brief(seed)}”; 0 is used.")
        seed = "0"
    known: Grain = next((known for known in GRAINS if known == grain), DEFAULT_GRAIN)
    if known != grain:
        faults.append(f"grain is one of {', '.join(GRAINS)}, not “{brief(grain)}”; {DEFAULT_GRAIN} is used.")
    broken = frozenset(asked.keys() - wrong.keys())
    return Asked(scenario_of(slug, settings, broken), int(seed), known, tuple(faults))


def demand(slug: str, query: Query) -> Asked:
    """The question as asked.  Raises NoSuchJourney, NotUnderstood."""
    asked = understand(slug, query)
    if asked.faults:
        raise NotUnderstood(asked.faults)
    return asked


def complaint(name: str, value: str, allowed: Mapping[str, list[str]]) -> str:
    if name in allowed:
        return f"{name} is one of {', '.join(allowed[name])}, not “{brief(value)}”; the default is used."
    names = ", ".join([*allowed, BREAK, *VIEW])
    return f"“{brief(name)}” is no setting of this journey and is left out; it has {names}."


def misfit(name: str, scenario: Scenario) -> str | None:
    """Why this cannot be broken here, or None if it can."""
    known = {own.name: own.when for own in scenario.breaks}
    if name not in known:
        some = f"is one of {', '.join(known)}" if known else "has nothing to name in this journey"
        return f"break {some}, not “{brief(name)}”; that is left out."
    if not applies(known[name], scenario.chosen):
        return f"“{name}” can be broken only with {spelled(known[name])}; it is left out."
    return None


def brief(text: str) -> str:
    """As a message quotes it: printable and short."""
    shown = "".join(letter if letter.isprintable() else "·" for letter in text)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
