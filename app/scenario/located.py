"""A YAML value that knows the line it stands on, and RFC 7386 merging that keeps the lines of both sides."""

from typing import TypeAlias

from msgspec import Struct

Scalar: TypeAlias = str | int | float | bool | None
Path: TypeAlias = tuple[str | int, ...]
Complaint: TypeAlias = tuple[Path, str]
"""Where something is wrong, and what."""


class Located(Struct, frozen=True):
    """`line` counts from 1; that of a value in a mapping is its key's.  Keys are text, as in JSON."""

    value: "dict[str, Located] | list[Located] | Scalar"
    line: int

    @property
    def fields(self) -> "dict[str, Located]":
        """What a mapping holds; nothing for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Located]":
        """What a sequence holds; nothing for anything else."""
        return self.value if isinstance(self.value, list) else []

    def text(self, *keys: str) -> str | None:
        """The text found under these keys, or None."""
        found: Located | None = self
        for key in keys:
            found = found.fields.get(key) if found else None
        return found.value if found and isinstance(found.value, str) else None

    def line_at(self, path: Path) -> int:
        """The line of what `path` leads to, or of the last thing on the way that exists."""
        here = self
        for key in path:
            inside = here.fields if isinstance(key, str) else dict(enumerate(here.items))
            if key not in inside:
                break
            here = inside[key]  # type: ignore[index]  # a text key meets a mapping, a number a sequence
        return here.line


def merged(target: Located, patch: Located) -> Located:
    """JSON merge patch (RFC 7386 section 2): mappings merge, null removes, all else replaces."""
    if not isinstance(patch.value, dict):
        return patch
    fields = dict(target.fields)
    for key, value in patch.value.items():
        if value.value is None:
            fields.pop(key, None)
        else:
            fields[key] = merged(fields.get(key, Located(None, value.line)), value)
    return Located(fields, target.line)


def dotted(path: Path) -> str:
    """`("spec", "ports", 0, "port")` as `spec.ports[0].port`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
