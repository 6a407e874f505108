"""Drops: every packet that ended, in which namespace, for which reason, in which function of the kernel.

Reasons must be the same, functions too, but for those that a compiler or another rule backend calls otherwise.  The
device is not compared: the kernel goes on writing into a packet which device it is at, also on its last steps.
"""

from collections.abc import Iterable, Iterator, Mapping, Set

from msgspec import Struct

from app.datapath.events import Dropped, Step
from app.kernel.skb import Skb
from app.lab.compare import decode
from app.lab.compare.pairing import paired
from app.lab.compare.rows import Row
from app.lab.compare.sightings import is_firm, name_of
from app.lab.job import KernelDrop
from app.wire.packet import ETH_P_ARP, Arp, Ethernet, IPv4

OTHERWISE: Mapping[str, tuple[str, str]] = {
    "nft_do_chain": (
        "nf_hook_slow",
        "iptables over nf_tables frees the packet itself; the older tables leave it to the hook",
    ),
    "neigh_invalidate": (
        "arp_error_report",
        "its last call is a jump, so the kernel notes where that returns to",
    ),
}
"""What the kernel calls a place, what we call it, and why."""

NO_DROPS = (
    (
        "QUEUE_PURGE",
        "",
        "what still lay in a queue when its owner went: an error not asked for, a segment kept to send again",
    ),
    (
        "NOT_SPECIFIED",
        "tcp_v4_rcv RST ",
        "a reset of a connection half made: obeyed, and then freed without a word",
    ),
    (
        "NOT_SPECIFIED",
        "tcp_v4_rcv SYN ",
        "a SYN said again while the connection is half made: answered again, and freed",
    ),
)
"""What the kernel calls a drop where nothing befell a packet: the reason, how place and name begin, what happened."""


class Death(Struct, frozen=True):
    """A packet that ended; `name` says in words which it was."""

    netns: str
    reason: str
    function: str
    name: str
    firm: bool

    @property
    def place(self) -> str:
        return self.netns

    @property
    def why(self) -> str:
        return f"{self.reason} in {self.function}"

    @property
    def text(self) -> str:
        return f"{self.name}: {self.why}"


def computed(steps: Iterable[Step], ports: Set[int]) -> Iterator[Death]:
    for step in steps:
        if isinstance(step.event, Dropped) and step.event.skb:
            packet = without_link(step.event.skb)
            yield death(step.at, step.event.reason.value, step.event.function, packet, ports)


def recorded(drops: Iterable[KernelDrop], ports: Set[int]) -> Iterator[Death]:
    """Without those of `NO_DROPS`, and without packets of protocols that no journey has."""
    for drop in drops:
        packet = decoded(drop)
        if packet is not None:
            function, _ = OTHERWISE.get(drop.function, (drop.function, ""))
            ended = death(drop.netns, drop.reason, function, packet, ports)
            if not is_no_drop(ended):
                yield ended


def is_no_drop(ended: Death) -> bool:
    words = f"{ended.function} {ended.name}"
    return any(ended.reason == reason and words.startswith(begin) for reason, begin, _ in NO_DROPS)


def without_link(skb: Skb) -> IPv4 | Arp:
    return skb.arp if skb.is_arp else skb.ip


def decoded(drop: KernelDrop) -> IPv4 | Arp | None:
    try:
        read = decode.arp if drop.protocol == ETH_P_ARP else decode.ipv4
        return read(drop.octets)
    except decode.NotDecoded:
        return None


def death(netns: str, reason: str, function: str, packet: IPv4 | Arp, ports: Set[int]) -> Death:
    return Death(netns, reason, function, name_of(packet, ports), is_firm(Ethernet("", "", packet)))


def drop_rows(netns: str, ours: Iterable[Death], theirs: Iterable[Death]) -> Iterator[Row]:
    """In one namespace: firm packets in the order of their ends, the others whenever they ended."""
    here = [dead for dead in ours if dead.netns == netns]
    there = [dead for dead in theirs if dead.netns == netns]
    for one, other in paired(here, there):
        words = difference(one, other)
        yield Row("drops", netns, one.text if one else None, other.text if other else None, words)


def difference(ours: Death | None, theirs: Death | None) -> str | None:
    if ours is None:
        assert theirs, "one side has the packet"
        return f"{theirs.netns}: the kernel dropped {theirs.name} with {theirs.why}, not computed"
    if theirs is None:
        return f"{ours.netns}: computed drop {ours.why} of {ours.name}, the kernel did not drop it"
    if ours is theirs:
        return None
    otherwise = "at another time" if ours == theirs else f"with {theirs.why}"
    return f"{ours.netns}: computed drop {ours.why} of {ours.name}, the kernel dropped it {otherwise}"
