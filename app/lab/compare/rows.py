"""The two columns: one thing as it was computed, and as the kernel did it."""

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


def same(section: Section, netns: str, text: str) -> Row:
    return Row(section, netns, text, text)
