"""Why the running kernel dropped a packet, and what its routing tables answered: skb:kfree_skb and fib:fib_table_lookup.

Every event names the network namespace it happened in, by the number that /proc/PID/ns/net shows; so sandboxes side by
side, and what the machine does besides, cannot be taken for one another, whichever task the kernel was working for.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from socket import inet_ntoa

from app.lab.job import KernelDrop, KernelLookup, Window
from app.lab.tracing import probes
from app.lab.tracing.bpf import Program, Ring, number_about
from app.lab.tracing.btf import VMLINUX, Types
from app.lab.tracing.kallsyms import Symbols
from app.lab.tracing.told import DropTold, LookupTold, told
from app.wire.packet import ETH_P_ARP, ETH_P_IP

RING_SIZE = 1 << 23
"""Octets, for some 30000 events: other sandboxes leave theirs in it too."""
MISSES = "bpf_prog_info.recursion_misses"
WHAT = "drop reasons and route look-ups were not recorded"
ENUM, REASON = "skb_drop_reason", "SKB_DROP_REASON_"
NO_WAY_ON = ("IP_INNOROUTES", "IP_INADDRERRORS", "NOT_SPECIFIED")
"""Why a packet is dropped whose look-up found nothing, or a route that refuses (net/ipv4/route.c: ip_error)."""
PROTOCOLS = (ETH_P_IP, ETH_P_ARP)
"""What a journey is made of."""


class Tracepoints:
    """`drops` and `lookups` once they were read, in order of time; `unseen` says in words why there are none."""

    def __init__(
        self, ring: Ring | None = None, loaded: Iterable[int] = (), unseen: str | None = None
    ) -> None:
        self.ring = ring
        self.loaded = tuple(loaded)
        self.unseen = unseen
        self.drops: tuple[KernelDrop, ...] | None = None
        self.lookups: tuple[KernelLookup, ...] | None = None

    def read(self, window: Window) -> None:
        """Keep what happened in these namespaces at that time."""
        if self.ring is None:
            return
        try:
            records = self.ring.records()
            self.check_for_gaps()
        except OverflowError as fault:
            self.unseen = f"{WHAT}: {fault}"
            return
        events = [event for event in map(told, records) if window.begin <= event.time <= window.end]
        names = {number: netns for netns, number in window.namespaces.items()}
        self.drops = tuple(of_drops((event for event in events if isinstance(event, DropTold)), names))
        self.lookups = tuple(sorted(of_lookups(events, names), key=lambda lookup: lookup.time))

    def check_for_gaps(self) -> None:
        """A program does not run while it is interrupted by what it should see.  Raises OverflowError where that happened."""
        if missed := sum(number_about(program, types().offset(MISSES)) for program in self.loaded):
            raise OverflowError(f"{missed} events came while another one was noted")


@contextmanager
def recorded() -> Iterator[Tracepoints]:
    """Listens as long as the block runs.  Where the machine does not allow it, that is said in `unseen`, and no more."""
    with ExitStack() as open_files:
        try:
            ring = Ring(RING_SIZE)
            open_files.callback(ring.close)
            loaded = []
            for tracepoint, program in asked(ring).items():
                attached, number = program.attach(tracepoint)
                open_files.callback(os.close, number)
                open_files.callback(os.close, attached)
                loaded.append(number)
        except (OSError, KeyError, TypeError, ValueError) as fault:
            why = "only root may ask the kernel" if os.geteuid() else str(fault)
            yield Tracepoints(unseen=f"{WHAT}: {why}")
            return
        yield Tracepoints(ring, loaded)


def asked(ring: Ring) -> Mapping[str, Program]:
    own = Path("/proc/self/ns/net").stat().st_ino
    return {
        "kfree_skb": probes.drops(types(), ring.descriptor, own),
        "fib_table_lookup": probes.lookups(types(), ring.descriptor, own),
    }


@cache
def types() -> Types:
    """Of the running kernel, read once.  Raises OSError where it does not publish them (CONFIG_DEBUG_INFO_BTF)."""
    return Types(VMLINUX.read_bytes())


def of_drops(told: Iterable[DropTold], names: Mapping[int, str]) -> Iterator[KernelDrop]:
    """The packets of these namespaces that were dropped."""
    reasons, symbols = types().values(ENUM), Symbols()
    for drop in told:
        netns = place(drop, names)
        if netns is not None and drop.protocol in PROTOCOLS:
            reason = reasons.get(drop.reason, str(drop.reason)).removeprefix(REASON)
            function = symbols.function(drop.location)
            yield KernelDrop(netns, drop.time, reason, function, drop.protocol, drop.octets)


def of_lookups(told: Iterable[DropTold | LookupTold], names: Mapping[int, str]) -> Iterator[KernelLookup]:
    """The look-ups that chose a device of these namespaces, and those whose packet died for want of a route.

    Between a look-up that finds nothing and the end of its packet no other packet comes to its turn on the same CPU.  The
    namespace of one that finds nothing for a packet that starts here cannot be told.
    """
    no_way_on = {
        number for number, name in types().values(ENUM).items() if name.removeprefix(REASON) in NO_WAY_ON
    }
    failed: dict[tuple[int, str, str], LookupTold] = {}
    for event in told:
        if isinstance(event, LookupTold):
            failed.pop((event.cpu, event.src, event.dst), None)
            if event.namespace in names:
                yield of_lookup(event, names[event.namespace])
            elif event.error:
                failed[event.cpu, event.src, event.dst] = event
        elif event.reason in no_way_on:
            ends = event.cpu, inet_ntoa(event.octets[12:16]), inet_ntoa(event.octets[16:20])
            netns, lookup = place(event, names), failed.pop(ends, None)
            if netns and lookup:
                yield of_lookup(lookup, netns)


def place(drop: DropTold, names: Mapping[int, str]) -> str | None:
    """The first namespace of the drop's that is one of these."""
    return next((names[number] for number in drop.namespaces if number in names), None)


def of_lookup(told: LookupTold, netns: str) -> KernelLookup:
    return KernelLookup(netns, told.time, told.error, told.oif, told.dst, told.gateway, told.device)
