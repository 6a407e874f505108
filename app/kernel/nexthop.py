"""What others have taught a machine about its routes (include/net/ip_fib.h: fib_nh_exception; include/net/inetpeer.h)."""

from msgspec.structs import replace

from app.kernel.route import Fib, Route
from app.wire.addr import Address
from app.wire.record import Record

SECOND = 1_000_000
MTU_EXPIRES = 600 * SECOND  # net.ipv4.route.mtu_expires
REDIRECT_EXPIRES = 300 * SECOND  # net.ipv4.route.gc_timeout
MIN_PMTU = 552  # octets, net.ipv4.route.min_pmtu
REDIRECT_LOAD = SECOND // 50  # net.ipv4.route.redirect_load
REDIRECT_NUMBER = 9
ICMP_RATELIMIT = SECOND  # net.ipv4.icmp_ratelimit
ICMP_BURST = 6 * ICMP_RATELIMIT  # XRLIM_BURST_FACTOR
ERROR_BURST = 5 * SECOND  # net.ipv4.route.error_burst; error_cost is a second, as icmp_ratelimit is
REDIRECT_SILENCE = REDIRECT_LOAD << (REDIRECT_NUMBER + 1)


class RouteException(Record, frozen=True):
    """To this one address a smaller MTU holds, octets, or another gateway; until `expires`, microseconds.

    With `lock` the path takes even less than the MTU, which is then the least that is believed (fnhe_mtu_locked).
    """

    address: Address
    mtu: int | None = None
    lock: bool = False
    gateway: Address | None = None
    expires: int = 0


class Peer(Record, frozen=True):
    """How often a sender was told of a better way; when it was last told anything, microseconds, and its tokens for more."""

    address: Address
    redirects: int = 0
    last: int = -60 * SECOND
    tokens: int = 0

    def due(self, now: int) -> "Peer | None":
        """The peer after one more redirect, or None if that would be too much.  net/ipv4/route.c: ip_rt_send_redirect."""
        sent = 0 if now > self.last + REDIRECT_SILENCE else self.redirects
        if sent >= REDIRECT_NUMBER or (sent and now <= self.last + (REDIRECT_LOAD << sent)):
            return None
        return Peer(self.address, sent + 1, now, self.tokens)

    def told(self, now: int, burst: int = ICMP_BURST) -> "Peer | None":
        """The peer after one more error, of which it gets some at once and then one a second; None if it must wait.

        A redirect costs no token, but from it on they are counted anew.  net/ipv4/icmp.c: inet_peer_xrlim_allow
        """
        tokens = min(self.tokens + now - self.last, burst)
        return replace(self, last=now, tokens=tokens - ICMP_RATELIMIT) if tokens >= ICMP_RATELIMIT else None


def is_detour(fib: Fib, route: Route, source: Address, iif: str) -> bool:
    """A packet that leaves where it came in, though its sender is a neighbour there and could send it itself.

    net/ipv4/route.c: __mkroute_input, with shared_media on
    """
    if route.dev != iif:
        return False
    back = fib.lookup(source)
    return back is not None and back.type == "unicast" and back.dev == iif and back.via is None
