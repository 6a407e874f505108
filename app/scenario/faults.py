"""What is wrong with a file, said so that it can be mended: file, line, field, what is there, what was expected."""

from collections.abc import Sequence

from msgspec import Struct


class Fault(Struct, frozen=True):
    """One line of the report.  `line` counts from 1, and is None where no line of a file is to blame."""

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return one_line(f"{place}: {self.field}: {self.message}")


class ScenarioError(Exception):
    """All faults that were found, in the order of the file; never empty.  `hint` closes the report."""

    def __init__(self, faults: Sequence[Fault], hint: str | None = None) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join([*map(str, self.faults), *([hint] if hint else [])]))


def one_line(text: str, most: int = 600) -> str:
    """Text from a stranger, fit for a terminal: no control characters, and an end."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:most])
    return shown if len(text) <= most else f"{shown}..."


def listing(names: Sequence[str], most: int = 12) -> str:
    """`a, b, c` for the part of a message that says what exists."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "") if names else "nothing"


def shown(value: object) -> str:
    """A value as a message quotes it, cut where it is long."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
