"""VXLAN: a frame inside a UDP datagram  (drivers/net/vxlan/vxlan_core.c; RFC 7348)."""

from functools import partial
from zlib import crc32

from msgspec.structs import replace

from app.datapath import device, ip_output, route_news
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Decapsulated, Encapsulated, FdbLookedUp
from app.datapath.kernel import Arm, Kernel, Walk
from app.kernel.device import Device
from app.kernel.skb import Skb
from app.wire.packet import VXLAN_OVERHEAD, Icmp, IPv4, Udp, Vxlan, layers

RECURSION_LIMIT = 3
"""How deep a tunnel may send into itself before that is taken for a dead loop, as measured (include/net/ip_tunnels.h)."""
PORTS = (32768, 60999)  # net.ipv4.ip_local_port_range, which srcport 0 0 stands for


def vxlan_xmit(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """Ask the FDB which node has this MAC, wrap the frame for it and send it as a packet of this machine's own.

    The mark stays, and that it came by this device; the connection does not (skb_scrub_packet with xnet false).  TTL starts
    anew, DF is 0.
    """
    link = k.devices[dev].vxlan
    assert link, f"{dev} is no VXLAN device"
    entry = k.netns.learned.fdb.get((dev, skb.eth.dst))
    yield FdbLookedUp(skb, dev, "vxlan_find_mac_tx", skb.eth.dst, entry)
    if entry is None or entry.dst is None:
        raise Drop(skb, DropReason.NO_TX_TARGET, "vxlan_xmit", dev)
    if tunnels_around(skb) >= RECURSION_LIMIT:
        raise Drop(skb, DropReason.RECURSION_LIMIT, "vxlan_xmit_one", dev)
    datagram = Udp(source_port(skb), link.port, Vxlan(link.vni, skb.eth))
    outer = IPv4(link.local, entry.dst, datagram, df=False)
    wrapped = replace(
        skb,
        packet=outer,
        dev=dev,
        ct=None,
        ctinfo=None,
        direction="original",
        physin=None,
        frag_max_size=0,
        frag_list=(),
        ignore_df=False,
    )
    route = yield from ip_output.ip_route_output(k, skb, entry.dst)
    if route is None:
        raise Drop(skb, DropReason.IP_OUTNOROUTES, "vxlan_xmit_one", dev)
    yield from skb_tunnel_check_pmtu(k, skb, dev, ip_output.path_mtu(k, route, entry.dst) - VXLAN_OVERHEAD)
    yield Encapsulated(wrapped, dev, "vxlan_build_skb", link.vni, entry)
    yield from ip_output.ip_local_out(k, wrapped, route)


def tunnels_around(skb: Skb) -> int:
    return sum(isinstance(layer, Vxlan) for layer in layers(skb.packet))


def skb_tunnel_check_pmtu(k: Kernel, skb: Skb, dev: str, room: int) -> Walk[None]:
    """The path below takes less than the device promised: the packet goes all the same, in pieces outside; the next one is warned.

    net/ipv4/ip_tunnel_core.c
    """
    if skb.is_arp or ip_output.segment_size(skb) <= room:
        return
    inner = k.fib.lookup(skb.ip.dst)
    if inner is not None and inner.dev == dev:
        yield from route_news.ip_rt_update_pmtu(k, skb, dev, inner, skb.ip.dst, room)


def source_port(skb: Skb) -> int:
    """udp_flow_src_port: one port for one flow, so that fabrics can spread flows.  The kernel's hash is keyed; treat it as opaque.

    An echo's identifier is no part of it, and both ways are one (flow_dissector.c); a socket has a hash of its own.
    """
    if skb.is_arp:
        flow = repr(skb.arp)
    else:
        ip, payload = skb.ip, skb.ip.payload
        ports = () if isinstance(payload, Icmp) else (payload.sport, payload.dport)
        ends = (
            tuple(sorted((ip.src, ip.dst)))
            if isinstance(payload, Icmp) and not skb.hash
            else (ip.src, ip.dst)
        )
        flow = repr((ip.protocol, *ends, ports, *([skb.hash] if skb.hash else [])))
    low, high = PORTS
    return low + crc32(flow.encode()) % (high - low + 1)


def device_on(k: Kernel, port: int) -> Device | None:
    """The VXLAN device whose kernel socket has this UDP port."""
    return next((d for d in k.devices.values() if d.vxlan and d.vxlan.port == port and d.up), None)


def vxlan_rcv(k: Kernel, skb: Skb, link: Device) -> Walk[None]:
    """Take the outer headers off; the frame comes in by the device whose VNI it names, in a softirq of its own.

    drivers/net/vxlan/vxlan_core.c: vxlan_rcv, gro_cells_receive
    """
    outer = skb.ip.payload
    assert isinstance(outer, Udp)
    header = outer.payload
    if not isinstance(header, Vxlan) or link.vxlan is None or header.vni != link.vxlan.vni:
        raise Drop(skb, DropReason.VXLAN_VNI_NOT_FOUND, "vxlan_rcv", link.name)
    inner = replace(skb, packet=header.payload, dev=link.name, ct=None, ctinfo=None, direction="original")
    yield Decapsulated(inner, link.name, "vxlan_rcv", header.vni, outer.dport)
    yield Arm(0, partial(device.netif_receive_skb, skb=inner, dev=link.name), softirq=True)
