"""Packets out  (net/ipv4/ip_output.c)."""

from msgspec.structs import replace

from app.datapath import arp, device, nf_hooks
from app.datapath.drop import Drop, DropReason
from app.datapath.events import RouteLookedUp
from app.datapath.kernel import Kernel, Walk
from app.kernel.route import Route
from app.kernel.skb import Skb
from app.wire.addr import ZERO_MAC, Address
from app.wire.packet import Ethernet, Tcp


def ip_route_output(k: Kernel, skb: Skb | None, dst: Address) -> Walk[Route | None]:
    """Which way out, for a packet that starts here.  net/ipv4/route.c: ip_route_output_key_hash."""
    route = k.fib.lookup(dst)
    yield RouteLookedUp(skb, route.dev if route else None, "ip_route_output_key", dst, route, k.fib)
    return route if route and route.type in ("unicast", "local") else None


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
    """POSTROUTING, then the neighbour.  ip_output.c: ip_output, ip_finish_output2."""
    dev = out_dev(route)
    if k.nf_hooks_needed:
        skb = yield from nf_hooks.nf_hook(k, "POSTROUTING", skb, iif=skb.dev, oif=dev)
    if skb.ip.df and segment_size(skb) > k.devices[dev].mtu:
        raise Drop(skb, DropReason.PKT_TOO_BIG, "ip_finish_output", dev)
    if dev == "lo":
        yield from device.dev_queue_xmit(
            k, replace(skb, packet=Ethernet(ZERO_MAC, ZERO_MAC, skb.ip), dst=route), dev
        )
    else:
        yield from neigh_output(k, skb, dev, route.via or skb.ip.dst)


def neigh_output(k: Kernel, skb: Skb, dev: str, next_hop: Address) -> Walk[None]:
    """Write the link layer header for the next hop, or wait until its MAC is known.  include/net/neighbour.h: neigh_output."""
    framed = yield from arp.neigh_resolve(k, skb, dev, next_hop)
    if framed is not None:
        yield from device.dev_queue_xmit(k, framed, dev)


def segment_size(skb: Skb) -> int:
    """Octets of the largest IPv4 packet that this one will be on a wire: a large TCP packet is cut by `gso` first (R14)."""
    ip = skb.ip
    if skb.gso and isinstance(ip.payload, Tcp) and ip.payload.payload and ip.payload.payload.size > skb.gso:
        return ip.size - ip.payload.payload.size + skb.gso
    return ip.size
