"""What the running kernel says about its own types (Documentation/bpf/btf.rst): where in a struct a field is, in this very build.

The kernel publishes the types it was compiled with; so nothing here is written down that another version could move.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from msgspec import Struct

VMLINUX = Path("/sys/kernel/btf/vmlinux")
MAGIC = 0xEB9F

POINTER, ARRAY, STRUCT, UNION, ENUM, TYPEDEF, VOLATILE, CONST, RESTRICT = 2, 3, 4, 5, 6, 8, 9, 10, 11
FUNC_PROTO, TYPE_TAG = 13, 18
TRANSPARENT = (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG)
WORDS_EACH = {STRUCT: 3, UNION: 3, ENUM: 2, FUNC_PROTO: 2, 15: 3, 19: 3}
"""Words that a type has for each of its members, values or parameters (15: DATASEC, 19: ENUM64)."""
WORDS_MORE = {1: 1, ARRAY: 3, 14: 1, 17: 1}
"""Words that follow a type's three (1: INT, 14: VAR, 17: DECL_TAG)."""


class Member(Struct, frozen=True):
    """A field of a struct, with its place in octets."""

    name: str
    type: int
    offset: int


class Types:
    """The types of a kernel by number, as 32-bit words and a table of names."""

    def __init__(self, octets: bytes) -> None:
        """Raises ValueError where this is no BTF."""
        words = memoryview(octets[: len(octets) & ~3]).cast("I")
        if words[0] & 0xFFFF != MAGIC:
            raise ValueError("not BTF of this machine's byte order")
        header, types, types_length, strings, strings_length = words[1:6]
        self.words = words[(header + types) // 4 : (header + types + types_length) // 4]
        self.names = octets[header + strings : header + strings + strings_length]

    @cached_property
    def places(self) -> list[int]:
        """Where the words of each type begin; number 0 is void and has none."""
        places, at = [0], 0
        words, end = self.words, len(self.words)
        each = [WORDS_EACH.get(kind, 0) for kind in range(32)]
        more = [WORDS_MORE.get(kind, 0) for kind in range(32)]
        while at < end:
            places.append(at)
            info = words[at + 1]
            kind = info >> 24 & 31
            at += 3 + more[kind] + (info & 0xFFFF) * each[kind]
        return places

    def kind(self, number: int) -> int:
        return self.words[self.places[number] + 1] >> 24 & 31 if number else 0

    def name(self, at: int) -> str:
        """The text at a place in the table of names."""
        return self.names[at : self.names.index(b"\0", at)].decode()

    def type_name(self, number: int) -> str:
        return self.name(self.words[self.places[number]]) if number else "void"

    def named(self, name: str, *kinds: int) -> int:
        """The number of the type of this name.  Raises KeyError."""
        text = self.names.find(b"\0" + name.encode() + b"\0") + 1
        for number, at in enumerate(self.places):
            if number and text and self.words[at] == text and self.kind(number) in kinds:
                return number
        raise KeyError(f"this kernel has no type {name}")

    def rest(self, number: int, width: int) -> Iterator[tuple[int, ...]]:
        """What follows a type, in groups of so many words."""
        at = self.places[number]
        for n in range(self.words[at + 1] & 0xFFFF):
            begin = at + 3 + n * width
            yield tuple(self.words[begin : begin + width])

    def members(self, number: int) -> Iterator[Member]:
        """The fields of a struct or union, those of nameless ones inside it among them."""
        counts_bits = not self.words[self.places[number] + 1] >> 31
        for name, kind, place in self.rest(number, 3):
            offset = (place if counts_bits else place & 0xFFFFFF) // 8
            if name:
                yield Member(self.name(name), kind, offset)
            else:
                for inner in self.members(self.behind(kind)):
                    yield Member(inner.name, inner.type, offset + inner.offset)

    def behind(self, number: int) -> int:
        """The type that a typedef or a qualifier stands for."""
        while self.kind(number) in TRANSPARENT:
            number = self.words[self.places[number] + 2]
        return number

    def pointed_at(self, number: int) -> int:
        """Raises TypeError where this is no pointer."""
        if self.kind(number := self.behind(number)) != POINTER:
            raise TypeError(f"{self.type_name(number)} is no pointer")
        return self.behind(self.words[self.places[number] + 2])

    def offset(self, path: str) -> int:
        """Octets from the start of a struct to a field of it, `sk_buff.dev`, or of a struct inside it.  Raises KeyError."""
        struct, *steps = path.split(".")
        number, total = self.named(struct, STRUCT), 0
        for step in steps:
            member = next((m for m in self.members(self.behind(number)) if m.name == step), None)
            if member is None:
                raise KeyError(f"this kernel has no {path}")
            total, number = total + member.offset, member.type
        return total

    def values(self, enum: str) -> dict[int, str]:
        """An enumeration's names by number.  Raises KeyError."""
        return {value: self.name(name) for name, value in self.rest(self.named(enum, ENUM), 2)}

    def parameters(self, tracepoint: str) -> tuple[str, ...]:
        """What a tracepoint is given: the name of each parameter's type, or of what it points at.  Raises KeyError."""
        prototype = self.pointed_at(self.named(f"btf_trace_{tracepoint}", TYPEDEF))
        found = [self.behind(given) for _, given in self.rest(prototype, 2)]
        named = (self.pointed_at(given) if self.kind(given) == POINTER else given for given in found)
        return tuple(self.type_name(given) for given in named)[1:]
