"""Routing, forwarding, delivery, and the ICMP messages about them."""

from app.datapath.events.base import Event
from app.kernel.fragments import FragmentKey
from app.kernel.netns import Netns
from app.kernel.nexthop import Peer, RouteException
from app.kernel.origin import Origin
from app.kernel.route import Fib, Route
from app.kernel.skb import Skb
from app.wire.addr import Address


class RouteLookedUp(Event, frozen=True):
    """The FIB was asked; `route` is the longest prefix that holds `dst`, `fib` the tables it was found in."""

    dst: Address
    route: Route | None
    fib: Fib


class Forwarded(Event, frozen=True):
    """ip_forward let it pass: TTL is one lower."""

    route: Route


class RedirectDue(Event, frozen=True):
    """A packet leaves where it came in, and its sender has not heard too often that it could send it there itself."""

    peer: Peer
    gateway: Address

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(peers={**netns.learned.peers, self.peer.address: self.peer})


class ErrorWithheld(Event, frozen=True):
    """A packet has no way on, and `peer`, who sent it, is not told; it counts all the same among what may be told."""

    peer: Peer

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(peers={**netns.learned.peers, self.peer.address: self.peer})


class ExceptionLearned(Event, frozen=True):
    """An ICMP error taught that to one address another MTU holds, or another gateway."""

    exception: RouteException

    def apply(self, netns: Netns) -> Netns:
        known = netns.learned.exceptions
        return netns.learn(exceptions={**known, self.exception.address: self.exception})


class Fragmented(Event, frozen=True):
    """A packet was cut to fit `mtu`; `sizes` are the octets of its pieces, with their headers.  `skb` is the first one."""

    mtu: int
    sizes: tuple[int, ...]


class FragmentHeld(Event, frozen=True):
    """A fragment waits for the rest of its packet, with the others that `held` has."""

    key: FragmentKey
    held: tuple[Skb, ...]

    def apply(self, netns: Netns) -> Netns:
        return netns.learn(fragments={**netns.learned.fragments, self.key: self.held})


class Reassembled(Event, frozen=True):
    """The last fragment has come: `skb` is the whole packet again, put together from so many `pieces`."""

    key: FragmentKey
    last: Skb
    pieces: int

    def apply(self, netns: Netns) -> Netns:
        waiting = {key: held for key, held in netns.learned.fragments.items() if key != self.key}
        return netns.learn(fragments=waiting)


class DeliveredLocally(Event, frozen=True):
    """The packet is for this machine and goes up to its transport protocol."""


class IcmpIgnored(Event, frozen=True):
    """An ICMP message that comes to nothing, which is no drop: an error about no socket that is still there, an echo with no way back."""


class IcmpSent(Event, frozen=True):
    """The kernel wrote an ICMP message: an error about another packet, or an echo reply; errors use up what `peer` may get."""

    about: Skb
    by: Origin | None = None
    peer: Peer | None = None

    def apply(self, netns: Netns) -> Netns:
        if self.peer is None:
            return netns
        return netns.learn(peers={**netns.learned.peers, self.peer.address: self.peer})
