"""Types read from octets: a small kernel made here, and the running one where it tells."""

import struct

import pytest

from app.lab.tracing.btf import ENUM, FUNC_PROTO, POINTER, STRUCT, TYPEDEF, UNION, VMLINUX, Types

INT = 1


class Kernel:
    """Writes BTF: each method adds a type and returns its number."""

    def __init__(self) -> None:
        self.names, self.types, self.count = b"\0", b"", 0

    def text(self, name: str) -> int:
        if not name:
            return 0
        self.names += name.encode() + b"\0"
        return len(self.names) - len(name) - 1

    def add(self, kind: int, name: str, last: int, *words: int, members: int = 0) -> int:
        self.types += struct.pack(f"=III{len(words)}I", self.text(name), kind << 24 | members, last, *words)
        self.count += 1
        return self.count

    def struct(self, kind: int, name: str, *members: tuple[str, int, int]) -> int:
        words = [word for field, number, octets in members for word in (self.text(field), number, octets * 8)]
        return self.add(kind, name, 0, *words, members=len(members))

    def read(self) -> Types:
        header = struct.pack(
            "=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.names)
        )
        return Types(header + self.types + self.names)


@pytest.fixture
def small() -> Types:
    kernel = Kernel()
    number = kernel.add(INT, "unsigned int", 4, 32)
    inner = kernel.struct(STRUCT, "inner", ("first", number, 0), ("second", number, 4))
    either = kernel.struct(UNION, "", ("one", number, 0), ("other", inner, 0))
    outer = kernel.struct(STRUCT, "outer", ("head", number, 0), ("", either, 8), ("tail", inner, 16))
    kernel.add(ENUM, "why", 4, kernel.text("WHY_NOT"), 2, kernel.text("BECAUSE"), 7, members=2)
    pointer = kernel.add(POINTER, "", outer)
    nothing = kernel.add(POINTER, "", 0)
    prototype = kernel.add(FUNC_PROTO, "", 0, 0, nothing, 0, pointer, 0, number, members=3)
    kernel.add(TYPEDEF, "btf_trace_happened", kernel.add(POINTER, "", prototype))
    return kernel.read()


def test_a_field_is_found_through_structs_inside_structs_and_through_nameless_ones(small: Types) -> None:
    assert small.offset("outer.head") == 0
    assert small.offset("outer.one") == 8
    assert small.offset("outer.other.second") == 12
    assert small.offset("outer.tail.second") == 20


def test_an_enumeration_names_its_numbers(small: Types) -> None:
    assert small.values("why") == {2: "WHY_NOT", 7: "BECAUSE"}


def test_a_tracepoint_tells_what_it_is_given(small: Types) -> None:
    assert small.parameters("happened") == ("outer", "unsigned int"), "behind the first, which is its own"


@pytest.mark.parametrize("path", ["outer.nothing", "nobody.head"])
def test_what_a_kernel_does_not_have_is_named(small: Types, path: str) -> None:
    with pytest.raises(KeyError, match="this kernel has no"):
        small.offset(path)


def test_octets_that_are_no_types_are_refused() -> None:
    with pytest.raises(ValueError, match="not BTF"):
        Types(bytes(64))


@pytest.mark.kernel
@pytest.mark.skipif(not VMLINUX.exists(), reason="THE KERNEL DOES NOT PUBLISH ITS TYPES")
def test_the_running_kernel_has_what_is_asked_of_it() -> None:
    types = Types(VMLINUX.read_bytes())
    assert types.values("skb_drop_reason")[2] == "SKB_DROP_REASON_NOT_SPECIFIED"
    assert types.parameters("kfree_skb")[0] == "sk_buff"
    assert types.offset("sk_buff.dev") != types.offset("sk_buff.sk")
