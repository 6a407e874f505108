"""Why a packet ended: reasons spelled as in include/net/dropreason-core.h."""

from enum import StrEnum

from app.kernel.origin import Origin
from app.kernel.skb import Skb


class DropReason(StrEnum):
    """The kernel's own words for the end of an skb."""

    OTHERHOST = "OTHERHOST"
    IP_INHDR = "IP_INHDR"
    IP_INADDRERRORS = "IP_INADDRERRORS"
    IP_INNOROUTES = "IP_INNOROUTES"
    IP_OUTNOROUTES = "IP_OUTNOROUTES"
    IP_RPFILTER = "IP_RPFILTER"
    IP_LOCAL_SOURCE = "IP_LOCAL_SOURCE"
    IP_LOCALNET = "IP_LOCALNET"
    PKT_TOO_BIG = "PKT_TOO_BIG"
    NETFILTER_DROP = "NETFILTER_DROP"
    NEIGH_FAILED = "NEIGH_FAILED"
    NO_SOCKET = "NO_SOCKET"
    NO_TX_TARGET = "NO_TX_TARGET"
    RECURSION_LIMIT = "RECURSION_LIMIT"
    VXLAN_VNI_NOT_FOUND = "VXLAN_VNI_NOT_FOUND"
    NOT_SPECIFIED = "NOT_SPECIFIED"
    IP_NOPROTO = "IP_NOPROTO"
    INVALID_PROTO = "INVALID_PROTO"
    IP_INVALID_SOURCE = "IP_INVALID_SOURCE"
    BRIDGE_INGRESS_STP_STATE = "BRIDGE_INGRESS_STP_STATE"
    QDISC_DROP = "QDISC_DROP"


class Stolen(Exception):
    """Ends the pass of one skb that lives on elsewhere: NF_STOLEN, as a fragment that waits is."""


class Drop(Exception):
    """Ends the pass of one skb; `guarded` turns it into a `Dropped` event, in one place."""

    def __init__(
        self, skb: Skb, reason: DropReason, function: str, dev: str | None = None, by: Origin | None = None
    ) -> None:
        super().__init__(f"{reason} in {function}")
        self.skb = skb
        self.reason = reason
        self.function = function
        self.dev = dev
        self.by = by
