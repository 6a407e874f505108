"""Every break of the built-in scenarios, with settings that it is for."""

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from app.scenario.breaks import states
from app.scenario.load import load, slugs
from app.scenario.model import Scenario


class Breakage(Struct, frozen=True):
    """A scenario broken in one way."""

    slug: str
    name: str
    settings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return " ".join([self.slug, self.name, *(f"{name}={value}" for name, value in self.settings)])

    def load(self) -> Scenario:
        return load(self.slug, dict(self.settings), breaks=(self.name,))

    @property
    def query(self) -> str:
        return "&".join(f"{name}={value}" for name, value in (*self.settings, ("break", self.name)))


@cache
def with_every_setting() -> tuple[Breakage, ...]:
    """Each break with each combination of settings that it is for."""
    return tuple(every())


def every() -> Iterator[Breakage]:
    for slug in slugs():
        for chosen, broken in states(load(slug)):
            yield from (Breakage(slug, name, tuple(chosen.items())) for name in broken)


def once() -> tuple[Breakage, ...]:
    """Each break with the first settings that it is for."""
    found: dict[tuple[str, str], Breakage] = {}
    for own in with_every_setting():
        found.setdefault((own.slug, own.name), own)
    return tuple(found.values())
