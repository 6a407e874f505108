"""Neighbours (ARP's table) and the FDB (a bridge's table, or a VXLAN device's)."""

from typing import Literal, TypeAlias

from app.kernel.origin import KERNEL, Origin
from app.kernel.skb import Skb
from app.wire.addr import Address, Mac
from app.wire.record import Record

NeighState: TypeAlias = Literal["INCOMPLETE", "REACHABLE", "STALE", "DELAY", "FAILED", "PERMANENT"]


class Neighbour(Record, frozen=True):
    """One line of `ip neigh`, and the packets that wait for it (include/net/neighbour.h: arp_queue).

    `updated` is when it was made or last changed, microseconds; `cached`, whether a packet has used it, for the first one
    leaves the header to the others (hh_cache).
    """

    address: Address
    dev: str
    state: NeighState
    mac: Mac | None = None
    queue: tuple[Skb, ...] = ()
    probes: int = 0
    updated: int = 0
    cached: bool = False
    origin: Origin = KERNEL

    @property
    def valid(self) -> bool:
        """NUD_VALID: the MAC may be used."""
        return self.mac is not None and self.state not in ("INCOMPLETE", "FAILED")


class FdbEntry(Record, frozen=True):
    """One line of `bridge fdb`.  On a bridge `port` says where the MAC is; on a VXLAN device `dst` says which VTEP has it."""

    mac: Mac
    dev: str
    port: str | None = None
    dst: Address | None = None
    permanent: bool = False
    local: bool = False
    origin: Origin = KERNEL
