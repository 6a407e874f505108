"""Frames in and out of devices  (net/core/dev.c).

Stages call each other as the kernel's functions do, in circles: so these modules import one another as modules.
"""

from app.datapath import arp, bridge, ip_input, vxlan
from app.datapath.drop import Drop, DropReason
from app.datapath.events import Received, Transmitted
from app.datapath.kernel import Kernel, Walk
from app.kernel.skb import Skb


def netif_receive_skb(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """A frame arrives: captures see it, then a bridge takes it, or its protocol does.  net/core/dev.c: __netif_receive_skb_core."""
    yield Received(skb, dev, "netif_receive_skb")
    if k.devices[dev].master:
        yield from bridge.br_handle_frame(k, skb, dev)
    elif skb.is_arp:
        yield from arp.arp_rcv(k, skb, dev)
    else:
        yield from ip_input.ip_rcv(k, skb, dev)


def dev_queue_xmit(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """A frame leaves: captures see it, then the driver has it.  A veth's or a cable's driver is the backlog of the other end."""
    link = k.devices[dev]
    if not link.up or dev in k.no_carrier:
        raise Drop(skb, DropReason.QDISC_DROP, "__dev_queue_xmit", dev)
    yield Transmitted(skb, dev, "dev_queue_xmit")
    if link.kind == "bridge":
        yield from bridge.br_dev_xmit(k, skb, dev)
    elif link.kind == "vxlan":
        yield from vxlan.vxlan_xmit(k, skb, dev)
