"""Address translation  (net/netfilter/nf_nat_core.c, nf_nat_proto.c).

Destinations are rewritten on the way in (PREROUTING, OUTPUT), sources on the way out (POSTROUTING, INPUT).  The nat chains
are walked by the first packet of a connection only; what they decide is written into its reply tuple, and every packet is
then translated by comparing the two tuples: the same code for the first packet, for later ones and for answers.
"""

from typing import Literal, TypeAlias

from msgspec.structs import replace

from app.datapath.drop import Drop, DropReason
from app.datapath.events import Translated
from app.datapath.kernel import Kernel, Walk
from app.datapath.nf_chains import DROP, At, passed, traverse
from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.netfilter import Dnat, Masquerade, Snat
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.wire.addr import Address, is_loopback
from app.wire.packet import Icmp, IPv4

Manip: TypeAlias = Literal["dst", "src"]
EPHEMERAL = (1024, 65535)  # what a random source port is chosen from when the original one is above 1023
REDIRECT = 5
IDENTIFIERS = (0, 65535)  # of an ICMP echo


def nf_nat_inet_fn(k: Kernel, skb: Skb, at: At, manip: Manip) -> Walk[Skb]:
    """net/netfilter/nf_nat_core.c: nf_nat_inet_fn."""
    conn, origin = skb.ct, None
    if conn is None:
        return skb
    first = skb.ctinfo == "NEW" and not conn.confirmed
    if first:
        conn, skb, origin = yield from setup(k, skb, conn, at)
    if skb.ctinfo == "RELATED":
        check_redirect(k, conn, skb, at)
        ip = translate_error(conn, skb, manip)
    else:
        ip = translate(
            skb.ip, conn.tuple("reply" if skb.direction == "original" else "original").reversed, manip
        )
    if ip == skb.ip:
        return skb
    skb = replace(skb.with_ip(ip), ct=conn)
    yield Translated(skb, at.dev, "nf_nat_manip_pkt", kind_of(skb, manip), conn, skb.direction, first, origin)
    return skb


def kind_of(skb: Skb, manip: Manip) -> Literal["DNAT", "SNAT", "un-DNAT", "un-SNAT"]:
    if skb.direction == "original":
        return "DNAT" if manip == "dst" else "SNAT"
    return "un-SNAT" if manip == "dst" else "un-DNAT"


def setup(k: Kernel, skb: Skb, conn: Conn, at: At) -> Walk[tuple[Conn, Skb, Origin | None]]:
    """Ask the nat chains of this hook; what they say goes into the reply tuple.  nf_nat_core.c: nf_nat_setup_info."""
    chain = k.rules.at_hook[at.hook].get("nat")
    if chain is None:
        return conn, skb, None
    end = traverse(k, skb, at, "nat", chain)
    by = end.rule.origin if end.rule else None
    own = masquerade_address(k, skb, at) if isinstance(end.target, Masquerade) else None
    if isinstance(end.target, Masquerade) and own is None:
        yield passed(skb, replace(end, target=DROP), at, "nat")
        raise Drop(end.skb, DropReason.NETFILTER_DROP, "nf_hook_slow", at.dev, by)
    yield passed(skb, end, at, "nat")
    match end.target:
        case Dnat(address, port):
            conn = replace(conn, reply=replace(conn.reply, src=address, sport=port or conn.reply.sport))
        case Snat(address):
            conn = replace(conn, reply=source_tuple(k, conn, address, random=False))
        case Masquerade(random) if own:
            conn = replace(conn, reply=source_tuple(k, conn, own, random=random))
    return conn, replace(end.skb, ct=conn), by


def masquerade_address(k: Kernel, skb: Skb, at: At) -> Address | None:
    """An address of the way out, first one on the next hop's net; where it has none that others know, any device's.

    net/netfilter/nf_nat_masquerade.c: nf_nat_masquerade_ipv4; net/ipv4/devinet.c: inet_select_addr
    """
    route = k.fib.lookup(skb.ip.dst)
    next_hop = (route.via if route else None) or skb.ip.dst
    way_out = k.devices[at.oif].addresses if at.oif else ()
    near = (own for own in way_out if next_hop in own.prefix)
    anywhere = (own for device in k.devices.values() for own in device.addresses)
    usable = (own.address for own in (*near, *way_out, *anywhere) if not is_loopback(own.address))
    return next(usable, None)


def source_tuple(k: Kernel, conn: Conn, address: Address, *, random: bool) -> FlowTuple:
    """The reply tuple with another destination; the port is kept unless it is taken or must be random.  get_unique_tuple."""
    wanted = replace(conn.reply, dst=address)
    low, high = IDENTIFIERS if conn.original.protocol == "icmp" else EPHEMERAL
    while random or wanted in k.netns.learned.conntrack:
        chosen = low + k.below(high - low + 1)
        wanted = replace(
            wanted, dport=chosen, sport=chosen if conn.original.protocol == "icmp" else wanted.sport
        )
        random = False
    return wanted


def translate(ip: IPv4, target: FlowTuple, manip: Manip) -> IPv4:
    """The packet with the address and port that the target tuple has at this end.  nf_nat_proto.c: nf_nat_manip_pkt."""
    if manip == "dst":
        return (
            ip
            if (ip.dst, dport(ip)) == (target.dst, target.dport)
            else with_end(ip, "dst", target.dst, target.dport)
        )
    return (
        ip
        if (ip.src, sport(ip)) == (target.src, target.sport)
        else with_end(ip, "src", target.src, target.sport)
    )


def translate_error(conn: Conn, skb: Skb, manip: Manip) -> IPv4:
    """An ICMP error: the quoted packet is turned back to what its sender knows, then the outside is translated like an answer.

    Only where the connection was translated at this end.  nf_nat_proto.c: nf_nat_icmp_reply_translation
    """
    ip = skb.ip
    assert isinstance(ip.payload, Icmp) and ip.payload.quoted
    translated = conn.dnat if (manip == "dst") == (skb.direction == "original") else conn.snat
    if not translated:
        return ip
    other = conn.tuple("reply" if skb.direction == "original" else "original")
    inverse: Manip = "dst" if manip == "src" else "src"
    quoted = translate(ip.payload.quoted, other, inverse)
    end = other.reversed
    message = replace(ip.payload, quoted=quoted)
    return (
        replace(ip, payload=message, dst=end.dst)
        if manip == "dst"
        else replace(ip, payload=message, src=end.src)
    )


def check_redirect(k: Kernel, conn: Conn, skb: Skb, at: At) -> None:
    """A translated connection hears of no better way: its ends would talk to each other without the translation.

    Nor does one that is not yet known to be untranslated.  nf_nat_proto.c: nf_nat_icmp_reply_translation
    """
    message = skb.ip.payload
    redirect = isinstance(message, Icmp) and message.type == REDIRECT
    untranslated = conn.confirmed and not conn.dnat and not conn.snat
    if redirect and "nat" in k.rules.tables and not untranslated:
        raise Drop(skb, DropReason.NETFILTER_DROP, "nf_hook_slow", at.dev)


def with_end(ip: IPv4, end: Manip, address: Address, port: int) -> IPv4:
    l4 = ip.payload
    named = "id" if isinstance(l4, Icmp) else "dport" if end == "dst" else "sport"
    return replace(ip, **{end: address, "payload": replace(l4, **{named: port})})


def sport(ip: IPv4) -> int:
    return ip.payload.id if isinstance(ip.payload, Icmp) else ip.payload.sport


def dport(ip: IPv4) -> int:
    return ip.payload.id if isinstance(ip.payload, Icmp) else ip.payload.dport
