"""All English about steps: one sentence for each event, saying what happened and why.

One exhaustive `match`: mypy proves that no event is forgotten.  Sentences are written for a reader who sees the packet
and the picture, so they name places and reasons and repeat no header field that is on the screen anyway.
"""

from typing import assert_never

from app.datapath import events as e
from app.datapath.events import Step
from app.story import hook_narration, size_narration, transport_narration
from app.story.drops import why_dropped
from app.story.names import device, machine, route_words, who
from app.story.outcome import Outcome
from app.wire.packet import Arp


def narrate(step: Step) -> str:
    """The sentence of a step."""
    event, at = step.event, step.at
    match event:
        case e.Received() | e.Transmitted() | e.Dropped():
            return devices(step, event)
        case e.FdbLearned() | e.FdbLookedUp() | e.PassedUp():
            return bridges(event, at)
        case e.NeighLookedUp() | e.NeighHeld() | e.NeighUpdated():
            return neighbours(event, at)
        case e.ArpAsked() | e.ArpAnswered() | e.ArpIgnored():
            return neighbours(event, at)
        case e.RouteLookedUp() | e.Forwarded() | e.DeliveredLocally() | e.IcmpIgnored():
            return network(event, at)
        case e.Fragmented() | e.FragmentHeld() | e.Reassembled():
            return size_narration.narrate(event, at)
        case e.RedirectDue() | e.ErrorWithheld() | e.ExceptionLearned():
            return size_narration.narrate(event, at)
        case e.HookPassed():
            return hook_narration.hook_passed(event, at)
        case e.Translated():
            return hook_narration.translated(event, at)
        case e.ConntrackFound() | e.ConntrackCreated():
            return hook_narration.conntrack(event, at)
        case e.Encapsulated(vni=vni, entry=entry):
            return (
                f"{event.dev} wraps the whole frame in UDP for {entry.dst} (VNI {vni}): 50 bytes more, "
                "and the wire sees only nodes."
            )
        case e.Decapsulated(vni=vni, port=port):
            return f"UDP port {port} and VNI {vni} lead to {event.dev}: the outer headers come off, the frame inside is as it was sent."
        case e.TimerFired(after=after):
            return f"{after / 1e6:g} s have passed without an answer."
        case _:
            return transport_narration.narrate(event, at)


def devices(step: Step, event: e.Received | e.Transmitted | e.Dropped) -> str:
    at = step.at
    match event:
        case e.Received():
            return received(event, at)
        case e.Transmitted():
            return transmitted(event, at)
        case e.Dropped(by=by):
            return f"{machine(at)} drops it: {why_dropped(step, event)}{f' ({who(by)})' if by else ''}."
        case _:
            assert_never(event)


def bridges(event: e.FdbLearned | e.FdbLookedUp | e.PassedUp, at: str) -> str:
    match event:
        case e.FdbLearned(entry=entry):
            return f"{entry.dev} notes that {entry.mac} is behind port {entry.port}: bridges learn from source addresses."
        case e.FdbLookedUp():
            return fdb_looked_up(event)
        case e.PassedUp(skb=skb):
            everybody = skb is not None and skb.eth.broadcast
            whom = "everybody" if everybody else f"{machine(at)} itself"
            return f"The frame is for {whom}: {event.dev} hands it up to the network layer."
        case _:
            assert_never(event)


def network(event: e.RouteLookedUp | e.Forwarded | e.DeliveredLocally | e.IcmpIgnored, at: str) -> str:
    here = machine(at)
    match event:
        case e.RouteLookedUp():
            return route_looked_up(event, at)
        case e.Forwarded(skb=skb, route=route):
            ttl = skb.ip.ttl if skb else 0
            return f"{here} is a router (ip_forward=1): TTL goes from {ttl + 1} to {ttl}, out by {route.dev}."
        case e.DeliveredLocally(skb=skb):
            layer = skb.ip.protocol.upper() if skb else "transport"
            return f"This address belongs to {here}: the packet goes up to {layer}."
        case e.IcmpIgnored(function="icmp_reply"):
            return f"{here} has no way back to who asked, so the echo gets no answer."
        case e.IcmpIgnored(function="icmp_err"):
            return f"The message is about an echo reply, which the kernel of {here} sent by itself: no program is told."
        case e.IcmpIgnored():
            return f"The message is about a packet whose socket is gone: {here} counts it, and that is the end of it."
        case _:
            assert_never(event)


def received(event: e.Received, at: str) -> str:
    dev = device(at, event.dev)
    if event.skb and event.skb.clone_of is not None and event.skb.is_arp and event.skb.arp.op == "request":
        return f"A copy of the question arrives at {dev}."
    return f"The frame arrives at {dev}."


