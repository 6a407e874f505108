"""Packets in  (net/ipv4/ip_input.c, route.c: ip_route_input)."""

from msgspec.structs import replace

from app.datapath import icmp, ip_forward, ip_fragment, nf_hooks, tcp, udp, vxlan
from app.datapath.drop import Drop, DropReason
from app.datapath.events import DeliveredLocally, ErrorWithheld, RouteLookedUp
from app.datapath.kernel import Kernel, Walk
from app.kernel.netns import IP_FORWARD, ROUTE_LOCALNET, RP_FILTER
from app.kernel.nexthop import ERROR_BURST
from app.kernel.route import Route
from app.kernel.skb import Skb
from app.kernel.socket import SocketKey
from app.wire.addr import Address, is_loopback
from app.wire.packet import Tcp, Udp


def ip_rcv(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """A frame with an IPv4 packet.  PREROUTING has already run if br_netfilter showed it (ip_sabotage_in).  ip_input.c: ip_rcv."""
    if skb.eth.dst != k.devices[dev].mac and not skb.eth.broadcast:
        raise Drop(skb, DropReason.OTHERHOST, "ip_rcv_core", dev)
    if skb.frag_max_size:
        skb = replace(skb, frag_max_size=0)  # ip_rcv_core clears the control block
    if skb.physin is None and k.nf_hooks_needed:
        skb = yield from nf_hooks.nf_hook(k, "PREROUTING", replace(skb, dev=dev), iif=dev)
    yield from ip_rcv_finish(k, replace(skb, dev=dev), dev)


def ip_rcv_finish(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """Routing decides whose packet this is, unless that is known: from br_netfilter, from lo, from an established socket.

    ip_input.c: ip_rcv_finish_core; route.c: ip_route_input_slow, ip_error
    """
    check_martian(k, skb, dev)
    route = skb.dst or early_demux(k, skb)
    if route is None:
        route = k.fib.lookup(skb.ip.dst)
        yield RouteLookedUp(skb, dev, "ip_route_input_slow", skb.ip.dst, route, k.fib)
    skb = replace(skb, dst=None) if skb.dst else skb
    if k.fib.is_broadcast(skb.ip.dst) or (route is not None and route.type == "local"):
        check_source(k, skb, dev)
        yield from ip_local_deliver(k, skb, dev)
        return
    if not k.on(IP_FORWARD):
        raise Drop(skb, DropReason.IP_INADDRERRORS, "ip_error", dev)
    if route is None or route.type != "unicast":
        yield from ip_error(k, skb, dev, route.type if route else "unreachable_net")
        return
    check_source(k, skb, dev, route.dev)
    yield from ip_forward.ip_forward(k, skb, route)


def early_demux(k: Kernel, skb: Skb) -> Route | None:
    """A connection's socket remembers the route of what it received.  net/ipv4/tcp_ipv4.c: tcp_v4_early_demux."""
    ip, segment = skb.ip, skb.ip.payload
    if not isinstance(segment, Tcp) or ip.fragment:
        return None
    socket = k.netns.learned.sockets.get(SocketKey("tcp", ip.dst, segment.dport, ip.src, segment.sport))
    known = socket is not None and socket.state not in ("SYN_SENT", "SYN_RECV")
    return k.fib.lookup(ip.dst) if known else None


def ip_error(k: Kernel, skb: Skb, dev: str, kind: str) -> Walk[None]:
    """No way on: the sender is told, except by a blackhole, and not too often: each packet counts.  route.c: ip_error."""
    codes = {
        "unreachable_net": icmp.NET_UNREACH,
        "unreachable": icmp.HOST_UNREACH,
        "prohibit": icmp.PKT_FILTERED,
    }
    if kind in codes and (peer := icmp.peer_of(k, skb.ip).told(k.now, ERROR_BURST)) is not None:
        if icmp.is_told_of(skb.ip):
            yield from icmp.icmp_send(k, skb, icmp.DEST_UNREACH, codes[kind], peer=peer)
        else:
            yield ErrorWithheld(skb, dev, "ip_error", peer)
    reason = DropReason.IP_INNOROUTES if kind == "unreachable_net" else DropReason.NOT_SPECIFIED
    raise Drop(skb, reason, "ip_error", dev)


def check_martian(k: Kernel, skb: Skb, dev: str) -> None:
    """127.0.0.0/8 never arrives by a wire, unless route_localnet says so.  route.c: ip_route_input_slow."""
    if dev != "lo" and not k.on(ROUTE_LOCALNET) and (is_loopback(skb.ip.dst) or is_loopback(skb.ip.src)):
        raise Drop(skb, DropReason.IP_LOCALNET, "ip_route_input_slow", dev)


def check_source(k: Kernel, skb: Skb, dev: str, out: str | None = None) -> None:
    """Raises Drop for a source that cannot be."""
    if fault := fib_validate_source(k, skb.ip.src, dev, out):
        raise Drop(skb, fault, "ip_rcv_finish_core", dev)


def fib_validate_source(k: Kernel, src: Address, dev: str, out: str | None = None) -> DropReason | None:
    """Nobody else sends with an address of ours; with rp_filter an answer must leave by the device this came in by (1), or any (2).

    Without rp_filter the FIB is asked only about what leaves (`out`) where it came in, which may earn a redirect.
    net/ipv4/fib_frontend.c: fib_validate_source, __fib_validate_source
    """
    if dev == "lo":
        return None
    mode = k.netns.config.sysctl.get(RP_FILTER, 0)
    back = k.fib.lookup(src)
    if k.fib.is_local(src):
        return DropReason.IP_LOCAL_SOURCE
    if mode == 0 and out != dev:
        return None
    if back is not None and back.type == "broadcast":
        return DropReason.IP_INVALID_SOURCE
    known = back is not None and back.type == "unicast"
    by_here = known and back is not None and back.dev == dev
    strange = mode and not by_here and (mode == 1 or not known or not k.devices[dev].addresses)
    return DropReason.IP_RPFILTER if strange else None


def ip_local_deliver(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """For this machine: put together, INPUT, then up to the transport protocol.  ip_input.c: ip_local_deliver, ip_protocol_deliver_rcu."""
    if skb.ip.fragment:
        skb = yield from ip_fragment.ip_defrag(k, skb, dev, "local delivery")
    if k.nf_hooks_needed:
        skb = yield from nf_hooks.nf_hook(k, "INPUT", skb, iif=dev)
    yield DeliveredLocally(skb, dev, "ip_local_deliver_finish")
    payload = skb.ip.payload
    match skb.ip.protocol:
        case "tcp":
            yield from tcp.tcp_v4_rcv(k, skb, dev)
        case "icmp":
            yield from icmp.icmp_rcv(k, skb, dev)
        case "udp":
            assert isinstance(payload, Udp)
            if link := vxlan.device_on(k, payload.dport):
                yield from vxlan.vxlan_rcv(k, skb, link)
            else:
                yield from udp.udp_rcv(k, skb, dev)
