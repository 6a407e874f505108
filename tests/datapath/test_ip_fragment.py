"""Packets in pieces: cut in units of eight octets, put together where somebody wants the whole, in any order."""

from functools import partial
from itertools import permutations

import pytest
from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import Fragmented, FragmentHeld, Reassembled
from app.datapath.ip_fragment import ip_defrag, ip_fragment, nf_defrag_ipv4, parts
from app.datapath.kernel import Kernel, Walk
from app.datapath.nf_chains import At
from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.netns import Netns, netns
from app.kernel.skb import Skb
from app.wire.packet import Fragment, IPv4
from tests.stages import Ran, bare, kernel, packet, run, udp
from tests.worlds import LO

SENDER, RECEIVER = "10.1.0.9", "10.2.0.9"
HERE = netns("here", (LO,))


def datagram(size: int, **fields: bool) -> IPv4:
    """So many octets on the wire, with the headers."""
    return packet(SENDER, RECEIVER, udp(data="x" * (size - 28)), **{"df": False, **fields})


def gone(seen: list[Skb], k: Kernel, skb: Skb) -> Walk[None]:
    """What would send a piece on: it only takes note."""
    seen.append(skb)
    yield from ()


def pieces_of(ip: IPv4, mtu: int, **fields: int) -> list[Skb]:
    seen: list[Skb] = []
    run(HERE, ip_fragment, bare(ip, **fields), "eth0", mtu, partial(gone, seen))
    return seen


def collected(order: list[Skb], at: Netns = HERE) -> list[Ran]:
    """Each piece handed to ip_defrag, in this order, by a machine that remembers."""
    rans: list[Ran] = []
    for piece in order:
        rans.append(run(rans[-1].netns if rans else at, ip_defrag, piece, "eth0", "local delivery"))
    return rans


def test_a_piece_holds_as_many_units_of_eight_octets_as_fit_and_the_last_one_the_rest() -> None:
    """Section 9: 1468 octets over an MTU of 1450 are 1444 and 44, over 1400 an outer 1478 is 1396 and 102."""
    assert [piece.ip.size for piece in pieces_of(datagram(1468), 1450)] == [1444, 44]
    assert [piece.ip.size for piece in pieces_of(datagram(1478), 1400)] == [1396, 102]
    assert [piece.ip.size for piece in pieces_of(datagram(3028), 1500)] == [1500, 1500, 68]


def test_offsets_follow_one_another_and_all_but_the_last_say_that_more_comes() -> None:
    found = [piece.ip.fragment for piece in pieces_of(datagram(3028), 1500)]
    assert [(part.offset, part.more) for part in found if part] == [(0, True), (1480, True), (2960, False)]
    assert len({part.datagram for part in found if part}) == 1, "one packet, one identification"


def test_the_first_piece_is_the_packet_itself_and_the_others_are_copies() -> None:
    first, *others = pieces_of(datagram(3028), 1500, id=7)
    assert (first.id, first.clone_of) == (7, None)
    assert [other.clone_of for other in others] == [7, 7]
    assert not first.ip.later and all(other.ip.later for other in others), "only the first one has the ports"


def test_a_piece_that_is_cut_again_goes_on_counting_where_it_began() -> None:
    middle = pieces_of(datagram(3028), 1500)[1]
    again = parts(middle.ip, 1000, datagram=99)
    assert [(part.offset, part.octets, part.more) for part in again] == [(1480, 976, True), (2456, 504, True)]
    assert {part.datagram for part in again} == {middle.ip.fragment and middle.ip.fragment.datagram}


def test_what_must_not_be_fragmented_is_not() -> None:
    ran = run(HERE, ip_fragment, bare(datagram(1468, df=True)), "eth0", 1450, partial(gone, []))
    assert ran.drop and ran.drop.reason is DropReason.NOT_SPECIFIED
    assert not ran.did(Fragmented)


def test_its_own_machine_may_cut_what_has_df_if_the_socket_does_not_insist_and_then_df_is_gone() -> None:
    """Measured: a node's datagram to a service fits its NIC, and DNAT turns it into the tunnel, which takes less."""
    pieces = pieces_of(datagram(1468, df=True), 1450, ignore_df=True)
    assert [(piece.ip.size, piece.ip.df) for piece in pieces] == [(1444, False), (44, False)]


def test_what_came_in_pieces_leaves_in_none_that_is_larger() -> None:
    assert [piece.ip.size for piece in pieces_of(datagram(1468), 1500, frag_max_size=1444)] == [1444, 44]
    assert [piece.ip.size for piece in pieces_of(datagram(1468), 1400, frag_max_size=1444)] == [1396, 92]


