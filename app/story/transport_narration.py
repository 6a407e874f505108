"""Sentences about ICMP, sockets and the programs above them."""

from typing import assert_never

from app.datapath import events as e
from app.kernel.origin import Origin
from app.kernel.socket import SocketKey
from app.story.layers import ICMP_NAMES
from app.story.names import machine, who
from app.wire.packet import HttpRequest, HttpResponse, Icmp, Message, Tcp, Text

Transport = (
    e.IcmpSent | e.SocketOpened | e.SocketFound | e.SegmentSent | e.MessageRead | e.ProcessDecided | e.ProbeEnded
    | e.ProcessRestarted
)  # fmt: skip

ERRORS: dict[str, str] = {
    "ECONNREFUSED": "connection refused: somebody answered no",
    "ETIMEDOUT": "timed out: only silence came back",
    "EHOSTUNREACH": "no route to host: the next hop did not answer, or the packet went too far",
    "ENETUNREACH": "network unreachable: no route leads there",
    "ECONNRESET": "connection reset by the other side",
    "EMSGSIZE": "message too long for the path",
    "EACCES": "forbidden by this very machine",
    "EPERM": "forbidden by this very machine's own rules",
    "EINVAL": "a route of this very machine swallows it",
}


def narrate(event: Transport, at: str) -> str:
    """The sentence for one event of the transport layer or of a program."""
    here = machine(at)
    match event:
        case e.IcmpSent():
            return icmp_sent(event, here)
        case e.SocketOpened(socket=socket):
            if socket.state == "SYN_RECV":
                return f"A socket of its own begins for {ends(socket.key)}; it waits for the third packet of the handshake."
            kind = {"tcp": "a TCP", "udp": "a UDP", "icmp": "a ping"}[socket.key.protocol]
            return f"{socket.process} on {here} opens {kind} socket: {ends(socket.key)}."
        case e.SocketFound():
            return socket_found(event, here)
        case e.SegmentSent():
            return segment_sent(event, here)
        case e.MessageRead(process=process, message=message):
            return f"{process} on {here} reads {said(message)}."
        case e.ProcessDecided(process=process, upstream=None, origin=Origin() as origin):
            return f"{process} finds the rule ({who(origin)}), but nobody is ready behind it: it answers 503 itself."
        case e.ProcessDecided(process=process, upstream=None, message=message):
            return f"{process} finds no rule for {said(message)}: it answers itself, and opens no second connection."
        case e.ProcessDecided(process=process, upstream=upstream, message=message, origin=origin):
            assert upstream
            return f"{process} reads the host name in {said(message)} and chooses {upstream[0]}:{upstream[1]} ({who(origin)})."
        case e.ProbeEnded(error=None, message=message):
            return f"{here} has its answer: {said(message) if message else 'it came back'}."
        case e.ProbeEnded(error=error):
            return f"{here} gets {error}: {ERRORS[error or '']}."
        case e.ProcessRestarted(process=process):
            return f"{process} dies and is started again; the namespace, its eth0 and its address stay, for the sandbox holds them."
        case _:
            assert_never(event)


def icmp_sent(event: e.IcmpSent, here: str) -> str:
    icmp = event.skb.ip.payload if event.skb else None
    assert isinstance(icmp, Icmp)
    name = ICMP_NAMES.get((icmp.type, icmp.code), f"ICMP type {icmp.type}")
    if not icmp.is_error:
        return f"{here}'s kernel answers the ping itself: {name}."
    return f"{here} tells the sender: {name}{f', at most {icmp.mtu} bytes' if icmp.mtu else ''}{f' ({who(event.by)})' if event.by else ''}."


def socket_found(event: e.SocketFound, here: str) -> str:
    before, after = event.before, event.after
    if before.state == "LISTEN":
        return f"{before.process} on {here} listens on port {before.key.lport}: a connection begins."
    if after is None:
        return f"The socket {ends(before.key)} on {here} closes."
    if after.state != before.state:
        return f"It belongs to {before.process}'s socket on {here}, which goes from {before.state} to {after.state}."
    return f"It belongs to {before.process}'s socket on {here}."


def segment_sent(event: e.SegmentSent, here: str) -> str:
    skb = event.skb
    assert skb is not None
    again = f" again, try {event.retransmission + 1}" if event.retransmission else ""
    l4 = skb.ip.payload
    if not isinstance(l4, Tcp):
        return f"{here} sends {'a ping' if isinstance(l4, Icmp) else 'a datagram'} to {skb.ip.dst}{again}."
    if l4.payload is not None:
        return f"{here} sends {said(l4.payload)}{again}."
    return (
        f"{here}'s TCP sends {PURPOSE.get(l4.flags, '+'.join(l4.flags))} to {skb.ip.dst}:{l4.dport}{again}."
    )


PURPOSE: dict[tuple[str, ...], str] = {
    ("SYN",): "SYN, the wish to connect,",
    ("SYN", "ACK"): "SYN-ACK, the agreement,",
    ("ACK",): "an ACK",
    ("FIN", "ACK"): "FIN, it has no more to say,",
    ("RST",): "RST, no such connection,",
    ("RST", "ACK"): "RST, no such connection,",
}


SPOKEN = 40  # characters of a text that a sentence repeats


def said(message: Message) -> str:
    match message:
        case HttpRequest(method, host, path):
            return f"{method} http://{host}{path}"
        case HttpResponse(status, reason):
            return f"HTTP {status} {reason}"
        case Text(data) if len(data) > SPOKEN:
            return f"“{data[:SPOKEN]}…”, {len(data)} bytes"
        case _:
            return f"“{message.data}”"


def ends(key: SocketKey) -> str:
    if key.rport == 0:
        return f"{key.protocol} port {key.lport}" if key.protocol != "icmp" else f"identifier {key.lport}"
    return f"{key.local}:{key.lport} to {key.remote}:{key.rport}"
