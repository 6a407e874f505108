"""What TCP does when no answer comes  (net/ipv4/tcp_timer.c, inet_connection_sock.c)."""

from functools import partial

from app.datapath import tcp
from app.datapath.events import TimerFired
from app.datapath.kernel import Arm, Kernel, Walk
from app.kernel.skb import Skb
from app.kernel.socket import SocketKey
from app.wire.packet import Tcp

PROBE_INTERVAL = 500_000  # TCP_RESOURCE_PROBE_INTERVAL, microseconds
SYN_RETRIES = 6


def tcp_retransmit_timer(k: Kernel, *, key: SocketKey, due: int, after: int) -> Walk[None]:
    """No answer to a SYN, or to a SYN-ACK: send it again, unless the timer was set anew meanwhile.

    A client's first retries are a second apart, a server's wait doubles (tcp_timer.c: tcp_retransmit_timer;
    inet_connection_sock.c: reqsk_timer_handler).
    """
    socket = k.netns.learned.sockets.get(key)
    if socket is None or socket.state not in ("SYN_SENT", "SYN_RECV") or socket.due != due:
        return
    if in_host_queue(k, key):
        yield Arm(
            PROBE_INTERVAL, partial(tcp_retransmit_timer, key=key, due=due, after=after + PROBE_INTERVAL)
        )
        return
    retry = socket.timeouts + 1
    yield TimerFired(None, None, "tcp_retransmit_timer", after)
    if socket.state == "SYN_RECV":
        yield from tcp.transmit(k, key, ("SYN", "ACK"), retry=retry, timeout=tcp.request_timeout(retry))
    elif retry <= SYN_RETRIES:
        yield from tcp.transmit(k, key, ("SYN",), retry=retry, timeout=tcp.RTO)
    else:
        yield Arm(0, partial(k.upcalls.failed, socket=socket, error="ETIMEDOUT"))


def in_host_queue(k: Kernel, key: SocketKey) -> bool:
    """Does the segment before still wait for ARP in this very machine?  Then another one would be no use.

    net/ipv4/tcp_output.c: skb_still_in_host_queue
    """
    waiting = (skb for neighbour in k.netns.learned.neigh.values() for skb in neighbour.queue)
    return any(is_of(skb, key) for skb in waiting)


def is_of(skb: Skb, key: SocketKey) -> bool:
    """A packet of this socket, whatever its addresses have become in OUTPUT."""
    if not isinstance(skb.ip.payload, Tcp):
        return False
    if skb.ct is not None and skb.direction == "original":
        sent = skb.ct.original
        return (sent.src, sent.sport, sent.dst) == (key.local, key.lport, key.remote)
    return (skb.ip.src, skb.ip.payload.sport, skb.ip.dst) == (key.local, key.lport, key.remote)
