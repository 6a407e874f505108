"""Every break of the built-in scenarios, with settings that it is for."""

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from app.scenario.load import load, slugs
from app.scenario.model import Scenario
from app.scenario.settings import applies, combinations


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
        whole = load(slug)
        for chosen in combinations(whole.settings):
            for own in whole.breaks:
                if applies(own.when, chosen):
                    yield Breakage(slug, own.name, tuple(chosen.items()))


def once() -> tuple[Breakage, ...]:
    """Each break with the first settings that it is for."""
    found: dict[tuple[str, str], Breakage] = {}
    for own in with_every_setting():
        found.setdefault((own.slug, own.name), own)
    return tuple(found.values())
