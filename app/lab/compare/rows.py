"""The two columns: one thing as it was computed, and as the kernel did it."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from msgspec import Struct

Section: TypeAlias = Literal["answers", "frames", "rules", "tables", "outputs", "drops", "lookups"]


class Row(Struct, frozen=True):
    """`computed` and `kernel` are None where that side has nothing; `difference` is in words, None where both agree."""

    section: Section
    netns: str
    computed: str | None
    kernel: str | None
    difference: str | None = None


def differences(rows: Iterable[Row]) -> list[str]:
    """One sentence for each row that differs."""
    return [row.difference for row in rows if row.difference]


def same(section: Section, netns: str, text: str) -> Row:
    return Row(section, netns, text, text)
