"""Packets in pieces: cut where the next link takes no more, put together where somebody must see the whole.

net/ipv4/ip_output.c: ip_fragment, ip_do_fragment; net/ipv4/ip_fragment.c: ip_defrag; net/ipv4/netfilter/nf_defrag_ipv4.c; RFC 791.
What stays incomplete is kept: the kernel's timer would throw it away after 30 s, which is longer than any journey.
"""

from collections.abc import Callable
from functools import partial
from itertools import accumulate

from msgspec.structs import replace

from app.datapath import icmp
from app.datapath.drop import Drop, DropReason, Stolen
from app.datapath.events import Fragmented, FragmentHeld, Reassembled
from app.datapath.kernel import Arm, Kernel, Walk, guarded
from app.datapath.nf_chains import At
from app.kernel.fragments import DefragUser, FragmentKey
from app.kernel.skb import Skb
from app.wire.packet import Fragment, IPv4

HEADER = 20
UNIT = 8  # octets, in which offsets are counted

Output = Callable[[Kernel, Skb], Walk[None]]


def ip_fragment(k: Kernel, skb: Skb, dev: str, mtu: int, output: Output) -> Walk[None]:
    """Send a packet that is too large for `mtu`, or that came in pieces, through `output` in pieces.

    Pieces that were put together on the way are never made larger than they were: their path may need it.
    """
    if skb.ip.df and not skb.ignore_df:
        yield from icmp.icmp_send(k, skb, icmp.DEST_UNREACH, icmp.FRAG_NEEDED, mtu=mtu)
        raise Drop(skb, DropReason.NOT_SPECIFIED, "ip_fragment", dev)
    yield from ip_do_fragment(k, skb, dev, min(mtu, skb.frag_max_size or mtu), output)


def ip_do_fragment(k: Kernel, skb: Skb, dev: str, mtu: int, output: Output) -> Walk[None]:
    """The first piece is the skb itself, the others are copies of it."""
    if skb.ip.size <= mtu:
        yield from output(k, skb)
        return
    cut = as_they_came(skb, mtu) or parts(skb.ip, mtu, skb.id)
    whole = replace(skb, frag_list=())
    first, *others = (whole.with_ip(replace(skb.ip, df=False, fragment=part)) for part in cut)
    pieces = (first, *(k.clone(piece) for piece in others))
    yield Fragmented(first, dev, "ip_do_fragment", mtu, tuple(piece.ip.size for piece in pieces))
    yield from send(k, pieces, output)


def send(k: Kernel, pieces: tuple[Skb, ...], output: Output) -> Walk[None]:
    """One after the other.  A process that sends is interrupted by the softirq of each frame: it goes all its way before the next.

    Not so below a tunnel, whose device holds softirqs back until it is done (net/core/dev.c: rcu_read_lock_bh).
    """
    for at, piece in enumerate(pieces, 1):
        yield from guarded(output(k, piece))
        if k.in_process and piece.dev is None and at < len(pieces):
            yield Arm(0, partial(send, pieces=pieces[at:], output=output))
            return


def as_they_came(skb: Skb, mtu: int) -> list[Fragment]:
    """The pieces that the packet was put together from, if every one of them fits; else none: it is cut anew (skb_has_frag_list)."""
    if max(skb.frag_list, default=mtu) > mtu - HEADER:
        return []
    ends = tuple(accumulate(skb.frag_list))
    return [
        Fragment(end - octets, octets, more=end < ends[-1], datagram=skb.id)
        for end, octets in zip(ends, skb.frag_list, strict=True)
    ]


def parts(ip: IPv4, mtu: int, datagram: int) -> list[Fragment]:
    """As much in each as fits, in units of 8 octets; a fragment that is cut again goes on counting where it began."""
    whole = ip.fragment or Fragment(0, ip.size - HEADER, more=False, datagram=datagram)
    room, found = mtu - HEADER, list[Fragment]()
    while left := whole.octets - sum(part.octets for part in found):
        octets = left if left <= room else room // UNIT * UNIT
        at = whole.offset + whole.octets - left
        found.append(Fragment(at, octets, whole.more or octets < left, whole.datagram))
    return found


def ip_defrag(k: Kernel, skb: Skb, dev: str | None, user: DefragUser) -> Walk[Skb]:
    """The whole packet when this was the last fragment that it lacked; until then the fragment is kept.

    net/ipv4/ip_fragment.c: ip_defrag, ip_frag_queue, ip_frag_reasm
    """
    ip = skb.ip
    assert ip.fragment, "only a fragment has to wait for others"
    key = FragmentKey(user, ip.src, ip.dst, ip.protocol, ip.fragment.datagram)
    known = k.netns.learned.fragments.get(key, ())
    held = tuple(sorted((*known, skb), key=offset_of))
    if not complete(held):
        yield FragmentHeld(skb, dev, "ip_frag_queue", key, held)
        raise Stolen
    head = held[0]
    whole = replace(
        head.with_ip(replace(head.ip, fragment=None)),
        dev=skb.dev,
        physin=skb.physin,
        frag_max_size=max(piece.ip.size for piece in held),
        frag_list=() if user == "local delivery" else lengths(held),
    )
    yield Reassembled(whole, dev, "ip_frag_reasm", key, skb, len(held))
    return whole


def lengths(held: tuple[Skb, ...]) -> tuple[int, ...]:
    """Octets of payload, in order; what came twice counts once."""
    return tuple({part.offset: part.octets for part in (skb.ip.fragment for skb in held) if part}.values())


def offset_of(skb: Skb) -> int:
    assert skb.ip.fragment
    return skb.ip.fragment.offset


def complete(pieces: tuple[Skb, ...]) -> bool:
    """Do they follow one another from the first octet to the last?  Doubles do no harm."""
    end = 0
    for part in (piece.ip.fragment for piece in pieces):
        assert part
        if part.offset > end:
            return False
        end = max(end, part.offset + part.octets)
        if not part.more:
            return True
    return False


def nf_defrag_ipv4(k: Kernel, skb: Skb, at: At) -> Walk[Skb]:
    """Connection tracking sees whole packets only; what is tracked already came over `lo`.  nf_defrag_ipv4.c: ipv4_conntrack_defrag."""
    if skb.ip.fragment is None or skb.ct is not None:
        return skb
    user: DefragUser = (
        "bridge" if at.bridged else "conntrack in" if at.hook == "PREROUTING" else "conntrack out"
    )
    return (yield from ip_defrag(k, skb, at.dev, user))
