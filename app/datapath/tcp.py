"""TCP, far enough for a handshake, a request, an answer and a close  (net/ipv4/tcp_ipv4.c, tcp_input.c, tcp_output.c; RFC 9293)."""

from functools import partial

from msgspec.structs import replace

from app.datapath import ip_output, route_news, tcp_timer
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Errno, IcmpIgnored, MessageRead, SegmentSent, SocketFound, SocketOpened
from app.datapath.kernel import TIMER_ROUNDING, TIMER_SECOND, Arm, Kernel, Walk
from app.kernel.route import Route
from app.kernel.skb import Skb
from app.kernel.socket import Relay, Socket, SocketKey
from app.wire.addr import ANY, Address
from app.wire.packet import Icmp, IPv4, Message, Tcp, TcpFlag

RTO = TIMER_SECOND  # TCP_TIMEOUT_INIT
TIMESTAMPS = 12  # octets of options in every segment, which the MSS does not count
ERRNO: dict[tuple[int, int], Errno] = {
    (3, 0): "ENETUNREACH",
    (3, 1): "EHOSTUNREACH",
    (3, 3): "ECONNREFUSED",
    (3, 13): "EHOSTUNREACH",
    (11, 0): "EHOSTUNREACH",
}
"""icmp_err_convert of net/ipv4/icmp.c, by (type, code); time exceeded as tcp_v4_err has it."""


def tcp_connect(
    k: Kernel, process: str, remote: Address, port: int, sport: int, cookie: Message | Relay | None
) -> Walk[SocketKey | None]:
    """connect(2): choose a source, open a socket, send a SYN.  None if there is no way out.  tcp_ipv4.c: tcp_v4_connect."""
    route = yield from ip_output.ip_route_output(k, None, remote)
    if route is None:
        return None
    key = SocketKey("tcp", ip_output.source_of(k, route), sport, remote, port)
    mss = advertised_mss(k, route, remote)
    yield SocketOpened(None, None, "tcp_v4_connect", Socket(key, process, "SYN_SENT", cookie, mss=mss))
    yield from transmit(k, key, ("SYN",), timeout=RTO)
    return key


def advertised_mss(k: Kernel, route: Route, remote: Address) -> int:
    """net/ipv4/route.c: ipv4_default_advmss; no packet is larger than 65535 octets, whatever lo's MTU is."""
    return min(ip_output.path_mtu(k, route, remote), 65535) - 40


def current_mss(k: Kernel, socket: Socket, route: Route | None) -> int:
    """No larger than the other side takes, nor than the path does.  tcp_output.c: tcp_current_mss, tcp_sync_mss."""
    return min(socket.mss, ip_output.path_mtu(k, route, socket.key.remote) - 40) if route else socket.mss


def tcp_sendmsg(k: Kernel, key: SocketKey, message: Message) -> Walk[None]:
    """send(2): one message, one segment if it fits, else one large packet that is cut later.  tcp.c: tcp_sendmsg."""
    yield from transmit(k, key, ("PSH", "ACK"), message)


def tcp_close(k: Kernel, key: SocketKey) -> Walk[None]:
    """close(2): say that nothing more will come.  tcp.c: tcp_close."""
    socket = k.netns.learned.sockets.get(key)
    if socket is not None and socket.state in ("ESTABLISHED", "CLOSE_WAIT"):
        yield from transmit(k, key, ("FIN", "ACK"))


def transmit(
    k: Kernel,
    key: SocketKey,
    flags: tuple[TcpFlag, ...],
    message: Message | None = None,
    *,
    retry: int = 0,
    timeout: int = 0,
) -> Walk[None]:
    """Write a segment and send it by the socket's route; with `timeout`, microseconds, expect an answer to it by then.

    net/ipv4/tcp_output.c: __tcp_transmit_skb
    """
    socket = k.netns.learned.sockets[key]
    route = k.fib.lookup(key.remote)
    mss = advertised_mss(k, route, key.remote) if "SYN" in flags and route else None
    segment = Tcp(key.lport, key.rport, flags, socket.seq, socket.ack, message, mss)
    timeouts = max(retry, socket.timeouts) if timeout else socket.timeouts
    skb = replace(
        k.alloc_skb(IPv4(key.local, key.remote, segment, df=ip_output.ip_dont_fragment(k, key.remote))),
        gso=current_mss(k, socket, route) - TIMESTAMPS if message else 0,
        hash=timeouts,
    )
    due = k.now + timeout if timeout else socket.due
    yield SegmentSent(
        skb, None, "__tcp_transmit_skb", replace(sent(socket, segment), due=due, timeouts=timeouts), retry
    )
    if timeout:
        again = partial(tcp_timer.tcp_retransmit_timer, key=key, due=due, after=timeout)
        yield Arm(timeout, again, pinned=socket.state == "SYN_RECV")
    if route is None or route.type not in ("unicast", "local"):
        raise Drop(skb, DropReason.IP_OUTNOROUTES, "__ip_queue_xmit")
    yield from ip_output.ip_local_out(k, skb, route)


