"""Bridged frames that are shown to iptables  (net/bridge/br_netfilter_hooks.c; sysctl bridge-nf-call-iptables).

Inside the bridge's own hooks the IPv4 hooks are called with the bridge as device; the port is known to `-m physdev` only.
"""

from functools import partial

from msgspec.structs import replace

from app.datapath import bridge, ip_fragment, ip_output, nf_hooks
from app.datapath.drop import Drop, DropReason
from app.datapath.events import NeighLookedUp, RouteLookedUp
from app.datapath.kernel import Kernel, Walk
from app.kernel.netns import BRIDGE_NF, IP_FORWARD
from app.kernel.skb import Skb
from app.wire.packet import Ethernet


def br_nf_pre_routing(k: Kernel, skb: Skb, port: str) -> Walk[Skb]:
    """PREROUTING inside the bridge.  A rewritten destination is routed at once: is it on this bridge, or beyond it?

    On it: the frame stays a bridged one, and only its destination MAC must still be found (`bridged_src` is set).
    Beyond, or nowhere, or forwarding is off: it gets the bridge's own MAC and is passed up; the network layer sees to it.
    br_nf_pre_routing, br_nf_pre_routing_finish
    """
    master = k.devices[port].master
    if skb.is_arp or not k.on(BRIDGE_NF) or not master:
        return skb
    before = skb.ip.dst
    skb = yield from nf_hooks.nf_hook(k, "PREROUTING", replace(skb, physin=port), iif=master, bridged=True)
    if skb.ip.dst == before:
        return skb
    route = k.fib.lookup(skb.ip.dst)
    yield RouteLookedUp(skb, master, "br_nf_pre_routing_finish", skb.ip.dst, route, k.fib)
    if route is not None and route.type == "unicast" and route.dev == master and k.on(IP_FORWARD):
        return replace(skb, bridged_src=skb.eth.src)
    return replace(skb, packet=Ethernet(skb.eth.src, k.devices[master].mac, skb.ip), dst=route)


def br_nf_pre_routing_finish_bridge(k: Kernel, skb: Skb, port: str) -> Walk[None]:
    """Give a bridged, rewritten frame the MAC of its new receiver, or wait for it as the machine would (R13).

    A connected neighbour's MAC is copied and the frame goes on in the bridge.  Otherwise the neighbour layer takes it
    and sends it by the bridge device, where `br_nf_dev_xmit` puts it back on its way.
    """
    master = k.devices[port].master
    assert master
    neighbour = k.netns.learned.neigh.get((master, skb.ip.dst))
    if neighbour and neighbour.mac and neighbour.cached and neighbour.state in ("REACHABLE", "PERMANENT"):
        skb = replace(skb, packet=Ethernet(skb.eth.src, neighbour.mac, skb.ip), bridged_src=None)
        yield NeighLookedUp(skb, master, "neigh_hh_bridge", neighbour, neighbour)
        yield from bridge.br_handle_frame_finish(k, skb, port)
    else:
        yield from ip_output.neigh_output(k, skb, master, skb.ip.dst)


def br_nf_dev_xmit(k: Kernel, skb: Skb) -> Walk[None]:
    """Back from the neighbour layer with the receiver's MAC: put the sender's back and bridge on.  br_nf_pre_routing_finish_bridge_slow."""
    assert skb.physin and skb.bridged_src
    restored = Ethernet(skb.bridged_src, skb.eth.dst, skb.ip)
    yield from bridge.br_handle_frame_finish(k, replace(skb, packet=restored, bridged_src=None), skb.physin)


def br_nf_forward(k: Kernel, skb: Skb, port: str) -> Walk[Skb]:
    """FORWARD inside the bridge, from the bridge to the bridge.  br_nf_forward_ip."""
    master = k.devices[port].master
    if skb.is_arp or not k.on(BRIDGE_NF):
        return skb
    return (yield from nf_hooks.nf_hook(k, "FORWARD", skb, iif=master, oif=master, bridged=True))


def br_nf_dev_queue_xmit(k: Kernel, skb: Skb, port: str) -> Walk[None]:
    """Out of a port: what was put together for the rules is cut again, and so is what the port does not take.

    With DF set the frame is lost without a word, for a bridge has no address to speak from.  br_nf_dev_queue_xmit, br_nf_ip_fragment
    """
    link, ip = k.devices[port], skb.ip
    push = partial(bridge.br_dev_queue_push_xmit, port=port)
    if skb.surplus or ip.size <= min(link.mtu, skb.frag_max_size or link.mtu):
        yield from push(k, skb)
        return
    master = k.devices[link.master or port]
    if ip.df or skb.frag_max_size > master.mtu:
        raise Drop(skb, DropReason.NOT_SPECIFIED, "br_nf_dev_queue_xmit", port)
    mtu = min(master.mtu, skb.frag_max_size or master.mtu)
    yield from ip_fragment.ip_do_fragment(k, skb, port, mtu, push)


def br_nf_post_routing(k: Kernel, skb: Skb, port: str) -> Walk[Skb]:
    """POSTROUTING inside the bridge, without an input device: where a bridged reply is un-DNATed.  br_nf_post_routing."""
    master = k.devices[port].master
    if skb.is_arp or not k.on(BRIDGE_NF):
        return skb
    return (yield from nf_hooks.nf_hook(k, "POSTROUTING", skb, oif=master, bridged=True))
