"""What a stage sees of its machine, and what it may wish for.

A stage is a generator function with a kernel function's name.  It yields events, which are facts; it may yield an `Arm`,
which is a wish that a stage run later; it returns what it decided.  It never writes: the namespace it reads is replaced
under it by the driver each time it yields.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Set
from typing import Protocol, TypeAlias, TypeVar

from msgspec.structs import replace

from app.datapath.drop import Drop, Stolen
from app.datapath.events import AnyEvent, Dropped, Errno
from app.kernel.device import Device
from app.kernel.netfilter import Ruleset
from app.kernel.netns import Netns
from app.kernel.route import Fib
from app.kernel.skb import Skb
from app.kernel.socket import Socket, SocketKey
from app.wire.addr import Address
from app.wire.packet import Message, Packet
from app.wire.record import Record

T = TypeVar("T")

TIMER_ROUNDING = 16_000
TIMER_SECOND = 1_000_000 + TIMER_ROUNDING
"""What a timer of one second takes, microseconds: the wheel rounds up (kernel/time/timer.c); three in a row were measured as 3.05 s."""


class Arm(Record, frozen=True):
    """Run this stage in the same namespace after `delay` microseconds, as a pass of its own.

    With 0 it is a process that wakes, in turn when no softirq is left; or, with `softirq`, one more softirq behind those
    already raised.  A wish that `lapses` is forgotten when the next probe begins: all the kernel's own timers run on.
    Of the timers of one moment a `pinned` one fires first (kernel/time/timer.c: run_timer_softirq, BASE_LOCAL).
    """

    delay: int
    stage: Callable[[Kernel], Walk[None]]
    softirq: bool = False
    lapses: bool = False
    pinned: bool = False


Walk: TypeAlias = Generator["AnyEvent | Arm", None, T]


class Upcalls(Protocol):
    """How the transport layer wakes a process; `app.process` implements it."""

    def connected(self, k: Kernel, key: SocketKey) -> Walk[None]: ...
    def readable(self, k: Kernel, key: SocketKey, message: Message, process: str) -> Walk[None]: ...
    def failed(self, k: Kernel, socket: Socket, error: Errno) -> Walk[None]: ...
    def peer_closed(self, k: Kernel, key: SocketKey) -> Walk[None]: ...


class Kernel:
    """One namespace during one walk.  `netns` is always its present state; its configuration does not change in a walk.

    `in_process`: this pass is a system call of a process, which softirqs interrupt; else it is a softirq itself.
    """

    __slots__ = (
        "_dice",
        "_new_id",
        "devices",
        "fib",
        "id",
        "in_process",
        "netns",
        "nf_hooks_needed",
        "no_carrier",
        "now",
        "rules",
        "upcalls",
    )

    def __init__(
        self,
        id: str,
        netns: Netns,
        now: int,
        upcalls: Upcalls,
        new_id: Callable[[], int],
        dice: Callable[[], float],
        no_carrier: Set[str] = frozenset(),
    ) -> None:
        self.id = id
        self.netns = netns
        self.devices: Mapping[str, Device] = netns.config.devices
        self.fib: Fib = netns.config.fib
        self.rules: Ruleset = netns.config.rules
        # include/linux/netfilter.h: NF_HOOK asks a static key first, so that a machine without rules pays nothing.
        self.nf_hooks_needed = self.rules.conntrack or any(self.rules.at_hook.values())
        self.no_carrier = no_carrier
        self.now = now
        self.in_process = False
        self.upcalls = upcalls
        self._new_id = new_id
        self._dice = dice

    def on(self, sysctl: str) -> bool:
        return self.netns.config.on(sysctl)

    def forwards(self, port: str) -> bool:
        """The state of a bridge's port: forwarding, or disabled, for want of a carrier or because the bridge is down."""
        link = self.devices[port]
        master = self.devices[link.master] if link.master else link
        return master.up and link.up and port not in self.no_carrier

    def alloc_skb(self, packet: Packet) -> Skb:
        return Skb(self._new_id(), packet)

    def clone(self, skb: Skb) -> Skb:
        """skb_clone: the same bytes, another life; pieces that two of them share are not sent as they came (skb_cloned)."""
        return replace(skb, id=self._new_id(), clone_of=skb.id, bridged_src=None, frag_list=())

    def chance(self, probability: float) -> bool:
        """Does something of this probability happen?  A function of the walk's seed."""
        return self._dice() < probability

    def below(self, bound: int) -> int:
        """A number in [0, bound), a function of the walk's seed."""
        return int(self._dice() * bound)

    def address_of(self, dev: str) -> Address | None:
        """The primary address of a device (inet_select_addr)."""
        addresses = self.devices[dev].addresses
        return addresses[0].address if addresses else None


def guarded(stage: Walk[None]) -> Walk[None]:
    """Run a stage for one skb; a drop of it ends nothing else.  The only place where a `Drop` becomes an event."""
    try:
        yield from stage
    except Stolen:
        return
    except Drop as drop:
        yield Dropped(drop.skb, drop.dev, drop.function, drop.reason, drop.by)
