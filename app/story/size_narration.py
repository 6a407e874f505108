"""Sentences about packets that do not fit, and about what a sender is taught of its way."""

from typing import assert_never

from app.datapath import events as e
from app.story.names import machine

Sizes = e.Fragmented | e.FragmentHeld | e.Reassembled | e.RedirectDue | e.ErrorWithheld | e.ExceptionLearned
WHO = {
    "local delivery": "it is for this machine, which reads whole packets only",
    "conntrack in": "connection tracking wants whole packets",
    "conntrack out": "connection tracking wants whole packets",
    "bridge": "the rules that the bridge asks want whole packets",
}


def narrate(event: Sizes, at: str) -> str:
    here = machine(at)
    match event:
        case e.Fragmented(function="skb_gso_segment", sizes=sizes):
            segments = " + ".join(map(str, sizes))
            return f"{here} makes TCP segments of it, each with all headers: {segments}. Not all of them fit {event.dev} yet."
        case e.Fragmented(mtu=mtu, sizes=sizes):
            pieces = " + ".join(map(str, sizes))
            return f"{here} cuts it for {event.dev}, at most {mtu} bytes each: {pieces}. Only the first piece has the ports."
        case e.FragmentHeld(key=key, held=held):
            return f"{here} keeps this piece, number {len(held)} so far, until it has the others: {WHO[key.user]}."
        case e.Reassembled(pieces=pieces):
            return f"{here} has all {pieces} pieces and puts the packet together again."
        case e.RedirectDue(peer=peer, gateway=gateway):
            return f"It leaves by {event.dev}, where it came in: {here} will tell {peer.address} that {gateway} is its neighbour too."
        case e.ErrorWithheld(peer=peer):
            return f"{here} tells {peer.address} nothing of it: not of every packet is one told, and not too often."
        case e.ExceptionLearned(exception=learned) if event.function == "__ip_do_redirect":
            return f"{here} notes a better way for {learned.address} alone: by {learned.gateway}, for five minutes."
        case e.ExceptionLearned(exception=learned) if learned.lock:
            return f"{here} believes in no path under {learned.mtu} bytes: what it sends to {learned.address} may be cut on the way."
        case e.ExceptionLearned(exception=learned):
            return f"{here} notes that the path to {learned.address} takes {learned.mtu} bytes at most, for ten minutes."
        case _:
            assert_never(event)
