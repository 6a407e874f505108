"""UDP and ping sockets  (net/ipv4/udp.c, ping.c; RFC 768)."""

from functools import partial

from msgspec.structs import replace

from app.datapath import icmp, ip_output, route_news
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Errno, IcmpIgnored, MessageRead, SegmentSent, SocketFound, SocketOpened
from app.datapath.kernel import Arm, Kernel, Walk
from app.datapath.tcp import ERRNO
from app.kernel.skb import Skb
from app.kernel.socket import PathMtuDiscovery, Socket, SocketKey
from app.wire.addr import ANY, Address
from app.wire.packet import Icmp, IPv4, Message, Text, Udp, Vxlan

HARD_ERRORS = ((3, 3), (3, 13))
"""A datagram socket hears of these alone, for the others may pass; ping asks for all (icmp_err_convert: fatal; IP_RECVERR)."""


def udp_connect(
    k: Kernel, process: str, remote: Address, port: int, sport: int, pmtudisc: PathMtuDiscovery = "want"
) -> Walk[SocketKey | None]:
    """connect(2) on a datagram socket: fixes both ends, sends nothing.  None if there is no way out."""
    route = yield from ip_output.ip_route_output(k, None, remote)
    if route is None:
        return None
    key = SocketKey("udp", ip_output.source_of(k, route), sport, remote, port)
    yield SocketOpened(None, None, "ip4_datagram_connect", Socket(key, process, pmtudisc=pmtudisc))
    return key


def udp_sendmsg(k: Kernel, key: SocketKey, message: Message) -> Walk[None]:
    """net/ipv4/udp.c: udp_sendmsg."""
    socket = k.netns.learned.sockets.get(key)
    datagram = IPv4(key.local, key.remote, Udp(key.lport, key.rport, message))
    yield from send(k, datagram, "udp_sendmsg", socket)


def ping(
    k: Kernel,
    process: str,
    remote: Address,
    identifier: int,
    octets: int = 56,
    pmtudisc: PathMtuDiscovery = "want",
) -> Walk[SocketKey | None]:
    """One ICMP echo with so many octets of data.  None if there is no way out.  net/ipv4/ping.c: ping_v4_sendmsg."""
    route = yield from ip_output.ip_route_output(k, None, remote)
    if route is None:
        return None
    key = SocketKey("icmp", ANY, identifier)
    yield SocketOpened(None, None, "ping_get_port", Socket(key, process, pmtudisc=pmtudisc))
    echo = Icmp(icmp.ECHO, 0, id=identifier, sequence=1, octets=octets)
    socket = k.netns.learned.sockets[key]
    yield from send(k, IPv4(ip_output.source_of(k, route), remote, echo), "ping_v4_sendmsg", socket)
    return key


def send(k: Kernel, ip: IPv4, function: str, socket: Socket | None) -> Walk[None]:
    """DF as the socket's path MTU discovery wants it, and the datagram in pieces where it may be and must.

    A server's unconnected socket does what the kernel does by default.  Without a route there is no packet: send(2) fails.

    net/ipv4/ip_output.c: __ip_append_data, __ip_make_skb
    """
    wish = socket.pmtudisc if socket else "want"
    route = k.fib.lookup(ip.dst)
    if route is None or route.type not in ("unicast", "local"):
        yield from ip_output.ip_route_output(k, None, ip.dst)
        return
    fits = ip.size <= ip_output.path_mtu(k, route, ip.dst)
    if socket and wish == "do" and not fits:
        yield Arm(0, partial(k.upcalls.failed, socket=socket, error="EMSGSIZE"))
        return
    own = socket.key.lport if socket and socket.key.protocol == "icmp" else 0
    df = fits and (wish == "do" or (wish == "want" and ip_output.ip_dont_fragment(k, ip.dst)))
    skb = replace(k.alloc_skb(replace(ip, df=df)), hash=own, ignore_df=wish != "do")
    yield SegmentSent(skb, None, function, socket)
    try:
        yield from ip_output.ip_local_out(k, skb, route)
    except Drop as drop:
        if socket and is_forbidden(drop):
            yield Arm(0, partial(k.upcalls.failed, socket=socket, error="EPERM"))
        raise


def is_forbidden(drop: Drop) -> bool:
    """Did a rule of the sender's own OUTPUT or POSTROUTING drop it?  Then send(2) says so (nf_hook_slow: NF_DROP_GETERR).

    What befalls a frame in a bridge or the outer packet in a tunnel is not told upwards.
    """
    packet = drop.skb.packet
    own = isinstance(packet, IPv4) and not (
        isinstance(packet.payload, Udp) and isinstance(packet.payload.payload, Vxlan)
    )
    return own and drop.reason is DropReason.NETFILTER_DROP


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
        if k.fib.is_broadcast(ip.dst):
            raise Drop(skb, DropReason.NOT_SPECIFIED, "__udp4_lib_rcv", dev)
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
    function = "__udp4_lib_err" if isinstance(l4, Udp) else "ping_err"
    socket = sender_of(k, ours)
    if socket is None:
        yield IcmpIgnored(skb, dev, function)
        return
    yield SocketFound(skb, dev, function, socket, socket)
    yield from route_news.heed(k, skb, dev)
    if socket.key.protocol == "udp" and not socket.key.rport:
        return
    kind = message.type, message.code
    if kind == (3, icmp.FRAG_NEEDED):
        error: Errno | None = "EMSGSIZE" if socket.pmtudisc != "dont" else None
    else:
        error = ERRNO.get(kind) if kind in HARD_ERRORS or socket.key.protocol == "icmp" else None
    if error:
        yield Arm(0, partial(k.upcalls.failed, socket=socket, error=error))


def sender_of(k: Kernel, ip: IPv4) -> Socket | None:
    """The socket that this datagram or echo came from; an unconnected one is found, but an error does not wake it."""
    l4, sockets = ip.payload, k.netns.learned.sockets
    if isinstance(l4, Icmp):
        return sockets.get(SocketKey("icmp", ANY, l4.id))
    keys = (
        SocketKey("udp", ip.src, l4.sport, ip.dst, l4.dport),
        SocketKey("udp", ip.src, l4.sport),
        SocketKey("udp", ANY, l4.sport),
    )
    return next((sockets[key] for key in keys if key in sockets), None)


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
