"""Devices, bridges, neighbours, tunnels: what happens below the network layer."""

from app.datapath.drop import DropReason
from app.datapath.events.base import Event
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netns import Netns
from app.kernel.origin import Origin
from app.wire.addr import Address, Mac


class Received(Event, frozen=True):
    """A frame came in on `dev`: what a capture on the device shows as incoming."""


class Transmitted(Event, frozen=True):
    """A frame left by `dev`: what a capture on the device shows as outgoing."""


class Dropped(Event, frozen=True):
    """The end of this skb.  `by` is who wrote the rule or entry that decided, where one did."""

    reason: DropReason
    by: Origin | None = None


class FdbLearned(Event, frozen=True):
    """The bridge noted behind which port a MAC is."""

    entry: FdbEntry
    known: FdbEntry | None = None

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(fdb={**netns.learned.fdb, (self.entry.dev, self.entry.mac): self.entry})


class FdbLookedUp(Event, frozen=True):
    """A bridge or a VXLAN device asked its FDB for the destination MAC; `flooded_to` are the ports when nobody was known.

    `came_by` is the port that a flooded frame came in by: with hairpin it is one of them.
    """

    mac: Mac
    entry: FdbEntry | None
    flooded_to: tuple[str, ...] = ()
    came_by: str | None = None


class PassedUp(Event, frozen=True):
    """The bridge handed the frame to its own device: now the machine's network layer gets it."""


class NeighLookedUp(Event, frozen=True):
    """The neighbour table knows the next hop's MAC, and the frame got its addresses; use makes a STALE entry DELAY."""

    entry: Neighbour
    before: Neighbour

    def apply(self, netns: Netns) -> Netns:
        if self.entry is self.before:
            return netns
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class NeighHeld(Event, frozen=True):
    """The packet waits in the neighbour's queue until somebody answers."""

    entry: Neighbour

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class NeighUpdated(Event, frozen=True):
    """An entry changed its MAC or state."""

    entry: Neighbour
    before: Neighbour | None = None

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class ArpAsked(Event, frozen=True):
    """The kernel wrote an ARP request; `entry.probes` counts from 1."""

    entry: Neighbour

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(neigh={**netns.learned.neigh, (self.entry.dev, self.entry.address): self.entry})


class ArpAnswered(Event, frozen=True):
    """The kernel owns the address asked for and wrote the reply."""

    address: Address


class ArpIgnored(Event, frozen=True):
    """An ARP message that is no business of this namespace; the copy ends here."""

    address: Address


class Encapsulated(Event, frozen=True):
    """The whole frame became payload of a UDP datagram to the node that the FDB named."""

    vni: int
    entry: FdbEntry


class Decapsulated(Event, frozen=True):
    """The outer headers were taken off; the inner frame comes in by the VXLAN device whose UDP port and VNI they named."""

    vni: int
    port: int