def put_together(*sizes: int) -> Skb:
    """A packet whose pieces were of these sizes, as connection tracking has it."""
    whole, offset, held = datagram(20 + sum(size - 20 for size in sizes)), 0, list[Skb]()
    for size in sizes:
        more = offset + size < whole.size
        held.append(bare(replace(whole, fragment=Fragment(offset, size - 20, more, datagram=7))))
        offset += size - 20
    ran = Ran([], [], None, None, HERE)
    for piece in held:
        ran = run(ran.netns, nf_defrag_ipv4, piece, At("PREROUTING", "eth0", None))
    assert isinstance(ran.result, Skb)
    return ran.result


def left_by(skb: Skb, mtu: int) -> list[int]:
    seen: list[Skb] = []
    run(HERE, ip_fragment, skb, "eth0", mtu, partial(gone, seen))
    assert not any(piece.frag_list for piece in seen), "a piece consists of no pieces"
    return [piece.ip.size for piece in seen]


def test_what_connection_tracking_put_together_leaves_in_the_very_pieces_in_which_it_came() -> None:
    """Measured: 1396, 124, 1396, 124, 68 over a cable of 1400 octets come out of the next node like that, not cut anew."""
    sizes = [1396, 124, 1396, 124, 68]
    assert left_by(put_together(*sizes), 1500) == sizes
    assert left_by(put_together(*sizes), 1396) == sizes


def test_it_is_cut_anew_where_one_of_its_pieces_does_not_fit_or_a_clone_has_them_too() -> None:
    assert left_by(put_together(1396, 124, 568), 1390) == [1388, 680]
    assert left_by(kernel(HERE).clone(put_together(1396, 124, 568)), 1500) == [1396, 672]


def test_a_piece_that_came_twice_leaves_once() -> None:
    one, other = pieces_of(datagram(1468), 1450, id=7)
    at = At("PREROUTING", "eth0", None)
    once = run(run(HERE, nf_defrag_ipv4, one, at).netns, nf_defrag_ipv4, one, at)
    whole = run(once.netns, nf_defrag_ipv4, other, at).result
    assert left_by(whole, 1500) == [1444, 44]


def test_what_is_put_together_to_be_read_is_one_block() -> None:
    *_, last = collected(pieces_of(datagram(1468), 1450))
    assert last.result.frag_list == ()


def test_a_process_is_interrupted_after_each_piece_and_a_softirq_is_not() -> None:
    """Measured: from a process the first piece goes all its way before the second one leaves."""
    seen: list[Skb] = []
    k = kernel(HERE)
    k.in_process = True
    wishes = list(ip_fragment(k, bare(datagram(3028)), "eth0", 1500, partial(gone, seen)))
    assert (len(seen), type(wishes[-1]).__name__) == (1, "Arm"), "the rest is for when the softirqs are done"
    assert len(pieces_of(datagram(3028), 1500)) == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_the_pieces_come_the_last_one_makes_it_whole(order: tuple[int, ...]) -> None:
    whole, sent = datagram(3028), pieces_of(datagram(3028), 1500)
    *before, last = collected([sent[n] for n in order])
    assert all(ran.did(FragmentHeld) and ran.result is None for ran in before), "they wait, and go nowhere"
    assert last.one(Reassembled).pieces == 3
    assert last.result.ip == whole, "as it was before it was cut"
    assert last.result.frag_max_size == 1500
    assert not last.netns.learned.fragments, "nobody waits any more"


def test_a_piece_that_comes_twice_makes_nothing_whole() -> None:
    first, last = pieces_of(datagram(1468), 1450)
    rans = collected([first, first, last])
    assert [ran.did(Reassembled) for ran in rans] == [False, False, True]


def test_two_packets_between_the_same_ends_are_not_mixed_up() -> None:
    one, other = pieces_of(datagram(1468), 1450, id=1), pieces_of(datagram(1468), 1450, id=2)
    rans = collected([one[0], other[1]])
    assert not any(ran.did(Reassembled) for ran in rans)
    assert len(rans[-1].netns.learned.fragments) == 2


def test_each_who_wants_the_whole_has_a_queue_of_its_own() -> None:
    first, last = pieces_of(datagram(1468), 1450)
    bridged = run(HERE, nf_defrag_ipv4, first, At("PREROUTING", "eth0", None, bridged=True))
    routed = run(bridged.netns, nf_defrag_ipv4, last, At("PREROUTING", "eth0", None))
    assert not routed.did(Reassembled)


def test_connection_tracking_leaves_alone_what_is_whole_and_what_it_knows_already() -> None:
    whole = bare(datagram(100))
    assert run(HERE, nf_defrag_ipv4, whole, At("PREROUTING", "eth0", None)).result is whole
    flow = FlowTuple("udp", SENDER, 40001, RECEIVER, 5353)
    known = replace(pieces_of(datagram(1468), 1450)[0], ct=Conn(flow, flow.reversed, "UNREPLIED"))
    assert run(HERE, nf_defrag_ipv4, known, At("PREROUTING", "lo", None)).result is known
