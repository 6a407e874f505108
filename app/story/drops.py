"""Every drop reason explained in a few words; `narration` completes the sentence "… drops it: "."""

from collections.abc import Mapping

from app.datapath.drop import DropReason
from app.datapath.events import Dropped, Step
from app.wire.packet import Icmp

DROPS: Mapping[DropReason, str] = {
    DropReason.OTHERHOST: "the frame is addressed to another machine's MAC",
    DropReason.IP_INHDR: "its TTL is used up, it has been through too many routers",
    DropReason.IP_INADDRERRORS: "it is for another, and forwarding is off (ip_forward=0)",
    DropReason.IP_INNOROUTES: "no route leads there",
    DropReason.IP_OUTNOROUTES: "there is no way out to that address",
    DropReason.IP_RPFILTER: "an answer would not leave by the device it came in by (rp_filter)",
    DropReason.IP_LOCAL_SOURCE: "it claims to come from an address of this very machine",
    DropReason.IP_LOCALNET: "a loopback address must not arrive by a wire",
    DropReason.PKT_TOO_BIG: "it exceeds the next MTU and must not be fragmented",
    DropReason.NETFILTER_DROP: "a firewall rule says so",
    DropReason.NEIGH_FAILED: "nobody answered for its next hop",
    DropReason.NO_SOCKET: "no socket waits for it",
    DropReason.NO_TX_TARGET: "the FDB names no node for this MAC",
    DropReason.RECURSION_LIMIT: "the tunnel sends into itself, over and over",
    DropReason.VXLAN_VNI_NOT_FOUND: "no VXLAN device here has this VNI",
    DropReason.NOT_SPECIFIED: "the kernel gives no reason",
    DropReason.IP_NOPROTO: "no protocol here knows what to do with it",
    DropReason.INVALID_PROTO: "an echo to everybody is not answered (icmp_echo_ignore_broadcasts)",
    DropReason.QDISC_DROP: "the device is down, or has no carrier: the other end of the cable is down",
    DropReason.IP_INVALID_SOURCE: "nobody can have the address that it claims to come from",
    DropReason.BRIDGE_INGRESS_STP_STATE: "the port is disabled, for its bridge is down",
}

PLACES: Mapping[str, str] = {
    "br_dev_queue_push_xmit": "it is larger than this port takes, and a bridge tells nobody",
    "br_nf_dev_queue_xmit": "it is larger than this port takes and must not be fragmented, and a bridge tells nobody",
    "__udp4_lib_rcv": "it is for everybody, and nobody here listens",
    "ip_fragment": "it is larger than the way that it takes by now, and its sender insists that it stay whole",
    "__dev_forward_skb2": "it is larger than the other end takes",
    "ip_error": "the route there is one that refuses",
}
"""Functions that drop without a reason of their own (NOT_SPECIFIED), and why they do."""


def why_dropped(step: Step, dropped: Dropped) -> str:
    """In a few words; what is known of the place and the packet says more than the reason."""
    skb, reason = dropped.skb, dropped.reason
    if reason is DropReason.NOT_SPECIFIED:
        return PLACES.get(dropped.function) or not_bridged(step, dropped)
    if reason is DropReason.NETFILTER_DROP and skb and not skb.is_arp and is_redirect(skb.ip.payload):
        return "who talks to a translated address must not learn a way around the translation"
    return DROPS[reason]


def not_bridged(step: Step, dropped: Dropped) -> str:
    """The two faults that should_deliver finds with the one port of the FDB.  net/bridge/br_forward.c"""
    netns = step.world[step.at]
    port = netns.config.devices.get(dropped.dev or "")
    known = (
        netns.learned.fdb.get((port.master, dropped.skb.eth.dst))
        if port and port.master and dropped.skb
        else None
    )
    if known is None:
        return DROPS[dropped.reason]
    if known.port == dropped.dev:
        return "its only way out is the port it came in by, where hairpin is off"
    return f"{known.port}, the port it has to leave by, is down"


def is_redirect(message: object) -> bool:
    return isinstance(message, Icmp) and message.gateway is not None
