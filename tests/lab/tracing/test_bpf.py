"""A ring that is full says so; a program that the kernel does not accept is an error in words."""

import os
import socket

import pytest

from app.lab.tracing import probes
from app.lab.tracing.bpf import RAW_TRACEPOINT, Program, Ring, number_about
from app.lab.tracing.btf import VMLINUX, Types
from app.lab.tracing.told import LookupTold, told

pytestmark = pytest.mark.kernel
SMALL, ROOMY = 1 << 12, 1 << 20  # octets; other sandboxes may leave their look-ups in it too
NOBODYS = 0  # no namespace has this number


@pytest.fixture
def ring(request: pytest.FixtureRequest) -> Ring:
    try:
        return Ring(getattr(request, "param", ROOMY))
    except OSError as fault:
        pytest.skip(f"THE KERNEL MAY NOT BE ASKED: {fault}")


def ask_the_tables(times: int) -> None:
    """A datagram socket that connects looks up a route, and sends nothing."""
    for _ in range(times):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.connect(("127.0.0.1", 9))


def listen(ring: Ring, times: int) -> list[bytes]:
    open_files = probes.lookups(Types(VMLINUX.read_bytes()), ring.descriptor, NOBODYS).attach(
        "fib_table_lookup"
    )
    try:
        ask_the_tables(times)
        return ring.records()
    finally:
        for descriptor in open_files:
            os.close(descriptor)
        ring.close()


def test_what_the_kernel_does_for_this_very_process_is_recorded(ring: Ring) -> None:
    seen = [told(record) for record in listen(ring, 1)]
    mine = [event for event in seen if isinstance(event, LookupTold) and event.dst == "127.0.0.1"]
    assert mine, "connect(2) asks the routing tables"
    assert mine[0].device == "lo"
    assert mine[0].namespace == os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116


@pytest.mark.parametrize("ring", [SMALL], indirect=True)
def test_a_full_ring_is_not_taken_for_all_there_was(ring: Ring) -> None:
    with pytest.raises(OverflowError, match="4096 octets"):
        listen(ring, 100)


def test_the_kernel_tells_about_a_program_that_it_has_loaded(ring: Ring) -> None:
    types = Types(VMLINUX.read_bytes())
    attached, number = probes.drops(types, ring.descriptor, NOBODYS).attach("kfree_skb")
    kind_and_id = number_about(number, types.offset("bpf_prog_info.type"))
    assert kind_and_id & 0xFFFFFFFF == RAW_TRACEPOINT
    assert number_about(number, types.offset("bpf_prog_info.recursion_misses")) == 0
    for descriptor in (attached, number):
        os.close(descriptor)
    ring.close()


def test_a_program_that_never_ends_is_refused(ring: Ring) -> None:
    endless = Program(8)
    with pytest.raises(OSError, match="bpf"):
        endless.attach("kfree_skb")
    ring.close()
