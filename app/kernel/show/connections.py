"""`conntrack -L` as conntrack-tools 1.4.7 prints it.

Timers show what they were last set to (net/netfilter/nf_conntrack_proto_*.c), not what is left of it.
"""

from collections.abc import Iterator

from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.netns import Netns
from app.kernel.show.listing import Line
from app.kernel.world import World

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}
TCP_SECONDS = {
    "SYN_SENT": 120,
    "SYN_RECV": 60,
    "ESTABLISHED": 432000,
    "FIN_WAIT": 120,
    "CLOSE_WAIT": 60,
    "LAST_ACK": 30,
    "TIME_WAIT": 120,
    "CLOSE": 10,
}
SHORT, UDP_STREAM = 30, 120


def conntrack_list(world: World, netns: Netns, protocol: str | None = None) -> Iterator[Line]:
    """`conntrack -L [-p PROTOCOL]`; the last line goes to its standard error."""
    table = netns.learned.conntrack
    every = [conn for key, conn in table.items() if key == conn.original and conn.confirmed]
    entries = [conn for conn in every if protocol in (None, conn.original.protocol)]
    yield from (Line(conn_line(conn), conn) for conn in entries)
    yield Line(f"conntrack v1.4.7 (conntrack-tools): {len(entries)} flow entries have been shown.")


def conn_line(conn: Conn) -> str:
    protocol = conn.original.protocol
    parts = [
        f"{protocol:<8} {NUMBERS[protocol]} {seconds(conn)}",
        conn.state if protocol == "tcp" else "",
        tuple_text(conn.original),
        "" if conn.seen_reply else "[UNREPLIED]",
        tuple_text(conn.reply),
        "[ASSURED]" if conn.assured else "",
        f"mark={conn.mark} use=1",
    ]
    return " ".join(filter(None, parts))


def seconds(conn: Conn) -> int:
    if conn.original.protocol == "tcp":
        return TCP_SECONDS.get(conn.state, SHORT)
    return UDP_STREAM if conn.assured else SHORT


def tuple_text(flow: FlowTuple) -> str:
    if flow.protocol == "icmp":
        return f"src={flow.src} dst={flow.dst} type={flow.type} code=0 id={flow.sport}"
    return f"src={flow.src} dst={flow.dst} sport={flow.sport} dport={flow.dport}"
