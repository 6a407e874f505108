"""Which lines of a namespace's tables decided a step: the entries that its event names as evidence."""

from collections.abc import Iterator

from app.datapath import events
from app.datapath.events import AnyEvent
from app.kernel.show import Entry, RulePosition


def deciding(event: AnyEvent) -> Iterator[tuple[Entry, str]]:
    """Each entry with a sentence that says how it decided."""
    match event:
        case events.RouteLookedUp(route=route) if route is not None:
            yield route, f"this route won: {route.prefix} is the longest prefix that holds {event.dst}"
        case events.FdbLookedUp(entry=entry) if entry is not None:
            yield entry, f"this entry names where {event.mac} is"
        case events.FdbLearned(entry=entry):
            yield entry, "this entry was just learned from the frame's source address"
        case events.NeighLookedUp(entry=found):
            yield found, f"this entry knows the MAC of {found.address}"
        case events.NeighHeld(entry=held):
            yield held, "the packet waits here until somebody answers"
        case events.NeighUpdated(entry=updated):
            yield updated, "this entry just changed"
        case events.ConntrackFound(conn=conn) | events.Translated(conn=conn):
            yield conn, "the packet belongs to this connection"
        case events.Encapsulated(entry=entry):
            yield entry, "this entry names the node that the frame is wrapped for"
        case events.HookPassed(visits=visits):
            for visit in visits:
                for index in visit.matched:
                    yield (
                        RulePosition(visit.table, visit.chain, index),
                        "the marked rules matched; shown are the chains that were walked",
                    )
        case _:
            return
