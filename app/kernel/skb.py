"""The traveller: a packet and what the kernel has written on it (include/linux/skbuff.h: struct sk_buff)."""

from msgspec.structs import replace

from app.kernel.conntrack import Conn, CtInfo, Direction
from app.kernel.route import Route
from app.wire.addr import Mac
from app.wire.packet import ETHERNET_HEADER, Arp, Ethernet, IPv4, Packet, Tcp, layers
from app.wire.record import Record

VLAN_TAG = 4


class Skb(Record, frozen=True):
    """Keeps its `id` when held, rewritten or encapsulated; a clone gets a new one and names its original.

    `dev` is the device it came in by (None for a packet that starts here), `physin` the bridge port behind it
    (nf_bridge_info: set by br_netfilter only), `bridged_src` the source MAC to restore on a bridged packet whose
    destination was rewritten, `ct` its connection, perhaps not confirmed yet, `gso` the octets of payload in each
    segment that a large TCP packet will be cut into (0: not to be cut), `dst` the route it has already been given,
    `frag_max_size` the octets of its largest piece, if it came in pieces (0: it did not), and
    `frag_list` the octets of payload of each of them, as long as they are kept apart (skb_shinfo: frag_list),
    `ignore_df` that its own machine may cut it though DF is set, for its socket does not insist on DF,
    `hash` how often its socket has thrown its flow hash anew: it crosses a veth with the packet (sk_rethink_txhash).
    """

    id: int
    packet: Packet
    dev: str | None = None
    mark: int = 0
    ct: Conn | None = None
    ctinfo: CtInfo | None = None
    direction: Direction = "original"
    physin: str | None = None
    bridged_src: Mac | None = None
    gso: int = 0
    dst: Route | None = None
    hash: int = 0
    frag_max_size: int = 0
    frag_list: tuple[int, ...] = ()
    ignore_df: bool = False
    clone_of: int | None = None

    @property
    def surplus(self) -> int:
        """Octets by which this packet is larger than the largest one it will be cut into; 0 if it goes as it is.

        In a tunnel each segment gets headers of its own; a fragment is on the wire as it is.
        """
        if not self.gso:
            return 0
        message = next((layer.payload for layer in layers(self.packet) if type(layer) is Tcp), None)
        return max(message.size - self.gso, 0) if message else 0

    def is_forwardable(self, mtu: int) -> bool:
        """Does a device of this MTU take the frame?  There is room for a VLAN tag.  net/core/dev.c: is_skb_forwardable."""
        return self.eth.size <= mtu + ETHERNET_HEADER + VLAN_TAG or self.surplus > 0

    @property
    def eth(self) -> Ethernet:
        assert type(self.packet) is Ethernet, "this packet has no link layer header yet"
        return self.packet

    @property
    def arp(self) -> Arp:
        assert type(self.eth.payload) is Arp, "this frame carries no ARP message"
        return self.eth.payload

    @property
    def ip(self) -> IPv4:
        """The outermost IPv4 header, whether or not a link layer header is in front of it."""
        ip = self.packet.payload if type(self.packet) is Ethernet else self.packet
        assert type(ip) is IPv4, "this frame carries no IPv4 packet"
        return ip

    @property
    def is_arp(self) -> bool:
        return type(self.packet.payload) is Arp

    def with_ip(self, ip: IPv4) -> "Skb":
        """The same traveller with another IPv4 packet behind its link layer header."""
        if type(self.packet) is Ethernet:
            return replace(self, packet=Ethernet(self.packet.src, self.packet.dst, ip))
        return replace(self, packet=ip)
