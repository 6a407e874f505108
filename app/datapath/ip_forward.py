"""Packets on their way to somebody else  (net/ipv4/ip_forward.c)."""

from msgspec.structs import replace

from app.datapath import icmp, ip_output, nf_hooks
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Forwarded, RedirectDue
from app.datapath.kernel import Kernel, Walk
from app.kernel.nexthop import Peer, is_detour
from app.kernel.route import Route
from app.kernel.skb import Skb


def ip_forward(k: Kernel, skb: Skb, route: Route) -> Walk[None]:
    """TTL, then MTU, then one hop less, then a redirect if need be, and only then the FORWARD rules.  net/ipv4/ip_forward.c: ip_forward."""
    ip = skb.ip
    if ip.ttl <= 1:
        yield from icmp.icmp_send(k, skb, icmp.TIME_EXCEEDED, 0)
        raise Drop(skb, DropReason.IP_INHDR, "ip_forward", skb.dev)
    mtu = k.devices[route.dev].mtu
    if ip.df and ip_output.segment_size(skb) > mtu:
        yield from icmp.icmp_send(k, skb, icmp.DEST_UNREACH, icmp.FRAG_NEEDED, mtu=mtu)
        raise Drop(skb, DropReason.PKT_TOO_BIG, "ip_forward", skb.dev)
    skb = skb.with_ip(replace(ip, ttl=ip.ttl - 1))
    yield Forwarded(skb, skb.dev, "ip_forward", route)
    if route.dev == skb.dev and is_detour(k.fib, route, ip.src, route.dev):
        yield from ip_rt_send_redirect(k, skb, route)
    if k.nf_hooks_needed:
        skb = yield from nf_hooks.nf_hook(k, "FORWARD", skb, iif=skb.dev, oif=route.dev)
    yield from ip_output.ip_output(k, skb, route)


def ip_rt_send_redirect(k: Kernel, skb: Skb, route: Route) -> Walk[None]:
    """Tell a neighbour that the next hop is its neighbour too: ever more seldom, at most nine times.  net/ipv4/route.c."""
    sender, gateway = skb.ip.src, route.via or skb.ip.dst
    peer = k.netns.learned.peers.get(sender, Peer(sender)).due(k.now)
    if peer is not None:
        yield RedirectDue(skb, route.dev, "ip_rt_send_redirect", peer, gateway)
        yield from icmp.icmp_send(k, skb, icmp.REDIRECT, icmp.REDIR_HOST, gateway=gateway)
