"""The system call bpf(2): a program of a few instructions is loaded, attached to a tracepoint, and writes into a ring.

All of it hangs on open files: when the process ends, whatever ended it, the kernel takes programs and rings away.
"""

import ctypes
import mmap
import os
import platform
import struct
import sys

SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
MAP_CREATE, PROG_LOAD, OBJ_GET_INFO_BY_FD, RAW_TRACEPOINT_OPEN = 0, 5, 15, 17
RINGBUF, RAW_TRACEPOINT = 27, 17
LICENSE = b"Dual MIT/GPL\0"
"""The kernel lends the helper that reads its memory only to programs that may be combined with it."""

KTIME_GET_NS, GET_SMP_PROCESSOR_ID, PROBE_READ_KERNEL, RINGBUF_OUTPUT = 5, 8, 113, 130
"""Helpers by number (include/uapi/linux/bpf.h)."""

CONTEXT, VALUE, SAVED, STACK = 6, 7, 8, 10
"""Registers that survive a call: what the tracepoint was given, two to work with, and the end of the stack."""

LOAD, LOAD_WORD, STORE, STORE_NUMBER, LOAD_MAP = 0x79, 0x61, 0x7B, 0x7A, 0x18
COPY, COPY_NUMBER, ADD, ADD_NUMBER, AND_NUMBER, CALL, EXIT = 0xBF, 0xB7, 0x0F, 0x07, 0x57, 0x85, 0x95
JUMP_UNLESS_WORD = 0x56
"""Instructions (RFC 9669): on 64 bits, but for words, which have 32."""

INSTRUCTION = struct.Struct("<BBhi")
HEADER = struct.Struct("=II")
BUSY, DISCARDED = 1 << 31, 1 << 30
LIBC = ctypes.CDLL(None, use_errno=True)
ATTRIBUTES, INFO = 128, 512


def bpf(command: int, attributes: bytes) -> int:
    """Raises OSError."""
    if (number := SYSCALL.get(platform.machine())) is None:
        raise OSError(f"the number of bpf(2) on {platform.machine()} is not known here")
    union = ctypes.create_string_buffer(attributes, ATTRIBUTES)
    descriptor: int = LIBC.syscall(number, command, union, ATTRIBUTES)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), f"bpf: {os.strerror(ctypes.get_errno())}")
    return descriptor


