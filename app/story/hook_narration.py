"""Sentences about rules, translation and connection tracking."""

from app.datapath import events as e
from app.kernel.conntrack import FlowTuple
from app.kernel.skb import Skb
from app.story.names import machine, who
from app.wire.packet import Icmp


def hook_passed(event: e.HookPassed, at: str) -> str:
    """Which table was asked at which hook, and which chain decided."""
    asked = (
        f"{machine(at)} shows it to {event.table} {event.hook}{' inside the bridge' if event.bridged else ''}"
    )
    chains = way(event.path)
    marks = marked(event)
    match event.verdict:
        case "ACCEPT" if not event.path:
            free = "no rule rewrites it" if event.table == "nat" else "no rule objects"
            return f"{asked}: {free}{marks} ({compared(event)})."
        case "ACCEPT":
            return f"{asked}: {chains} accepts it ({who(event.by)})."
        case "DROP" if not event.path:
            return f"{asked}: the chain's policy drops it, and nobody is told."
        case "DROP":
            return f"{asked}: {chains} drops it ({who(event.by)}), and nobody is told."
        case "REJECT":
            return f"{asked}: {chains} refuses it ({who(event.by)}), and the sender is told at once."
        case verdict:
            return f"{asked}: {chains} decides on {verdict}{marks} ({who(event.by)})."


def way(path: tuple[str, ...]) -> str:
    """The chain that decided; those between it and the hook's own are in the evidence."""
    return " → ".join(path) if len(path) < 3 else f"… → {path[-1]}"


def marked(event: e.HookPassed) -> str:
    if event.skb is None or event.skb.mark == event.before.mark:
        return ""
    return f", and marks it {event.skb.mark:#x}" if event.skb.mark else ", and takes its mark away"


def compared(event: e.HookPassed) -> str:
    count = sum(visit.compared for visit in event.visits)
    return f"{count} rule{'' if count == 1 else 's'} compared"


def translated(event: e.Translated, at: str) -> str:
    """What was rewritten to what; a rule did it once, the entry does it ever after."""
    end = address(event.skb, "dst" if event.kind in ("DNAT", "un-SNAT") else "src")
    here = machine(at)
    match event.kind:
        case "DNAT":
            return f"{here} rewrites the destination to {end}{because(event)}."
        case "SNAT":
            return f"{here} rewrites the source to {end}{because(event)}."
        case "un-DNAT":
            return f"{here} knows the connection: the source becomes {end} again, as it was before {here} rewrote it."
        case "un-SNAT":
            return f"{here} knows the connection: the destination becomes {end} again, as it was before {here} rewrote it."


def because(event: e.Translated) -> str:
    """A rule did it for the first packet; from then on the entry does."""
    by_rule = event.first and event.origin is not None
    return f", by a rule of {who(event.origin)}" if by_rule else ", as the connection's entry says"


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
            both = f"{flow(conn.original)}, answers as {flow(conn.reply)}"
            return f"The packet got through: {here}'s conntrack table now holds {both}."
        case e.ConntrackDestroyed():
            return f"A connection that was only ever refused: {here} forgets it."
        case e.ConntrackCreated():
            return f"{here} has no entry for this connection: one begins, on the packet only, until the packet gets through."
        case _:
            if event.skb is not None and event.skb.ctinfo == "RELATED":
                shared = ", and translated with it" if conn.dnat or conn.snat else ""
                return f"This error is about a connection that {here} knows: it is RELATED{shared}."
            side = "the answer's side" if event.direction == "reply" else "the asking side"
            state = (
                f" It is {conn.state} now."
                if event.before is not None and event.before.state != conn.state
                else ""
            )
            return f"{here} knows this connection, and this packet is from {side}: no nat chain is walked.{state}"


def flow(tuple_: FlowTuple) -> str:
    if tuple_.protocol == "icmp":
        return f"{tuple_.src} → {tuple_.dst} id {tuple_.sport}"
    return f"{tuple_.src}:{tuple_.sport} → {tuple_.dst}:{tuple_.dport}"
