"""Located values to typed records: one walk over the record's type that finds every fault, not only the first.

The types are msgspec's own; `Meta(description=…)` of a field's type says in a message what was expected.  A record that
forbids unknown fields makes faults of them; any other one only notes them, as the API server's other readers do.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final, TypeVar

import msgspec
import msgspec.inspect as types

from app.scenario.faults import Fault, listing, shown
from app.scenario.located import Located, Path, Scalar, dotted

T = TypeVar("T", bound=msgspec.Struct)
FAULTY: Final = object()
"""Stands for a value that had a fault, so that its siblings are still looked at."""


def is_block(text: str) -> bool:
    """A CIDR with a prefix length, whose host bits are clear.  Raises ValueError otherwise."""
    return text.partition("/")[2].isdecimal() and bool(ip_network(text))


FORMATS: Mapping[str, Callable[[str], object]] = {
    "ipv4": lambda text: ip_address(text).version == 4,
    "ip": ip_address,
    "ipv4-cidr": lambda text: is_block(text) and ip_network(text).version == 4,
    "cidr": is_block,
}


def decode(node: Located, kind: type[T], reading: "Reading") -> T | None:
    """`node` as a `kind`, or None; what is wrong and what is not used is noted in `reading`."""
    found = reading.value(node, record_type(kind), ())
    return found if isinstance(found, kind) else None


@lru_cache
def record_type(kind: type[msgspec.Struct]) -> types.Type:
    return types.type_info(kind)


class Reading:
    """One object being read.  `label` is what messages call it (`Pod/pod1`), `faults` and `ignored` what is found."""

    __slots__ = ("faults", "file", "ignored", "kind", "label")

    def __init__(self, file: str, label: str, kind: str) -> None:
        self.file = file
        self.label = label
        self.kind = kind
        self.faults: list[Fault] = []
        self.ignored: set[str] = set()

    def fault(self, line: int, path: Path, message: str) -> object:
        self.faults.append(Fault(self.file, line, f"{self.label}.{dotted(path)}".rstrip("."), message))
        return FAULTY

    def value(self, node: Located, kind: types.Type, path: Path) -> Any:
        match kind:
            case types.StructType():
                return self.record(node, kind, path)
            case types.DictType(value_type=inner) if isinstance(node.value, dict):
                found = {key: self.value(value, inner, (*path, key)) for key, value in node.value.items()}
                return FAULTY if FAULTY in found.values() else found
            case types.VarTupleType(item_type=inner) if isinstance(node.value, list):
                items = tuple(self.value(item, inner, (*path, at)) for at, item in enumerate(node.value))
                return FAULTY if FAULTY in items else self.sized(node, items, kind, path)
            case types.UnionType():
                return self.union(node, kind, path)
            case types.AnyType():
                return node
            case _ if not isinstance(node.value, dict | list) and fits(node.value, kind):
                return node.value
            case _:
                return self.fault(node.line, path, f"is {described(node)}, expected {expectation(kind)}")

    def sized(self, node: Located, items: tuple[Any, ...], kind: types.VarTupleType, path: Path) -> Any:
        if kind.min_length and len(items) < kind.min_length:
            return self.fault(node.line, path, f"is empty, expected at least {kind.min_length}")
        return items

    def union(self, node: Located, kind: types.UnionType, path: Path) -> Any:
        """The member that fits; a collection can only mean the one member that is a collection."""
        if node.value is None and kind.includes_none:
            return None
        members = [member for member in kind.types if not isinstance(member, types.NoneType)]
        if len(members) == 1:
            return self.value(node, members[0], path)
        scalar = not isinstance(node.value, dict | list)
        if scalar and any(fits(node.value, member) for member in members):  # type: ignore[arg-type]  # scalar, as asked
            return node.value
        expected = " or ".join(map(expectation, members))
        return self.fault(node.line, path, f"is {described(node)}, expected {expected}")

    def record(self, node: Located, kind: types.StructType, path: Path) -> Any:
        if not isinstance(node.value, dict):
            return self.fault(node.line, path, f"is {described(node)}, expected {expectation(kind)}")
        known = {field.encode_name: field for field in kind.fields}
        self.unknown(node, kind, path)
        given: dict[str, Any] = {}
        for name, field in known.items():
            value = node.value.get(name)
            if value is not None and (value.value is not None or field.required):
                given[field.name] = self.value(value, field.type, (*path, name))
            elif field.required:
                given[field.name] = self.fault(
                    node.line, (*path, name), f"is missing, expected {expectation(field.type)}"
                )
        return FAULTY if any(value is FAULTY for value in given.values()) else kind.cls(**given)

    def unknown(self, node: Located, kind: types.StructType, path: Path) -> None:
        known = [field.encode_name for field in kind.fields]
        for name, value in node.fields.items():
            if name in known:
                continue
            if kind.forbid_unknown_fields:
                self.fault(
                    value.line, (*path, name), f"is no field here, expected one of {listing(known, 20)}"
                )
            else:
                anywhere = re.sub(r"\[[0-9]+\]", "[]", dotted((*path, name)))
                self.ignored.add(f"{self.kind}.{anywhere}")


def fits(value: Scalar, kind: types.Type) -> bool:
    """Is the scalar one of this type, within its limits?"""
    match kind:
        case types.Metadata(type=inner, extra_json_schema=extra):
            return fits(value, inner) and has_format(value, (extra or {}).get("format"))
        case types.BoolType():
            return isinstance(value, bool)
        case types.StrType(max_length=longest, min_length=shortest, pattern=pattern):
            return (
                isinstance(value, str)
                and (shortest or 0) <= len(value) <= (longest or len(value))
                and (pattern is None or re.fullmatch(pattern, value) is not None)
            )
        case types.IntType(ge=low, le=high) | types.FloatType(ge=low, le=high):
            numeric = int if isinstance(kind, types.IntType) else (int, float)
            if isinstance(value, bool) or not isinstance(value, numeric):
                return False
            return (low is None or value >= low) and (high is None or value <= high)
        case types.LiteralType(values=values):
            return value in values and not isinstance(value, bool)
        case _:
            return False


def has_format(value: Scalar, name: str | None) -> bool:
    if name is None:
        return True
    try:
        return bool(FORMATS[name](str(value)))
    except ValueError:
        return False


def described(node: Located) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    return "a list" if isinstance(node.value, list) else shown(node.value)


def expectation(kind: types.Type) -> str:
    """What a message says was expected: the type's own description, or its name in plain words."""
    match kind:
        case types.Metadata(type=inner, extra_json_schema=extra):
            return str((extra or {}).get("description") or expectation(inner))
        case types.LiteralType(values=values):
            return f"one of {listing([str(value) for value in values])}"
        case types.UnionType(types=members):
            return " or ".join(
                expectation(member) for member in members if not isinstance(member, types.NoneType)
            )
        case types.IntType(ge=low, le=high):
            return "a whole number" + (f" from {low} to {high}" if high is not None else "")
        case _:
            return PLAIN_WORDS.get(type(kind), "another value")


PLAIN_WORDS: Mapping[type[types.Type], str] = {
    types.StrType: "text",
    types.BoolType: "true or false",
    types.FloatType: "a number",
    types.StructType: "a mapping",
    types.DictType: "a mapping",
    types.VarTupleType: "a list",
}
