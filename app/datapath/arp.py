"""ARP and the neighbour table  (net/ipv4/arp.c, net/core/neighbour.c; RFC 826)."""

from functools import partial

from msgspec.structs import replace

from app.datapath import device, icmp, ip_input, ip_output
from app.datapath.drop import DropReason
from app.datapath.events import (
    ArpAnswered,
    ArpAsked,
    ArpIgnored,
    Dropped,
    NeighHeld,
    NeighLookedUp,
    NeighUpdated,
    TimerFired,
)
from app.datapath.kernel import TIMER_SECOND, Arm, Kernel, Walk, guarded
from app.kernel.neigh import Neighbour, NeighState
from app.kernel.skb import Skb
from app.wire.addr import ANY, BROADCAST_MAC, ZERO_MAC, Address, Mac
from app.wire.packet import Arp, Ethernet

MAX_PROBES = 3  # mcast_solicit
RETRANSMIT = TIMER_SECOND  # retrans_time
LOCKTIME = 1_000_000  # net.ipv4.neigh.*.locktime, microseconds


def arp_rcv(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """A request for an address of this machine is answered, and teaches who asked; a reply fills the entry that waits.

    Everything else teaches nothing new: only an entry that exists is refreshed.  What is for another MAC is not even a drop.
    net/ipv4/arp.c: arp_rcv, arp_process.
    """
    message = skb.arp
    if skb.eth.dst not in (k.devices[dev].mac, BROADCAST_MAC):
        yield ArpIgnored(skb, dev, "arp_rcv", message.target_ip)
    elif message.op == "request" and is_answered(k, message, dev):
        yield from neigh_event_ns(k, skb, dev)
        yield from arp_reply(k, skb, dev)
    elif (known := k.netns.learned.neigh.get((dev, message.sender_ip))) and known.state != "PERMANENT":
        solicited = message.op == "reply" and not skb.eth.broadcast
        state: NeighState = "REACHABLE" if solicited else "STALE"
        override = k.now > known.updated + LOCKTIME
        news = yield from neigh_update(k, skb, known, message.sender_mac, state, override=override)
        if not news:
            yield ArpIgnored(skb, dev, "arp_process", message.target_ip)
    else:
        yield ArpIgnored(skb, dev, "arp_process", message.target_ip)


def is_answered(k: Kernel, message: Arp, dev: str) -> bool:
    """For an address of ours, and only if a packet from the asker would be let in too (arp_process: ip_route_input_noref)."""
    asker = message.sender_ip
    return k.fib.is_local(message.target_ip) and (
        asker == ANY or ip_input.fib_validate_source(k, asker, dev) is None
    )


def neigh_event_ns(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    """Who asks is worth remembering: the answer to it will be wanted soon.  net/core/neighbour.c: neigh_event_ns."""
    sender, mac = skb.arp.sender_ip, skb.arp.sender_mac
    known = k.netns.learned.neigh.get((dev, sender)) or Neighbour(sender, dev, "INCOMPLETE")
    if known.state != "PERMANENT":
        yield from neigh_update(k, skb, known, mac, "STALE")


def neigh_update(
    k: Kernel, skb: Skb, known: Neighbour, mac: Mac, state: NeighState, *, override: bool = True
) -> Walk[bool]:
    """Write a MAC and a state, then send what waited; False if nothing is new.  STALE never degrades an entry with the same MAC.

    Without `override` a valid entry keeps its MAC: of two that answer, the first is believed.

    net/core/neighbour.c: __neigh_update
    """
    if known.valid and known.mac == mac and (state == "STALE" or known.state == state):
        return False
    if known.valid and known.mac != mac and not override:
        return False
    entry = replace(known, mac=mac, state=state, queue=(), probes=0, updated=k.now)
    before = known if (known.dev, known.address) in k.netns.learned.neigh else None
    yield NeighUpdated(skb, known.dev, "neigh_update", entry, before)
    for waiting in known.queue:
        yield from guarded(ip_output.neigh_output(k, waiting, known.dev, known.address))
    return True


def arp_reply(k: Kernel, skb: Skb, dev: str) -> Walk[None]:
    asked, mac = skb.arp, k.devices[dev].mac
    answer = Arp("reply", mac, asked.target_ip, asked.sender_mac, asked.sender_ip)
    reply = k.alloc_skb(Ethernet(mac, asked.sender_mac, answer))
    yield ArpAnswered(reply, dev, "arp_send", asked.target_ip)
    yield from device.dev_queue_xmit(k, reply, dev)


def neigh_resolve(k: Kernel, skb: Skb, dev: str, address: Address) -> Walk[Skb | None]:
    """The packet with its link layer header, or None when it had to be queued until ARP has asked.  neigh_resolve_output."""
    known = k.netns.learned.neigh.get((dev, address))
    if known is not None and known.valid:
        state: NeighState = "DELAY" if known.state == "STALE" else known.state
        used = known if known.cached and state == known.state else replace(known, state=state, cached=True)
        assert known.mac
        framed = replace(skb, packet=Ethernet(k.devices[dev].mac, known.mac, skb.ip))
        yield NeighLookedUp(framed, dev, "neigh_resolve_output", used, known)
        return framed
    if known is not None and known.state == "INCOMPLETE":
        yield NeighHeld(skb, dev, "__neigh_event_send", replace(known, queue=(*known.queue, skb)))
        return None
    yield NeighHeld(skb, dev, "__neigh_event_send", Neighbour(address, dev, "INCOMPLETE", queue=(skb,)))
    yield from arp_solicit(k, dev, address)
    return None


def neigh_event_send(k: Kernel, dev: str, address: Address) -> Walk[None]:
    """Ask for a neighbour that no packet waits for yet.  net/core/neighbour.c: __neigh_event_send."""
    known = k.netns.learned.neigh.get((dev, address))
    if known is None or known.state != "INCOMPLETE":
        yield from arp_solicit(k, dev, address)


def arp_solicit(k: Kernel, dev: str, address: Address) -> Walk[None]:
    """Ask everybody on the link who has the address, and come back in a second.  net/ipv4/arp.c: arp_solicit."""
    entry = k.netns.learned.neigh.get((dev, address))
    if entry is None or entry.state != "INCOMPLETE":
        entry = Neighbour(address, dev, "INCOMPLETE")
    probe = entry.probes + 1
    mac = k.devices[dev].mac
    sender = source_for(k, dev, address, entry)
    request = k.alloc_skb(Ethernet(mac, BROADCAST_MAC, Arp("request", mac, sender, ZERO_MAC, address)))
    yield ArpAsked(request, dev, "arp_solicit", replace(entry, probes=probe))
    yield Arm(RETRANSMIT, partial(neigh_timer_handler, dev=dev, address=address, probe=probe))
    yield from guarded(device.dev_queue_xmit(k, request, dev))


def source_for(k: Kernel, dev: str, address: Address, entry: Neighbour) -> Address:
    """arp_announce 0: the waiting packet's own source if it is ours, else an address of the device on the target's net."""
    held = entry.queue[0].ip.src if entry.queue else None
    if held and k.fib.is_local(held):
        return held
    on_link = (i.address for i in k.devices[dev].addresses if address in i.prefix)
    return next(on_link, None) or k.address_of(dev) or ANY


def neigh_timer_handler(k: Kernel, *, dev: str, address: Address, probe: int) -> Walk[None]:
    """Nobody answered in time: ask again, or give up.  net/core/neighbour.c: neigh_timer_handler."""
    entry = k.netns.learned.neigh.get((dev, address))
    if entry is None or entry.state != "INCOMPLETE" or entry.probes != probe:
        return
    yield TimerFired(None, dev, "neigh_timer_handler", RETRANSMIT)
    if probe < MAX_PROBES:
        yield from arp_solicit(k, dev, address)
    else:
        yield from neigh_invalidate(k, entry)


def neigh_invalidate(k: Kernel, entry: Neighbour) -> Walk[None]:
    """The neighbour FAILED: every packet that waited ends here, and its sender is told.  neigh_invalidate, arp_error_report."""
    yield NeighUpdated(None, entry.dev, "neigh_invalidate", replace(entry, state="FAILED", queue=()), entry)
    for waiting in entry.queue:
        yield from guarded(icmp.icmp_send(k, waiting, icmp.DEST_UNREACH, icmp.HOST_UNREACH))
        yield Dropped(waiting, entry.dev, "arp_error_report", DropReason.NEIGH_FAILED)
