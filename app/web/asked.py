"""What an address asks for: which journey, with which settings, seen how.  The same question always has the same address."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias, get_args
from urllib.parse import urlencode

from msgspec import Struct

from app.scenario.load import load_builtin, slugs
from app.scenario.model import Scenario
from app.story.view import Grain

GRAINS: tuple[Grain, ...] = get_args(Grain)
DEFAULT_GRAIN: Grain = "beats"
VIEW = ("seed", "grain")
Query: TypeAlias = Mapping[str, str]


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
        """What the journey depends on: the settings in the scenario's order, then the seed; defaults are left out."""
        chosen = [(s.name, self.scenario.chosen[s.name]) for s in self.scenario.settings]
        kept = [(name, value) for name, value in chosen if value != default_of(self.scenario, name)]
        return encoded(kept + ([("seed", str(self.seed))] if self.seed else []))

    @property
    def query(self) -> str:
        """The whole canonical query, with its question mark if it is not empty."""
        view = encoded([("grain", self.grain)] if self.grain != DEFAULT_GRAIN else [])
        return self.journey_query + (f"&{view[1:]}" if self.journey_query and view else view)


def encoded(pairs: list[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs)}" if pairs else ""


def default_of(scenario: Scenario, name: str) -> str:
    return next(setting.default for setting in scenario.settings if setting.name == name)


@lru_cache(maxsize=1)
def known_slugs() -> tuple[str, ...]:
    """In the order of the story."""
    return slugs()


@lru_cache(maxsize=256)
def scenario_of(slug: str, settings: frozenset[tuple[str, str]] = frozenset()) -> Scenario:
    """Read once for as long as the server runs: checking a file costs more than walking its journey."""
    return load_builtin(slug, dict(settings))


def understand(slug: str, query: Query) -> Asked:
    """The nearest question that makes sense, and what was wrong with the one asked.  Raises NoSuchJourney."""
    if slug not in known_slugs():
        raise NoSuchJourney(slug)
    plain = scenario_of(slug)
    allowed = {s.name: [option.value for option in s.options] for s in plain.settings}
    settings = {name: value for name, value in query.items() if value in allowed.get(name, ())}
    faults = [
        complaint(name, value, allowed)
        for name, value in query.items()
        if name not in settings and name not in VIEW
    ]
    seed, grain = query.get("seed", "0"), query.get("grain", DEFAULT_GRAIN)
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 9):
        faults.append(f"seed must be a whole number of at most 9 digits, not “{brief(seed)}”; 0 is used.")
        seed = "0"
    known: Grain = next((known for known in GRAINS if known == grain), DEFAULT_GRAIN)
    if known != grain:
        faults.append(f"grain is one of {', '.join(GRAINS)}, not “{brief(grain)}”; {DEFAULT_GRAIN} is used.")
    return Asked(scenario_of(slug, frozenset(settings.items())), int(seed), known, tuple(faults))


def demand(slug: str, query: Query) -> Asked:
    """The question as asked.  Raises NoSuchJourney, NotUnderstood."""
    asked = understand(slug, query)
    if asked.faults:
        raise NotUnderstood(asked.faults)
    return asked


def complaint(name: str, value: str, allowed: Mapping[str, list[str]]) -> str:
    if name in allowed:
        return f"{name} is one of {', '.join(allowed[name])}, not “{brief(value)}”; the default is used."
    names = ", ".join([*allowed, *VIEW])
    return f"“{brief(name)}” is no setting of this journey and is left out; it has {names}."


def brief(text: str) -> str:
    """As a message quotes it: printable and short."""
    shown = "".join(letter if letter.isprintable() else "·" for letter in text)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
