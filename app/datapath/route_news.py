"""What ICMP errors teach a sender about its routes  (net/ipv4/route.c: exceptions from a next hop, for one destination)."""

from msgspec.structs import replace

from app.datapath import arp, icmp, ip_output
from app.datapath.events import ExceptionLearned
from app.datapath.kernel import Kernel, Walk
from app.kernel.netns import IP_FORWARD
from app.kernel.nexthop import MIN_PMTU, MTU_EXPIRES, REDIRECT_EXPIRES, RouteException
from app.kernel.route import Route
from app.kernel.skb import Skb
from app.wire.addr import Address
from app.wire.packet import Icmp


def heed(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """An error came that quotes a packet of ours: is it about the way there?  ipv4_sk_update_pmtu, ipv4_sk_redirect."""
    message = skb.ip.payload
    assert isinstance(message, Icmp) and message.quoted
    dst = message.quoted.dst
    route = k.fib.lookup(dst)
    if route is None or route.type != "unicast":
        return
    if (message.type, message.code) == (icmp.DEST_UNREACH, icmp.FRAG_NEEDED):
        yield from ip_rt_update_pmtu(k, skb, dev, route, dst, message.mtu)
    elif message.type == icmp.REDIRECT and message.gateway:
        yield from ip_do_redirect(k, skb, dev, route, dst, message.gateway)


def ip_rt_update_pmtu(k: Kernel, skb: Skb, dev: str, route: Route, dst: Address, mtu: int) -> Walk[None]:
    """Remember for ten minutes how much the path to `dst` takes, octets, if that is news.  route.c: __ip_rt_update_pmtu.

    No path is believed to take less than MIN_PMTU: that is locked instead, and what is sent there may be cut on its way.
    """
    old, before, lock = ip_output.path_mtu(k, route, dst), known(k, dst), mtu < MIN_PMTU
    if mtu < old and not before.lock:
        least = min(old, MIN_PMTU) if lock else mtu
        news = replace(before, mtu=least, lock=lock, expires=k.now + MTU_EXPIRES)
        yield ExceptionLearned(skb, dev, "__ip_rt_update_pmtu", news)


def ip_do_redirect(k: Kernel, skb: Skb, dev: str, route: Route, dst: Address, gateway: Address) -> Walk[None]:
    """Only a host listens, only to the gateway it has, and only when the new one has answered ARP: until then it is asked.

    net/ipv4/route.c: __ip_do_redirect; forwarding turns accept_redirects off (devinet.c: inet_forward_change)
    """
    current, beyond = known(k, dst).gateway or route.via, k.fib.lookup(gateway)
    trusted = skb.ip.src == current != gateway and beyond is not None and beyond.type == "unicast"
    if k.on(IP_FORWARD) or not trusted:
        return
    neighbour = k.netns.learned.neigh.get((route.dev, gateway))
    if neighbour is None or not neighbour.valid:
        yield from arp.neigh_event_send(k, route.dev, gateway)
        return
    news = replace(known(k, dst), gateway=gateway, expires=k.now + REDIRECT_EXPIRES)
    yield ExceptionLearned(skb, dev, "__ip_do_redirect", news)


def known(k: Kernel, dst: Address) -> RouteException:
    return k.netns.learned.exceptions.get(dst, RouteException(dst))
