"""A large TCP packet becomes what the wire takes  (net/core/gso.c: skb_gso_segment; net/ipv4/tcp_offload.c: tcp_gso_segment)."""

from msgspec.structs import replace

from app.datapath.kernel import Kernel
from app.kernel.skb import Skb
from app.wire.packet import Ethernet, IPv4, Part, Tcp, Udp, Vxlan, layers


def skb_gso_segment(k: Kernel, skb: Skb) -> tuple[Skb, ...]:
    """As many as it takes, each with all headers; the first is the skb itself, the others are copies of it."""
    whole = next(layer for layer in layers(skb.packet) if type(layer) is Tcp)
    one = replace(skb, gso=0)
    first, *others = (one.with_ip(carrying(skb.ip, segment)) for segment in tcp_gso_segment(whole, skb.gso))
    return first, *(k.clone(segment) for segment in others)


def tcp_gso_segment(whole: Tcp, octets: int) -> tuple[Tcp, ...]:
    """So many octets of the message in each; only the last one pushes, and only the last one ends."""
    return tuple(segment_at(whole, offset, octets) for offset in range(0, whole.octets, octets))


def segment_at(whole: Tcp, offset: int, octets: int) -> Tcp:
    part = Part(offset, min(octets, whole.octets - offset))
    segment = replace(whole, seq=whole.seq + offset, part=part)
    early = tuple(flag for flag in whole.flags if flag not in ("PSH", "FIN"))
    return segment if segment.last else replace(segment, flags=early)


def carrying(ip: IPv4, segment: Tcp) -> IPv4:
    """The packet with this segment in it, in a tunnel or not.  udp_offload.c: skb_udp_tunnel_segment."""
    match ip.payload:
        case Udp(payload=Vxlan(payload=Ethernet(payload=IPv4() as inner) as frame) as tunnel) as datagram:
            within = replace(tunnel, payload=replace(frame, payload=carrying(inner, segment)))
            return replace(ip, payload=replace(datagram, payload=within))
        case _:
            return replace(ip, payload=segment)
