"""UDP and ping sockets  (net/ipv4/udp.c, ping.c; RFC 768)."""

from functools import partial

from app.datapath import icmp, ip_output
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Errno, IcmpIgnored, MessageRead, SegmentSent, SocketFound, SocketOpened
from app.datapath.kernel import Arm, Kernel, Walk
from app.datapath.tcp import ERRNO
from app.kernel.skb import Skb
from app.kernel.socket import Socket, SocketKey
from app.wire.addr import ANY, Address
from app.wire.packet import Icmp, IPv4, Message, Text, Udp, Vxlan


def udp_connect(k: Kernel, process: str, remote: Address, port: int, sport: int) -> Walk[SocketKey | None]:
    """connect(2) on a datagram socket: fixes both ends, sends nothing.  None if there is no way out."""
    route = yield from ip_output.ip_route_output(k, None, remote)
    if route is None:
        return None
    key = SocketKey("udp", ip_output.source_of(k, route), sport, remote, port)
    yield SocketOpened(None, None, "ip4_datagram_connect", Socket(key, process))
    return key


def udp_sendmsg(k: Kernel, key: SocketKey, message: Message) -> Walk[None]:
    """net/ipv4/udp.c: udp_sendmsg.  DF is set, as path MTU discovery wants it."""
    skb = k.alloc_skb(IPv4(key.local, key.remote, Udp(key.lport, key.rport, message)))
    yield SegmentSent(skb, None, "udp_sendmsg", k.netns.learned.sockets.get(key))
    yield from send(k, skb, key.remote)


def ping(k: Kernel, process: str, remote: Address, identifier: int) -> Walk[SocketKey | None]:
    """One ICMP echo.  None if there is no way out.  net/ipv4/ping.c: ping_v4_sendmsg."""
    route = yield from ip_output.ip_route_output(k, None, remote)
    if route is None:
        return None
    key = SocketKey("icmp", ANY, identifier)
    yield SocketOpened(None, None, "ping_get_port", Socket(key, process))
    skb = k.alloc_skb(
        IPv4(ip_output.source_of(k, route), remote, Icmp(icmp.ECHO, 0, id=identifier, sequence=1))
    )
    yield SegmentSent(skb, None, "ping_v4_sendmsg", k.netns.learned.sockets[key])
    yield from send(k, skb, remote)
    return key


def send(k: Kernel, skb: Skb, remote: Address) -> Walk[None]:
    route = k.fib.lookup(remote)
    if route is None or route.type not in ("unicast", "local"):
        raise Drop(skb, DropReason.IP_OUTNOROUTES, "ip_send_skb")
    yield from ip_output.ip_local_out(k, skb, route)


def udp_rcv(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """Who listens on this port?  Nobody: ICMP port unreachable.  net/ipv4/udp.c: __udp4_lib_rcv."""
    ip, datagram = skb.ip, skb.ip.payload
    assert isinstance(datagram, Udp)
    ends = SocketKey("udp", ip.dst, datagram.dport, ip.src, datagram.sport)
    sockets = k.netns.learned.sockets
    for key in (ends, SocketKey("udp", ip.dst, datagram.dport), SocketKey("udp", ANY, datagram.dport)):
        if key in sockets:
            break
    else:
        yield from icmp.icmp_send(k, skb, icmp.DEST_UNREACH, icmp.PORT_UNREACH)
        raise Drop(skb, DropReason.NO_SOCKET, "__udp4_lib_rcv", dev)
    socket = sockets[key]
    yield SocketFound(skb, dev, "udp_queue_rcv_skb", socket, socket)
    message = datagram.payload
    if message is not None and not isinstance(message, Vxlan):
        yield Arm(0, partial(recvmsg, process=socket.process, ends=ends, skb=skb, message=message))


def recvmsg(
    k: Kernel, *, process: str, ends: SocketKey, skb: Skb, message: Message, function: str = "udp_recvmsg"
) -> Walk[None]:
    """recv(2).  `ends` are the datagram's own: an unconnected server answers where it came from."""
    yield MessageRead(skb, None, function, ends, process, message)
    yield from k.upcalls.readable(k, key=ends, message=message, process=process)


def udp_err(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """An ICMP error quotes a datagram or an echo of ours.  net/ipv4/udp.c: __udp4_lib_err; ping.c: ping_err."""
    message = skb.ip.payload
    assert isinstance(message, Icmp) and message.quoted
    ours, l4 = message.quoted, message.quoted.payload
    key = (
        SocketKey("udp", ours.src, l4.sport, ours.dst, l4.dport)
        if isinstance(l4, Udp)
        else SocketKey("icmp", ANY, echo_id(l4))
    )
    function = "__udp4_lib_err" if isinstance(l4, Udp) else "ping_err"
    socket = k.netns.learned.sockets.get(key)
    if socket is None:
        yield IcmpIgnored(skb, dev, function)
        return
    yield SocketFound(skb, dev, function, socket, socket)
    too_big: Errno | None = "EMSGSIZE" if (message.type, message.code) == (3, icmp.FRAG_NEEDED) else None
    if error := too_big or ERRNO.get((message.type, message.code)):
        yield Arm(0, partial(k.upcalls.failed, socket=socket, error=error))


def echo_id(l4: object) -> int:
    return l4.id if isinstance(l4, Icmp) else 0


def ping_rcv(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """An echo reply for who pinged with this identifier.  net/ipv4/ping.c: ping_rcv."""
    reply = skb.ip.payload
    assert isinstance(reply, Icmp)
    socket = k.netns.learned.sockets.get(SocketKey("icmp", ANY, reply.id))
    if socket is None:
        raise Drop(skb, DropReason.NO_SOCKET, "ping_rcv", dev)
    yield SocketFound(skb, dev, "ping_rcv", socket, socket)
    message = Text(f"echo reply, sequence {reply.sequence}")
    yield Arm(
        0,
        partial(
            recvmsg,
            process=socket.process,
            ends=socket.key,
            skb=skb,
            message=message,
            function="ping_recvmsg",
        ),
    )
