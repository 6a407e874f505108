"""Running one stage by hand, as the driver does: what it yields is applied before it goes on."""

from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any, TypeVar

from msgspec import Struct

from app.datapath.drop import Drop, Stolen
from app.datapath.events import AnyEvent, Dropped, Event, Transmitted
from app.datapath.kernel import Arm, Kernel, Walk
from app.kernel.netns import Netns
from app.kernel.skb import Skb
from app.process.behaviour import Processes
from app.wire.addr import BROADCAST_MAC, ZERO_MAC, mac_of
from app.wire.packet import Arp, Ethernet, Icmp, IPv4, Tcp, Text, Udp

E = TypeVar("E", bound=Event)


class Ran(Struct):
    """What a stage did: the events it yielded, what it armed, what it returned, the drop it ended in, the netns after it."""

    events: list[AnyEvent]
    armed: list[Arm]
    result: Any
    drop: Drop | None
    netns: Netns

    def __repr__(self) -> str:
        return f"Ran({self.names}, {self.drop or self.result!r})"

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    @property
    def sent_by(self) -> list[str | None]:
        """The devices that a frame left by, in order."""
        return [event.dev for event in self.all(Transmitted)]

    @property
    def death(self) -> str | None:
        """How the packet ended, `ip_forward IP_INHDR`, whether or not somebody guarded it; None if it did not."""
        if self.drop is not None:
            return f"{self.drop.function} {self.drop.reason}"
        ended = [f"{event.function} {event.reason}" for event in self.events if isinstance(event, Dropped)]
        return ended[-1] if ended else None

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if type(event) is kind]

    def did(self, kind: type[Event]) -> bool:
        return bool(self.all(kind))

    def one(self, kind: type[E]) -> E:
        found = self.all(kind)
        assert len(found) == 1, f"expected one {kind.__name__}, found {len(found)} in {self.names}"
        return found[0]


def kernel(netns: Netns, seed: int = 0) -> Kernel:
    """A namespace as a stage sees it; new packets are numbered from 1000."""
    return Kernel(netns.id, netns, 0, Processes({}), count(1000).__next__, Random(seed).random)


def run(netns: Netns, stage: Callable[..., Walk[Any]], *args: object, seed: int = 0, **named: object) -> Ran:
    """One stage to its end in a namespace.  A drop that nobody guards is kept, not raised; what is stolen returns nothing."""
    k = kernel(netns, seed)
    ran = Ran([], [], None, None, netns)
    stage_under_way = stage(k, *args, **named)
    try:
        while True:
            wish = next(stage_under_way)
            if isinstance(wish, Arm):
                ran.armed.append(wish)
            else:
                ran.events.append(wish)
                k.netns = ran.netns = wish.apply(k.netns)
    except StopIteration as end:
        ran.result = end.value
    except Stolen:
        pass
    except Drop as drop:
        ran.drop = drop
    return ran


def packet(src: str, dst: str, l4: Tcp | Udp | Icmp | None = None, *, ttl: int = 64, df: bool = True) -> IPv4:
    """An IPv4 packet between two `address`es; without a payload it is a ping."""
    return IPv4(src, dst, l4 or Icmp(8, 0, id=7, sequence=1), ttl, df)


def tcp(sport: int = 40001, dport: int = 8080, *flags: str, **more: Any) -> Tcp:
    return Tcp(sport, dport, flags or ("SYN",), **more)  # type: ignore[arg-type]


def udp(sport: int = 40001, dport: int = 5353, data: str = "hello") -> Udp:
    return Udp(sport, dport, Text(data))


def frame(what: IPv4, *, src: str | None = None, dst: str | None = None, id: int = 1, **more: Any) -> Skb:
    """An skb with that packet; MACs follow from the addresses unless given."""
    ethernet = Ethernet(src or mac_of(what.src), dst or mac_of(what.dst), what)
    return Skb(id, ethernet, **more)


def bare(what: IPv4, id: int = 1, **more: Any) -> Skb:
    """An skb whose link layer header is not yet written."""
    return Skb(id, what, **more)


def who_has(target: str, tell: str, id: int = 1) -> Skb:
    request = Arp("request", mac_of(tell), tell, ZERO_MAC, target)
    return Skb(id, Ethernet(mac_of(tell), BROADCAST_MAC, request))


def is_at(owner: str, asker: str, id: int = 1) -> Skb:
    reply = Arp("reply", mac_of(owner), owner, mac_of(asker), asker)
    return Skb(id, Ethernet(mac_of(owner), mac_of(asker), reply))