class Program:
    """Writes a record of `size` octets on its stack and sends it to a ring.  Each method adds instructions.

    A place in the record is counted in octets from its beginning; what is nowhere written stays zero.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.scratch = -size - 8
        self.text = b""
        self.add(COPY, CONTEXT, 1)
        for at in range(self.scratch, 0, 8):
            self.add(STORE_NUMBER, STACK, 0, at)

    def add(self, code: int, dst: int = 0, src: int = 0, offset: int = 0, immediate: int = 0) -> None:
        self.text += INSTRUCTION.pack(code, src << 4 | dst, offset, immediate)

    def argument(self, number: int) -> None:
        """VALUE becomes what the tracepoint was given in that place."""
        self.add(LOAD, VALUE, CONTEXT, number * 8)

    def keep(self) -> None:
        """SAVED becomes VALUE."""
        self.add(COPY, SAVED, VALUE)

    def restore(self) -> None:
        """VALUE becomes SAVED."""
        self.add(COPY, VALUE, SAVED)

    def mask(self, bits: int) -> None:
        """VALUE keeps these bits alone."""
        self.add(AND_NUMBER, VALUE, immediate=bits)

    def plus_saved(self) -> None:
        """VALUE becomes VALUE and SAVED together."""
        self.add(ADD, VALUE, SAVED)

    def write(self, at: int) -> None:
        """VALUE, eight octets, into the record."""
        self.add(STORE, STACK, VALUE, at - self.size)

    def write_number(self, number: int, at: int) -> None:
        self.add(STORE_NUMBER, STACK, 0, at - self.size, number)

    def write_call(self, helper: int, at: int) -> None:
        """What a helper without parameters returns."""
        self.add(CALL, immediate=helper)
        self.add(STORE, STACK, 0, at - self.size)

    def read(self, offset: int, size: int, at: int) -> None:
        """Octets so far behind what VALUE points at into the record; zeros where nothing is."""
        self.fetch(offset, size, at - self.size)

    def follow(self, offset: int, size: int = 8) -> None:
        """VALUE becomes what is so far behind what it points at: the next pointer, or a number of `size` octets."""
        self.add(STORE_NUMBER, STACK, 0, self.scratch)
        self.fetch(offset, size, self.scratch)
        self.add(LOAD, VALUE, STACK, self.scratch)

    def fetch(self, offset: int, size: int, place: int) -> None:
        self.add(COPY, 1, STACK)
        self.add(ADD_NUMBER, 1, immediate=place)
        self.add(COPY_NUMBER, 2, immediate=size)
        self.add(COPY, 3, VALUE)
        self.add(ADD_NUMBER, 3, immediate=offset)
        self.add(CALL, immediate=PROBE_READ_KERNEL)

    def leave_if(self, word: int, at: int) -> None:
        """The end, without a record, if this is the 32-bit number in that place of it."""
        self.add(LOAD_WORD, 1, STACK, at - self.size)
        self.add(JUMP_UNLESS_WORD, 1, 0, 2, word - (word >> 31 << 32))
        self.end()

    def send(self, ring: int) -> None:
        """The record into the ring, and the end."""
        self.add(LOAD_MAP, 1, 1, immediate=ring)
        self.add(0)
        self.add(COPY, 2, STACK)
        self.add(ADD_NUMBER, 2, immediate=-self.size)
        self.add(COPY_NUMBER, 3, immediate=self.size)
        self.add(COPY_NUMBER, 4)
        self.add(CALL, immediate=RINGBUF_OUTPUT)
        self.end()

    def end(self) -> None:
        self.add(COPY_NUMBER, 0)
        self.add(EXIT)

    def attach(self, tracepoint: str) -> tuple[int, int]:
        """Load it and let the tracepoint run it on every CPU; the file it hangs on, and its own.  Raises OSError."""
        text, terms = ctypes.create_string_buffer(self.text), ctypes.create_string_buffer(LICENSE)
        addresses = ctypes.addressof(text), ctypes.addressof(terms)
        loaded = bpf(
            PROG_LOAD, struct.pack("=IIQQ", RAW_TRACEPOINT, len(self.text) // INSTRUCTION.size, *addresses)
        )
        name = ctypes.create_string_buffer(tracepoint.encode())
        try:
            return bpf(RAW_TRACEPOINT_OPEN, struct.pack("=QI", ctypes.addressof(name), loaded)), loaded
        except OSError:
            os.close(loaded)
            raise


def number_about(program: int, offset: int) -> int:
    """What the kernel knows of a loaded program, at this place of `struct bpf_prog_info`.  Raises OSError."""
    info = ctypes.create_string_buffer(INFO)
    bpf(OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", program, INFO, ctypes.addressof(info)))
    return int.from_bytes(info.raw[offset : offset + 8], sys.byteorder)


class Ring:
    """Where programs leave their records, in order of time on all CPUs (Documentation/bpf/ringbuf.rst)."""

    def __init__(self, size: int) -> None:
        """`size` is a power of two, in octets.  Raises OSError."""
        self.size = size
        self.descriptor = bpf(MAP_CREATE, struct.pack("=IIII", RINGBUF, 0, 0, size))
        page = mmap.PAGESIZE
        self.filled = mmap.mmap(self.descriptor, page + size, prot=mmap.PROT_READ, offset=page)

    def records(self) -> list[bytes]:
        """All that was left, oldest first.  Raises OverflowError where the next would have had no room."""
        found: list[bytes] = []
        page, at, largest = mmap.PAGESIZE, 0, 0
        (end,) = struct.unpack_from("=Q", self.filled, 0)
        while at < end:
            length, _ = HEADER.unpack_from(self.filled, page + at)
            size = length & ~(BUSY | DISCARDED)
            begin = page + at + HEADER.size
            if not length & (BUSY | DISCARDED):
                found.append(self.filled[begin : begin + size])
            taken = (HEADER.size + size + 7) & ~7
            at, largest = at + taken, max(largest, taken)
        if end + largest > self.size:
            raise OverflowError(f"more than {self.size} octets of records")
        return found

    def close(self) -> None:
        self.filled.close()
        os.close(self.descriptor)