def transmitted(event: e.Transmitted, at: str) -> str:
    skb, dev = event.skb, device(at, event.dev)
    if skb is None:
        return f"A frame leaves by {dev}."
    if skb.is_arp:
        asked = skb.arp.op == "request"
        return f"The ARP {'question' if asked else 'answer'} leaves by {dev}, {'to everybody' if asked else 'to the one who asked'}."
    return f"The frame leaves by {dev}."


def fdb_looked_up(event: e.FdbLookedUp) -> str:
    if event.entry is not None:
        if event.entry.dst:
            return f"{event.dev} asks its FDB for {event.mac}: that VTEP is on the node {event.entry.dst} ({who(event.entry.origin)})."
        return f"{event.dev} knows {event.mac}: it is behind {event.entry.port}, so only that port gets the frame."
    if event.flooded_to or event.function == "br_flood":
        everybody = bool(event.skb and event.skb.eth.broadcast)
        ports = ", ".join(port for port in event.flooded_to if port != event.came_by) or "no other port"
        back = (
            f", and back by {event.came_by}, where hairpin is on" if event.came_by in event.flooded_to else ""
        )
        why = "floods the broadcast" if everybody else "does not know this MAC and floods"
        return f"{event.dev} {why}: a copy for {ports}{back}."
    return f"{event.dev} has no FDB entry for {event.mac}: it does not know which node to send this to."


def neighbours(
    event: e.NeighLookedUp | e.NeighHeld | e.NeighUpdated | e.ArpAsked | e.ArpAnswered | e.ArpIgnored, at: str
) -> str:
    here = machine(at)
    match event:
        case e.NeighLookedUp(entry=entry):
            if entry.state == "PERMANENT":
                return f"The next hop {entry.address} has MAC {entry.mac}, written in advance by {who(entry.origin)}: nobody needs to ask."
            final = event.skb is not None and event.skb.ip.dst == entry.address
            whom = entry.address if final else f"the next hop {entry.address}"
            return f"{here} knows {whom}: its MAC {entry.mac} becomes the frame's destination."
        case e.NeighHeld(entry=entry):
            return f"{here} does not know the MAC of {entry.address}: the packet waits while ARP asks."
        case e.NeighUpdated(entry=entry, before=before):
            if entry.state == "FAILED":
                return f"{here} gives up on {entry.address} after {before.probes if before else 3} questions: nobody has it."
            if before is None or before.mac is None:
                how = " from the question itself" if before is None else ", and what waited can go"
                return f"{here} learns that {entry.address} has MAC {entry.mac}{how}."
            return f"{here} marks {entry.address} as {entry.state}: its MAC is {entry.mac}."
        case e.ArpAsked(entry=entry):
            again = "" if entry.probes == 1 else f" again ({entry.probes} of 3)"
            return f"{here}'s own kernel asks everybody on the link{again}: who has {entry.address}?"
        case e.ArpAnswered(address=address):
            return f"{here} has {address} and answers the one who asked, nobody else."
        case e.ArpIgnored(skb=skb, address=address):
            arp = skb.arp if skb else None
            what = (
                f"{address} is not an address of {here}"
                if isinstance(arp, Arp) and arp.op == "request"
                else f"{here} did not ask"
            )
            return f"{what}: this copy ends here, and nothing is learnt."
        case _:
            assert_never(event)


def route_looked_up(event: e.RouteLookedUp, at: str) -> str:
    here = machine(at)
    if event.route is None:
        return f"{here} has no route to {event.dst}."
    if event.route.type == "local":
        return f"{event.dst} is an address of {here}: nothing is longer than its own /32."
    if event.route.type != "unicast":
        return f"{here}'s route for {event.dst} says {event.route.type}."
    return f"{here} looks up {event.dst}: the longest match is {route_words(event.route)}."


def tell_outcome(outcome: Outcome) -> str:
    """One sentence for how it ended."""
    where = machine(outcome.netns) if outcome.netns else "some place"
    by = f", decided by {who(outcome.by)}" if outcome.by else ""
    why = f": {outcome.why}" if outcome.why else ""
    match outcome.verdict:
        case "delivered":
            return f"Delivered: the sender got its answer ({outcome.reason})."
        case "rejected":
            return f"Refused by {where} ({outcome.reason}){by}: the sender knows at once."
        case "dropped":
            news = f"the sender was told: {outcome.told}" if outcome.told else "the sender hears nothing"
            return f"Dropped by {where} ({outcome.reason}){why}{by}; {news}."
        case "looped":
            return f"It went in circles until {where} ended it ({outcome.reason}){why}."
        case "unanswered" if outcome.told:
            return f"Never sent: {where} has no way there ({outcome.told})."
        case "unanswered":
            return f"No answer ever came ({outcome.reason})."
        case "undecided":
            return f"Undecided: {outcome.reason}."
