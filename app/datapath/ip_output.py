"""Packets out  (net/ipv4/ip_output.c)."""

from functools import partial
from typing import TypeGuard

from msgspec.structs import replace

from app.datapath import arp, device, gso, ip_fragment, nf_hooks
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Fragmented, RouteLookedUp
from app.datapath.kernel import Kernel, Walk
from app.kernel.route import Route
from app.kernel.skb import Skb
from app.wire.addr import BROADCAST, ZERO_MAC, Address
from app.wire.packet import Ethernet


def ip_route_output(k: Kernel, skb: Skb | None, dst: Address) -> Walk[Route | None]:
    """Which way out, for a packet that starts here.  net/ipv4/route.c: ip_route_output_key_hash."""
    route = k.fib.lookup(dst)
    yield RouteLookedUp(skb, route.dev if route else None, "ip_route_output_key", dst, route, k.fib)
    return route if is_way_out(route, dst) else None


def is_way_out(route: Route | None, dst: Address) -> TypeGuard[Route]:
    """Does a program without special wishes get a packet out by it?  To everybody only with SO_BROADCAST."""
    return route is not None and route.type in ("unicast", "local") and dst != BROADCAST


def source_of(k: Kernel, route: Route) -> Address:
    """The address a packet that starts here gets: the route's preferred one, or the device's (fib_result_prefsrc)."""
    if route.src:
        return route.src
    address = k.address_of(route.dev)
    assert address, f"no address on {route.dev} to send from"
    return address


def ip_local_out(k: Kernel, skb: Skb, route: Route) -> Walk[None]:
    """A packet that starts here: OUTPUT; if that changed where it goes, it is routed again.  ip_local_out, ip_route_me_harder."""
    before = skb.ip.dst
    if k.nf_hooks_needed:
        skb = yield from nf_hooks.nf_hook(k, "OUTPUT", skb, oif=out_dev(route))
    if skb.ip.dst != before:
        again = yield from ip_route_output(k, skb, skb.ip.dst)
        if again is None:
            raise Drop(skb, DropReason.IP_OUTNOROUTES, "ip_route_me_harder")
        route = again
    yield from ip_output(k, skb, route)


def out_dev(route: Route) -> str:
    """What is local leaves by the loopback device, whatever device its address is on."""
    return "lo" if route.type == "local" else route.dev


def ip_output(k: Kernel, skb: Skb, route: Route) -> Walk[None]:
    """POSTROUTING, then in pieces if it does not fit: a router asks the device, a sender what the path takes.

    A large TCP packet whose segments do not fit becomes segments first, and each of them pieces.

    ip_output.c: ip_output, __ip_finish_output, ip_finish_output_gso
    """
    dev = out_dev(route)
    if k.nf_hooks_needed:
        skb = yield from nf_hooks.nf_hook(k, "POSTROUTING", skb, iif=skb.dev, oif=dev)
    mtu = k.devices[dev].mtu if skb.dev else path_mtu(k, route, skb.ip.dst)
    finish = partial(ip_finish_output2, route=route)
    cut = partial(ip_fragment.ip_fragment, dev=dev, mtu=mtu, output=finish)
    if segment_size(skb) <= mtu and not skb.frag_max_size:
        yield from finish(k, skb)
    elif skb.surplus:
        segments = gso.skb_gso_segment(k, skb)
        sizes = tuple(segment.ip.size for segment in segments)
        yield Fragmented(segments[0], dev, "skb_gso_segment", mtu, sizes)
        yield from ip_fragment.send(k, segments, cut)
    else:
        yield from cut(k, skb)


def ip_finish_output2(k: Kernel, skb: Skb, route: Route) -> Walk[None]:
    """What fits the device, to the next hop: the route's, unless a redirect taught another one for this destination."""
    dev = out_dev(route)
    if dev == "lo":
        yield from device.dev_queue_xmit(
            k, replace(skb, packet=Ethernet(ZERO_MAC, ZERO_MAC, skb.ip), dst=route), dev
        )
        return
    learned = k.netns.learned.exceptions.get(skb.ip.dst) if skb.dev is None else None
    gateway = learned.gateway if learned else None
    yield from neigh_output(k, skb, dev, gateway or route.via or skb.ip.dst)


def path_mtu(k: Kernel, route: Route, dst: Address) -> int:
    """The largest packet, octets, that goes to this destination whole, as far as is known here.  net/ipv4/route.c: ipv4_mtu."""
    mtu = k.devices[out_dev(route)].mtu
    learned = k.netns.learned.exceptions.get(dst)
    return min(mtu, learned.mtu) if learned and learned.mtu else mtu


def ip_dont_fragment(k: Kernel, dst: Address) -> bool:
    """Does DF help to learn what the path takes?  Not where that is less than is believed.  include/net/ip.h."""
    learned = k.netns.learned.exceptions.get(dst)
    return learned is None or not learned.lock


def neigh_output(k: Kernel, skb: Skb, dev: str, next_hop: Address) -> Walk[None]:
    """Write the link layer header for the next hop, or wait until its MAC is known.  include/net/neighbour.h: neigh_output."""
    framed = yield from arp.neigh_resolve(k, skb, dev, next_hop)
    if framed is not None:
        yield from device.dev_queue_xmit(k, framed, dev)


def segment_size(skb: Skb) -> int:
    """Octets of the largest IPv4 packet that this one will be on a wire: a large TCP packet is cut by `gso` first (R14)."""
    return skb.ip.size - skb.surplus