def sent(socket: Socket, segment: Tcp) -> Socket:
    """The socket after this segment: data and FIN move snd_nxt; a SYN does so when it is acknowledged."""
    if "SYN" in segment.flags:
        return socket
    if "FIN" in segment.flags:
        return replace(
            socket, state="FIN_WAIT1" if socket.state == "ESTABLISHED" else "LAST_ACK", seq=socket.seq + 1
        )
    message = segment.payload
    return replace(socket, seq=socket.seq + message.size, unacked=message) if message else socket


def tcp_v4_rcv(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """Which socket is this for?  A connection's own, else a listener's, else none: RST.  tcp_ipv4.c: tcp_v4_rcv."""
    segment = skb.ip.payload
    assert isinstance(segment, Tcp)
    socket = lookup(k, skb.ip, segment)
    if socket is None or (socket.state == "LISTEN" and segment.flags != ("SYN",)):
        if "RST" not in segment.flags and not k.fib.is_broadcast(skb.ip.dst):
            yield from tcp_v4_send_reset(k, skb, segment)
        raise Drop(skb, DropReason.NO_SOCKET, "tcp_v4_rcv", dev)
    if socket.state == "LISTEN":
        yield from tcp_conn_request(k, skb, dev, socket)
    elif "RST" in segment.flags:
        yield from tcp_reset(k, skb, dev, socket)
    elif socket.state in ("SYN_SENT", "SYN_RECV"):
        yield from tcp_rcv_synsent(k, skb, dev, socket, segment)
    else:
        yield from tcp_rcv_established(k, skb, dev, socket, segment)


def lookup(k: Kernel, ip: IPv4, segment: Tcp) -> Socket | None:
    """include/net/inet_hashtables.h: __inet_lookup; a listener of this very address before one of any."""
    sockets = k.netns.learned.sockets
    for key in (
        SocketKey("tcp", ip.dst, segment.dport, ip.src, segment.sport),
        SocketKey("tcp", ip.dst, segment.dport),
        SocketKey("tcp", ANY, segment.dport),
    ):
        if key in sockets:
            return sockets[key]
    return None


def tcp_conn_request(k: Kernel, skb: Skb, dev: str, listener: Socket) -> Walk[None]:
    """A SYN for a listener: a socket for the new connection, and SYN-ACK; without a way back, nothing.  tcp_input.c: tcp_conn_request."""
    ip, syn = skb.ip, skb.ip.payload
    assert isinstance(syn, Tcp)
    yield SocketFound(skb, dev, "tcp_conn_request", listener, listener)
    key = SocketKey("tcp", ip.dst, syn.dport, ip.src, syn.sport)
    route = yield from ip_output.ip_route_output(k, None, ip.src)
    if route is None:
        return
    mss = min(syn.mss or 536, advertised_mss(k, route, ip.src))
    yield SocketOpened(
        None,
        None,
        "inet_csk_reqsk_queue_hash_add",
        Socket(key, listener.process, "SYN_RECV", ack=syn.seq + 1, mss=mss),
    )
    yield from transmit(k, key, ("SYN", "ACK"), timeout=request_timeout(0))


def request_timeout(retry: int) -> int:
    """How long a SYN-ACK waits for its ACK, microseconds; its timer is pinned.  inet_connection_sock.c: reqsk_queue_hash_req."""
    return (1_000_000 << retry) + TIMER_ROUNDING


def tcp_rcv_synsent(k: Kernel, skb: Skb, dev: str, socket: Socket, segment: Tcp) -> Walk[None]:
    """The second or third segment of a handshake.  tcp_input.c: tcp_rcv_synsent_state_process, tcp_rcv_state_process."""
    if socket.state == "SYN_SENT" and segment.flags == ("SYN", "ACK"):
        mss = min(socket.mss, segment.mss or 536)
        up = replace(socket, state="ESTABLISHED", seq=socket.seq + 1, ack=segment.seq + 1, mss=mss)
        yield SocketFound(skb, dev, "tcp_rcv_synsent_state_process", socket, up)
        yield from transmit(k, socket.key, ("ACK",))
        yield Arm(0, partial(k.upcalls.connected, key=socket.key))
    elif socket.state == "SYN_RECV" and "ACK" in segment.flags and "SYN" not in segment.flags:
        up = replace(socket, state="ESTABLISHED", seq=socket.seq + 1)
        if segment.payload is None:
            yield SocketFound(skb, dev, "tcp_rcv_state_process", socket, up)
        else:
            yield from tcp_rcv_established(k, skb, dev, up, segment)
    elif socket.state == "SYN_RECV" and segment.flags == ("SYN",):
        yield SocketFound(skb, dev, "tcp_check_req", socket, socket)
        yield from transmit(k, socket.key, ("SYN", "ACK"), retry=1, timeout=request_timeout(socket.timeouts))
    else:
        raise Drop(skb, DropReason.NO_SOCKET, "tcp_rcv_state_process", dev)


def tcp_rcv_established(k: Kernel, skb: Skb, dev: str, socket: Socket, segment: Tcp) -> Walk[None]:
    """Data is acknowledged and read, a FIN is answered, an ACK of ours may end the connection.  tcp_input.c: tcp_rcv_established."""
    key = socket.key
    if segment.payload is not None:
        read = replace(socket, ack=segment.seq + segment.octets, unacked=None)
        yield SocketFound(skb, dev, "tcp_data_queue", socket, read)
        yield from transmit(k, key, ("ACK",))
        if segment.last:
            yield Arm(0, partial(tcp_recvmsg, key=key, skb=skb, message=segment.payload))
    elif "FIN" in segment.flags:
        state = "CLOSE_WAIT" if socket.state == "ESTABLISHED" else "TIME_WAIT"
        yield SocketFound(
            skb, dev, "tcp_fin", socket, replace(socket, state=state, ack=segment.seq + 1, unacked=None)
        )
        if state == "TIME_WAIT":
            yield from transmit(k, key, ("ACK",))
        else:
            yield Arm(0, partial(k.upcalls.peer_closed, key=key))
    else:
        after = (
            None
            if socket.state == "LAST_ACK"
            else replace(socket, unacked=None)
            if socket.unacked
            else socket
        )
        yield SocketFound(skb, dev, "tcp_ack", socket, after)


def tcp_recvmsg(k: Kernel, *, key: SocketKey, skb: Skb, message: Message) -> Walk[None]:
    """recv(2): the process that slept on the socket wakes with the message.  tcp.c: tcp_recvmsg."""
    socket = k.netns.learned.sockets[key]
    yield MessageRead(skb, None, "tcp_recvmsg", key, socket.process, message)
    yield from k.upcalls.readable(k, key=key, message=message, process=socket.process)


def tcp_reset(k: Kernel, skb: Skb, dev: str, socket: Socket) -> Walk[None]:
    """The other side knows no such connection.  tcp_input.c: tcp_reset."""
    yield SocketFound(skb, dev, "tcp_reset", socket, None)
    if socket.state in ("SYN_SENT", "ESTABLISHED", "FIN_WAIT1"):
        error: Errno = "ECONNREFUSED" if socket.state == "SYN_SENT" else "ECONNRESET"
        yield Arm(0, partial(k.upcalls.failed, socket=socket, error=error))


def tcp_v4_send_reset(k: Kernel, skb: Skb, segment: Tcp) -> Walk[None]:
    """Nobody listens here, and the sender is told so.  tcp_ipv4.c: tcp_v4_send_reset."""
    ip = skb.ip
    known = "ACK" in segment.flags
    flags: tuple[TcpFlag, ...] = ("RST",) if known else ("RST", "ACK")
    reset = Tcp(segment.dport, segment.sport, flags, segment.ack, 0 if known else segment.seq + 1)
    answer = k.alloc_skb(IPv4(ip.dst, ip.src, reset))
    yield SegmentSent(answer, None, "tcp_v4_send_reset")
    route = k.fib.lookup(ip.src)
    if route is not None and route.type in ("unicast", "local"):
        yield from ip_output.ip_local_out(k, answer, route)


def tcp_v4_err(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """An ICMP error quotes a segment of ours: fatal while connecting, a smaller size if that is what it asks.  tcp_v4_err."""
    message = skb.ip.payload
    assert isinstance(message, Icmp) and message.quoted and isinstance(message.quoted.payload, Tcp)
    ours, segment = message.quoted, message.quoted.payload
    socket = k.netns.learned.sockets.get(SocketKey("tcp", ours.src, segment.sport, ours.dst, segment.dport))
    if socket is None:
        yield IcmpIgnored(skb, dev, "tcp_v4_err")
        return
    if (message.type, message.code) == (3, 4):
        yield from route_news.heed(k, skb, dev)
        smaller = replace(socket, mss=current_mss(k, socket, k.fib.lookup(ours.dst)), seq=segment.seq)
        yield SocketFound(skb, dev, "tcp_v4_mtu_reduced", socket, smaller)
        if socket.unacked is not None:
            yield from transmit(k, socket.key, ("PSH", "ACK"), socket.unacked, retry=1)
    elif socket.state == "SYN_SENT" and (error := ERRNO.get((message.type, message.code))):
        yield SocketFound(skb, dev, "tcp_v4_err", socket, None)
        yield Arm(0, partial(k.upcalls.failed, socket=socket, error=error))
    else:
        yield SocketFound(skb, dev, "tcp_v4_err", socket, socket)
        held = socket.state == "SYN_SENT" and not socket.timeouts  # by connect(2): sock_owned_by_user
        if not held and socket.state != "SYN_RECV":  # a request sock has no route of its own: tcp_req_err
            yield from route_news.heed(k, skb, dev)
