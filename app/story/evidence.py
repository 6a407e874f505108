"""The evidence of a step, in the words of the tables: what was looked up, what decided, what did not and why not."""

from functools import lru_cache
from typing import Any

from app.datapath.events import (
    AnyEvent,
    ArpAsked,
    ChainVisit,
    ConntrackCreated,
    ConntrackFound,
    Decapsulated,
    Dropped,
    Encapsulated,
    ExceptionLearned,
    FdbLearned,
    FdbLookedUp,
    Forwarded,
    Fragmented,
    FragmentHeld,
    HookPassed,
    IcmpSent,
    MessageRead,
    NeighHeld,
    NeighLookedUp,
    NeighUpdated,
    ProbeEnded,
    ProcessDecided,
    Reassembled,
    RedirectDue,
    RouteLookedUp,
    SegmentSent,
    SocketFound,
    SocketOpened,
    Step,
    TimerFired,
    Translated,
)
from app.datapath.nf_chains import At, Seen, first_mismatch
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netfilter import Chain, Rule
from app.kernel.netns import Netns
from app.kernel.origin import KERNEL, Origin
from app.kernel.route import Route
from app.kernel.show.bridge import fdb_line
from app.kernel.show.connections import conn_line
from app.kernel.show.iptables import rule_text
from app.kernel.show.neighbours import neighbour_line
from app.kernel.show.routes import route_line
from app.kernel.socket import Socket
from app.kernel.world import World

SHOWN_RULES = 40  # of one chain; a chain of ten thousand services is counted, not printed


def origin_of(event: AnyEvent) -> Origin | None:
    """Who wrote the entry or rule that decided here; None where only the kernel's own code did."""
    match event:
        case RouteLookedUp(route=Route(origin=origin)) | Encapsulated(entry=FdbEntry(origin=origin)):
            found: Origin | None = origin
        case FdbLookedUp(entry=FdbEntry(origin=origin)) | NeighLookedUp(entry=Neighbour(origin=origin)):
            found = origin
        case (
            HookPassed(by=by)
            | Dropped(by=by)
            | IcmpSent(by=by)
            | Translated(origin=by)
            | ProcessDecided(origin=by)
        ):
            found = by
        case _:
            found = None
    return None if found == KERNEL else found


def evidence(step: Step) -> dict[str, Any]:
    """JSON-ready; empty where the event says all there is."""
    event, netns = step.event, step.world.netns[step.at]
    match event:
        case RouteLookedUp(dst=dst, route=route):
            fib = netns.config.fib
            considered = fib.local.candidates(dst) or fib.main.candidates(dst)
            texts = [route_text(step.world, netns, candidate) for candidate in considered]
            return {
                "dst": dst,
                "chosen": route_text(step.world, netns, route) if route else None,
                "considered": texts,
            }
        case HookPassed():
            return hook_evidence(event, netns)
        case FdbLookedUp(mac=mac, entry=fdb, flooded_to=ports):
            return {"mac": mac, "entry": fdb_line(fdb) if fdb else None, "flooded_to": list(ports)}
        case FdbLearned(entry=fdb):
            return {"entry": fdb_line(fdb)}
        case Encapsulated(vni=vni, entry=fdb):
            return {"vni": vni, "entry": fdb_line(fdb)}
        case Decapsulated(vni=vni):
            return {"vni": vni}
        case Fragmented() | FragmentHeld() | Reassembled() | RedirectDue() | ExceptionLearned():
            return size_evidence(event)
        case (
            NeighLookedUp(entry=neighbour)
            | NeighHeld(entry=neighbour)
            | NeighUpdated(entry=neighbour)
            | ArpAsked(entry=neighbour)
        ):
            return {"entry": neighbour_line(neighbour), "waiting": len(neighbour.queue)}
        case ConntrackFound(conn=conn) | ConntrackCreated(conn=conn) | Translated(conn=conn):
            return {"entry": conn_line(conn), "direction": getattr(event, "direction", "original")}
        case _:
            return transport_evidence(event)


def size_evidence(
    event: Fragmented | FragmentHeld | Reassembled | RedirectDue | ExceptionLearned,
) -> dict[str, Any]:
    match event:
        case Fragmented(mtu=mtu, sizes=sizes):
            return {"mtu": mtu, "sizes": list(sizes)}
        case FragmentHeld(held=held):
            return {"held": [piece.ip.size for piece in held]}
        case Reassembled(pieces=pieces):
            return {"pieces": pieces}
        case RedirectDue(peer=peer, gateway=gateway):
            return {"to": peer.address, "gateway": gateway, "redirects": peer.redirects}
        case ExceptionLearned(exception=learned):
            return {"address": learned.address, "mtu": learned.mtu, "gateway": learned.gateway}


def transport_evidence(event: AnyEvent) -> dict[str, Any]:
    match event:
        case SocketFound(before=before, after=after):
            return {"socket": socket_text(before), "state": after.state if after else "CLOSE"}
        case SocketOpened(socket=socket) | SegmentSent(socket=Socket() as socket):
            return {"socket": socket_text(socket), "state": socket.state}
        case MessageRead(process=process) | ProcessDecided(process=process):
            return {"process": process}
        case ProbeEnded(error=error):
            return {"error": error}
        case TimerFired(after=after):
            return {"after_microseconds": after}
        case Dropped(reason=reason):
            return {"reason": reason.value}
        case Forwarded(route=route):
            return {"out": route.dev}
        case _:
            return {}


def socket_text(socket: Socket) -> str:
    key = socket.key
    return f"{key.protocol} {key.local}:{key.lport} {key.remote}:{key.rport} ({socket.process})"


@lru_cache(maxsize=4096)
def rule_line(rule: Rule) -> str:
    return rule_text(rule).strip()


def route_text(world: World, netns: Netns, route: Route) -> str:
    return route_line(world, netns, route)


def hook_evidence(event: HookPassed, netns: Netns) -> dict[str, Any]:
    """Every chain walked, its rules in order, and for those that did not match the first option that failed."""
    at = At(event.hook, event.iif, event.oif, event.bridged)
    seen = Seen.of(event.before, at, netns.config.fib, lambda probability: False)
    chains = netns.config.rules.tables[event.table]
    return {
        "table": event.table, "hook": event.hook, "iif": event.iif, "oif": event.oif, "verdict": event.verdict,
        "bridged": event.bridged, "mark": {"before": event.before.mark, "after": event.skb.mark if event.skb else 0},
        "compared": sum(visit.compared for visit in event.visits),
        "chains": [chain_evidence(visit, chains[visit.chain], seen) for visit in event.visits],
    }  # fmt: skip


def chain_evidence(visit: ChainVisit, chain: Chain, seen: Seen) -> dict[str, Any]:
    shown = range(visit.compared) if visit.compared <= SHOWN_RULES else visit.matched
    return {
        "chain": visit.chain, "depth": visit.depth, "compared": visit.compared, "rules": len(chain.rules),
        "shown": [rule_evidence(position, chain.rules[position], position in visit.matched, seen) for position in shown],
    }  # fmt: skip


def rule_evidence(position: int, rule: Rule, matched: bool, seen: Seen) -> dict[str, Any]:
    return {
        "index": position, "rule": rule_line(rule), "matched": matched,
        "failed": None if matched else first_mismatch(rule, seen) or "--mark",
    }  # fmt: skip
