"""Every drop reason explained in a few words; `narration` completes the sentence "… drops it: "."""

from collections.abc import Mapping

from app.datapath.drop import DropReason

DROPS: Mapping[DropReason, str] = {
    DropReason.OTHERHOST: "the frame is addressed to another machine's MAC",
    DropReason.IP_INHDR: "its TTL is used up, it has been through too many routers",
    DropReason.IP_INADDRERRORS: "the address is not its own and forwarding is off (ip_forward=0), and nobody is told",
    DropReason.IP_INNOROUTES: "no route leads there",
    DropReason.IP_OUTNOROUTES: "there is no way out to that address",
    DropReason.IP_RPFILTER: "an answer would not leave by the device it came in by (rp_filter)",
    DropReason.IP_LOCAL_SOURCE: "it claims to come from an address of this very machine",
    DropReason.IP_LOCALNET: "a loopback address must not arrive by a wire",
    DropReason.PKT_TOO_BIG: "it is larger than the next link's MTU and must not be fragmented",
    DropReason.NETFILTER_DROP: "a firewall rule says so",
    DropReason.NEIGH_FAILED: "nobody answered for the address it had to reach next",
    DropReason.NO_SOCKET: "no socket waits for it",
    DropReason.NO_TX_TARGET: "the FDB names no node for this MAC",
    DropReason.VXLAN_VNI_NOT_FOUND: "no VXLAN device here has this VNI",
    DropReason.NOT_SPECIFIED: "it would have to leave by the port it came in by, and hairpin is off there",
    DropReason.DEV_READY: "the device is down",
    DropReason.IP_NOPROTO: "no protocol here knows what to do with it",
}
