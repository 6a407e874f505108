"""Sentences about rules, translation and connection tracking."""

from app.datapath import events as e
from app.kernel.conntrack import FlowTuple
from app.kernel.skb import Skb
from app.story.names import machine, who
from app.wire.packet import Icmp


def hook_passed(event: e.HookPassed, at: str) -> str:
    """Which table was asked at which hook, and which chain decided."""
    asked = f"{machine(at)} shows it to {event.table} {event.hook}{' from inside the bridge' if event.bridged else ''}"
    chains = " → ".join(visit.chain for visit in event.visits if visit.matched)
    match event.verdict:
        case "ACCEPT" if event.by is None:
            marked = event.skb is not None and event.skb.mark != event.before.mark
            note = (
                f"only its mark changes, to {event.skb.mark:#x}"
                if marked and event.skb
                else "no rule objects"
            )
            return f"{asked}: {note} ({compared(event)})."
        case "ACCEPT":
            return f"{asked}: {chains} accepts it ({who(event.by)})."
        case "DROP":
            return f"{asked}: {chains or 'the policy'} drops it{f' ({who(event.by)})' if event.by else ''}, and nobody is told."
        case "REJECT":
            return f"{asked}: {chains} refuses it ({who(event.by)}), and the sender is told at once."
        case verdict:
            return f"{asked}: {chains} decides on {verdict} ({who(event.by)})."


def compared(event: e.HookPassed) -> str:
    count = sum(visit.compared for visit in event.visits)
    return f"{count} rule{'' if count == 1 else 's'} compared"


def translated(event: e.Translated, at: str) -> str:
    """What was rewritten to what; a rule did it once, the entry does it ever after."""
    end = address(event.skb, "dst" if event.kind in ("DNAT", "un-SNAT") else "src")
    here = machine(at)
    match event.kind:
        case "DNAT":
            again = (
                f" by {who(event.origin)}'s rule"
                if event.first and event.origin
                else ", as the connection's entry says"
            )
            return f"{here} rewrites the destination to {end}{again}."
        case "SNAT":
            again = (
                f" by {who(event.origin)}'s rule"
                if event.first and event.origin
                else ", as the connection's entry says"
            )
            return f"{here} rewrites the source to {end}{again}."
        case "un-DNAT":
            return f"{here} knows the connection: the answer's source becomes {end} again, the address the client asked for."
        case "un-SNAT":
            return f"{here} knows the connection: the answer's destination becomes {end} again, the one who really asked."


def address(skb: Skb | None, end: str) -> str:
    if skb is None:
        return "?"
    ip, l4 = skb.ip, skb.ip.payload
    host = ip.dst if end == "dst" else ip.src
    if isinstance(l4, Icmp):
        return host
    return f"{host}:{l4.dport if end == 'dst' else l4.sport}"


def conntrack(event: e.ConntrackFound | e.ConntrackCreated, at: str) -> str:
    """Where the packet's connection stands in this namespace."""
    conn, here = event.conn, machine(at)
    match event:
        case e.ConntrackConfirmed():
            both = f"{flow(conn.original)}, answers expected as {flow(conn.reply)}"
            return f"The packet got through: {here}'s conntrack table now holds {both}."
        case e.ConntrackDestroyed():
            return f"A connection that was only ever refused: {here} forgets it."
        case e.ConntrackCreated():
            return f"{here} has not seen this connection: an entry begins, on the packet only, until the packet gets through."
        case _:
            if event.skb is not None and event.skb.ctinfo == "RELATED":
                return f"This error is about a connection that {here} knows: it is RELATED, and translated with it."
            side = "the answer's side" if event.direction == "reply" else "the asking side"
            state = (
                f" It is {conn.state} now."
                if event.before is not None and event.before.state != conn.state
                else ""
            )
            return f"{here} knows this connection, and this packet is from {side}: no nat chain is walked.{state}"


def flow(tuple_: FlowTuple) -> str:
    return f"{tuple_.src}:{tuple_.sport} → {tuple_.dst}:{tuple_.dport}"
