"""ICMP  (net/ipv4/icmp.c; RFC 792)."""

from msgspec.structs import replace

from app.datapath import ip_output, route_news, tcp, udp
from app.datapath.drop import Drop, DropReason
from app.datapath.events import ErrorWithheld, IcmpIgnored, IcmpSent
from app.datapath.kernel import Kernel, Walk, guarded
from app.kernel.conntrack import Direction
from app.kernel.nexthop import Peer
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.wire.addr import Address
from app.wire.packet import Icmp, IPv4

ECHO_REPLY, DEST_UNREACH, REDIRECT, ECHO, TIME_EXCEEDED = 0, 3, 5, 8, 11
NET_UNREACH, HOST_UNREACH, PORT_UNREACH, FRAG_NEEDED, PKT_FILTERED = 0, 1, 3, 4, 13
REDIR_HOST = 1
MOST, ICMP_HEADERS = 576, 28
"""Octets of a whole error, and of its own two headers (RFC 1812 4.3.2.3)."""


def icmp_send(
    k: Kernel,
    about: Skb,
    type: int,
    code: int,
    *,
    mtu: int = 0,
    gateway: Address | None = None,
    by: Origin | None = None,
    peer: Peer | None = None,
) -> Walk[None]:
    """Tell the sender of a packet what became of it; never about an ICMP error or a later fragment.  net/ipv4/icmp.c: __icmp_send.

    The source is the address the packet was sent to if that is ours, else that of the device the message leaves by.  The
    connection of the packet goes with it, even one that is not confirmed (nf_ct_attach), so that NAT can turn it back.
    Where the message itself is dropped, by a rule of OUTPUT say, the packet that it is about has its own fate all the same.
    `peer` is its sender, where somebody has counted already what it may be told.
    """
    failed = about.ip
    if not is_told_of(failed):
        return
    route = k.fib.lookup(failed.src)
    if route is None or route.type not in ("unicast", "local"):
        return
    dev = ip_output.out_dev(route)
    source = failed.dst if k.fib.is_local(failed.dst) else ip_output.source_of(k, route)
    room = min(MOST, k.devices[dev].mtu) - ICMP_HEADERS
    error = Icmp(type, code, failed, mtu, gateway=gateway, room=room)
    message = answering(about, k.alloc_skb(IPv4(source, failed.src, error, df=False)))
    rationed = is_rationed(type, code) and dev != "lo"
    if rationed:
        allowed = (peer or peer_of(k, failed)).told(k.now)
        if allowed is None:
            if peer is not None:
                yield ErrorWithheld(about, about.dev, "icmpv4_xrlim_allow", peer)
            return
        peer = allowed
    yield IcmpSent(message, dev, "icmp_send", about, by, peer)
    yield from guarded(ip_output.ip_local_out(k, message, route))


def answering(about: Skb, message: Skb) -> Skb:
    """The message belongs to the connection of the packet that it is about.  nf_conntrack_core.c: nf_conntrack_attach."""
    if about.ct is None:
        return message
    other: Direction = "reply" if about.direction == "original" else "original"
    return replace(message, ct=about.ct, ctinfo="RELATED", direction=other)


def is_told_of(ip: IPv4) -> bool:
    """Is its sender told what became of such a packet?  Never of an ICMP error, nor of more than the first fragment."""
    return not ip.later and not (isinstance(ip.payload, Icmp) and ip.payload.is_error)


def peer_of(k: Kernel, ip: IPv4) -> Peer:
    """Who sent it, and what it was told so far.  include/net/inetpeer.h: inet_getpeer_v4."""
    return k.netns.learned.peers.get(ip.src, Peer(ip.src))


def is_rationed(type: int, code: int) -> bool:
    """Which errors are rationed, net.ipv4.icmp_ratemask: all but redirects, and never one about an MTU.  icmpv4_mask_allow."""
    return type != REDIRECT and (type, code) != (DEST_UNREACH, FRAG_NEEDED)


def icmp_rcv(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """An echo is answered, an echo reply goes to who pinged, an error to the socket whose packet it quotes.  icmp_rcv, icmp_unreach."""
    message = skb.ip.payload
    assert isinstance(message, Icmp)
    if message.type == ECHO and k.fib.is_broadcast(skb.ip.dst):
        raise Drop(skb, DropReason.INVALID_PROTO, "icmp_rcv", dev)  # net.ipv4.icmp_echo_ignore_broadcasts
    if message.type == ECHO:
        yield from icmp_echo(k, skb, dev)
    elif message.type == ECHO_REPLY:
        yield from udp.ping_rcv(k, skb, dev)
    elif message.quoted is not None and is_reply(message.quoted):
        yield from icmp_err(k, skb, dev)
    elif message.quoted is not None:
        yield from (tcp.tcp_v4_err if message.quoted.protocol == "tcp" else udp.udp_err)(k, skb, dev)
    else:
        raise Drop(skb, DropReason.IP_NOPROTO, "icmp_rcv", dev)


def is_reply(ip: IPv4) -> bool:
    return isinstance(ip.payload, Icmp) and ip.payload.type == ECHO_REPLY


def icmp_err(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """An error about an echo reply, which no socket sent but the kernel itself: it heeds what that says of the way.  icmp_err."""
    message = skb.ip.payload
    assert isinstance(message, Icmp)
    yield IcmpIgnored(skb, dev, "icmp_err")
    yield from route_news.heed(k, skb, dev)


def icmp_echo(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """net/ipv4/icmp.c: icmp_echo, icmp_reply."""
    asked = skb.ip
    assert isinstance(asked.payload, Icmp)
    route = yield from ip_output.ip_route_output(k, skb, asked.src)
    if route is None:
        yield IcmpIgnored(skb, dev, "icmp_reply")
        return
    answer = replace(asked.payload, type=ECHO_REPLY)
    reply = k.alloc_skb(IPv4(asked.dst, asked.src, answer, df=False))
    yield IcmpSent(reply, ip_output.out_dev(route), "icmp_reply", skb)
    yield from ip_output.ip_local_out(k, reply, route)
