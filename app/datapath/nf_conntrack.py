"""Connection tracking  (net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_tcp.c)."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec.structs import replace

from app.datapath.events import ConntrackConfirmed, ConntrackCreated, ConntrackDestroyed, ConntrackFound
from app.datapath.kernel import Kernel, Walk
from app.datapath.nf_chains import At
from app.kernel.conntrack import Conn, CtState, Direction, FlowTuple
from app.kernel.skb import Skb
from app.wire.packet import Icmp, IPv4, Tcp

TcpKind: TypeAlias = Literal["syn", "synack", "fin", "ack", "rst"]

NEXT_STATE: Mapping[tuple[TcpKind, Direction], Mapping[CtState, CtState]] = {
    ("synack", "reply"): {"SYN_SENT": "SYN_RECV"},
    ("ack", "original"): {"SYN_RECV": "ESTABLISHED", "FIN_WAIT": "CLOSE_WAIT", "LAST_ACK": "TIME_WAIT"},
    ("ack", "reply"): {"FIN_WAIT": "CLOSE_WAIT", "LAST_ACK": "TIME_WAIT"},
    ("fin", "original"): {
        "SYN_RECV": "FIN_WAIT",
        "ESTABLISHED": "FIN_WAIT",
        "FIN_WAIT": "LAST_ACK",
        "CLOSE_WAIT": "LAST_ACK",
    },
    ("fin", "reply"): {
        "SYN_RECV": "FIN_WAIT",
        "ESTABLISHED": "FIN_WAIT",
        "FIN_WAIT": "LAST_ACK",
        "CLOSE_WAIT": "LAST_ACK",
    },
}
"""tcp_conntracks of nf_conntrack_proto_tcp.c, as far as it changes a state; RST goes to CLOSE from everywhere."""


def nf_conntrack_in(k: Kernel, skb: Skb, at: At) -> Walk[Skb]:
    """Which connection is this?  A known tuple, an error about one, or the first packet of a new one.

    Without a rule that needs it nothing is tracked; a packet that came over `lo` has its connection already.
    net/netfilter/nf_conntrack_core.c: nf_conntrack_in, resolve_normal_ct
    """
    if not k.rules.conntrack or skb.ct is not None:
        return skb
    l4 = skb.ip.payload
    if isinstance(l4, Icmp) and l4.is_error:
        return (yield from icmp_error(k, skb, at))
    flow = tuple_of(skb.ip)
    known = k.netns.learned.conntrack.get(flow)
    if known is None:
        return (yield from init_conntrack(skb, flow, at))
    direction: Direction = "original" if flow == known.original else "reply"
    if isinstance(l4, Tcp) and "RST" in l4.flags and direction == "reply" and not known.seen_reply:
        found = replace(skb, ct=known, ctinfo="ESTABLISHED", direction=direction)
        yield ConntrackDestroyed(found, at.dev, "nf_ct_kill_acct", known, direction, known)
        return found
    conn = updated(known, direction, skb.ip)
    answered = direction == "reply" or known.seen_reply
    found = replace(skb, ct=conn, ctinfo="ESTABLISHED" if answered else "NEW", direction=direction)
    yield ConntrackFound(found, at.dev, "resolve_normal_ct", conn, direction, known)
    return found


def init_conntrack(skb: Skb, flow: FlowTuple, at: At) -> Walk[Skb]:
    """net/netfilter/nf_conntrack_core.c: init_conntrack.  What cannot begin a connection is INVALID and not tracked."""
    l4 = skb.ip.payload
    if (isinstance(l4, Tcp) and "RST" in l4.flags) or (isinstance(l4, Icmp) and l4.type != 8):
        return replace(skb, ctinfo="INVALID")
    state: CtState = (
        "UNREPLIED" if not isinstance(l4, Tcp) else "SYN_SENT" if l4.flags == ("SYN",) else "ESTABLISHED"
    )
    conn = Conn(flow, flow.reversed, state)
    created = replace(skb, ct=conn, ctinfo="NEW", direction="original")
    yield ConntrackCreated(created, at.dev, "init_conntrack", conn)
    return created


def icmp_error(k: Kernel, skb: Skb, at: At) -> Walk[Skb]:
    """An ICMP error belongs to the connection of the packet it quotes.  nf_conntrack_proto_icmp.c: nf_conntrack_inet_error."""
    l4 = skb.ip.payload
    assert isinstance(l4, Icmp) and l4.quoted
    flow = tuple_of(l4.quoted).reversed
    conn = k.netns.learned.conntrack.get(flow)
    if conn is None:
        return replace(skb, ctinfo="INVALID")
    direction: Direction = "original" if flow == conn.original else "reply"
    found = replace(skb, ct=conn, ctinfo="RELATED", direction=direction)
    yield ConntrackFound(found, at.dev, "nf_conntrack_inet_error", conn, direction, conn)
    return found


def nf_confirm(k: Kernel, skb: Skb, at: At) -> Walk[Skb]:
    """A first packet that got through all rules makes its entry valid.  nf_conntrack_core.c: __nf_conntrack_confirm."""
    if skb.ct is None or skb.ct.confirmed or skb.ctinfo == "RELATED":
        return skb
    conn = replace(skb.ct, confirmed=True)
    skb = replace(skb, ct=conn)
    yield ConntrackConfirmed(skb, at.dev, "__nf_conntrack_confirm", conn, "original")
    return skb


def tuple_of(ip: IPv4) -> FlowTuple:
    """nf_ct_get_tuple: an ICMP echo's identifier stands for both ports."""
    l4 = ip.payload
    if isinstance(l4, Icmp):
        return FlowTuple("icmp", ip.src, l4.id, ip.dst, l4.id, l4.type)
    return FlowTuple(ip.protocol, ip.src, l4.sport, ip.dst, l4.dport)


def updated(conn: Conn, direction: Direction, ip: IPv4) -> Conn:
    """The entry after one more packet; the same record if nothing changed."""
    seen_reply = conn.seen_reply or direction == "reply"
    if not isinstance(ip.payload, Tcp):
        return conn if seen_reply == conn.seen_reply else replace(conn, seen_reply=True, state="REPLIED")
    kind = tcp_kind(ip.payload)
    state = "CLOSE" if kind == "rst" else NEXT_STATE.get((kind, direction), {}).get(conn.state, conn.state)
    assured = conn.assured or (
        seen_reply and state == "ESTABLISHED" and conn.state in ("SYN_RECV", "ESTABLISHED")
    )
    if (state, seen_reply, assured) == (conn.state, conn.seen_reply, conn.assured):
        return conn
    return replace(conn, state=state, seen_reply=seen_reply, assured=assured)


def tcp_kind(tcp: Tcp) -> TcpKind:
    flags = tcp.flags
    if "RST" in flags:
        return "rst"
    if "SYN" in flags:
        return "synack" if "ACK" in flags else "syn"
    return "fin" if "FIN" in flags else "ack"
