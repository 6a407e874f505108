"""A large TCP packet that must become segments: what each carries, and that the receiver reads one message."""

from msgspec.structs import replace

from app.datapath.events import Fragmented, MessageRead, SegmentSent
from app.datapath.gso import skb_gso_segment
from app.kernel.netns import netns
from app.kernel.skb import Skb
from app.wire.packet import Ethernet, IPv4, Tcp, TcpFlag, Text, Udp, Vxlan
from tests.journeys import Walked, perform
from tests.lab.sizes import CASES
from tests.stages import bare, frame, kernel, packet
from tests.worlds import LO

MESSAGE = Text("x" * 3000)


def large(*flags: TcpFlag) -> Skb:
    return bare(packet("10.1.0.9", "10.2.0.9", Tcp(40001, 80, flags, seq=1, payload=MESSAGE)), gso=1448)


def segmented(skb: Skb) -> tuple[Skb, ...]:
    return skb_gso_segment(kernel(netns("here", (LO,))), skb)


def segments(skb: Skb) -> list[Tcp]:
    return [each.ip.payload for each in segmented(skb) if isinstance(each.ip.payload, Tcp)]


def journey() -> Walked:
    """A request that the tunnel takes in two segments, the first of them too long for the cable under it."""
    case = CASES["a narrower cable under the tunnel, a long request"]
    return perform(case.machines(), *case.probes)


def test_each_segment_has_its_share_of_the_message_and_the_number_of_its_first_octet() -> None:
    assert [(s.seq, s.octets, s.size) for s in segments(large("PSH", "ACK"))] == [
        (1, 1448, 1480),
        (1449, 1448, 1480),
        (2897, 104, 136),
    ]


def test_only_the_last_one_pushes_and_ends() -> None:
    flags = [segment.flags for segment in segments(large("PSH", "ACK", "FIN"))]
    assert flags == [("ACK",), ("ACK",), ("PSH", "ACK", "FIN")]
    assert [segment.last for segment in segments(large("ACK"))] == [False, False, True]


def test_the_first_is_the_packet_itself_and_none_is_to_be_segmented_again() -> None:
    first, *others = segmented(large("ACK"))
    assert (first.id, [other.clone_of for other in others]) == (1, [1, 1])
    assert not any(each.gso or each.surplus for each in (first, *others))


def test_in_a_tunnel_every_segment_gets_all_the_headers_around_it() -> None:
    inner = frame(large("PSH", "ACK").ip)
    outer = IPv4("192.168.1.10", "192.168.2.10", Udp(50000, 8472, Vxlan(1, inner.eth)), df=False)
    sent = segmented(replace(inner, packet=outer, gso=1448))
    assert [each.ip.size for each in sent] == [1550, 1550, 206]
    for each in sent:
        datagram = each.ip.payload
        assert isinstance(datagram, Udp) and isinstance(datagram.payload, Vxlan)
        carried = datagram.payload.payload
        assert isinstance(carried, Ethernet) and (carried.src, carried.dst) == (inner.eth.src, inner.eth.dst)


def test_what_is_too_large_for_the_cable_becomes_segments_first_and_then_pieces() -> None:
    """Measured: 1400 octets under the tunnel, and the first segment goes in 1396 + 124, the second one whole."""
    cuts = [(cut.function, cut.sizes) for cut in journey().all(Fragmented, "node1")]
    assert cuts[:2] == [("skb_gso_segment", (1500, 153)), ("ip_do_fragment", (1396, 124))]


def test_every_segment_is_acknowledged_and_the_message_is_read_once() -> None:
    walked = journey()
    assert len(walked.all(MessageRead, "node2/pod4")) == 2, "two requests"
    answers = [e.skb.ip.payload for e in walked.all(SegmentSent, "node2/pod4") if e.skb]
    acks = [s.ack for s in answers if isinstance(s, Tcp) and s.flags == ("ACK",)]
    assert acks[:2] == sorted(set(acks[:2])), "the second one acknowledges more"
