"""The bridge  (net/bridge/br_input.c, br_forward.c, br_device.c): it learns source MACs and forwards by destination MAC."""

from msgspec.structs import replace

from app.datapath import br_netfilter, device
from app.datapath.drop import Drop, DropReason
from app.datapath.events import FdbLearned, FdbLookedUp, PassedUp
from app.datapath.kernel import Kernel, Walk, guarded
from app.kernel.neigh import FdbEntry
from app.kernel.netns import BRIDGE_NF
from app.kernel.skb import Skb


def br_handle_frame(k: Kernel, skb: Skb, port: str) -> Walk[None]:
    """A frame came in by a port.  net/bridge/br_input.c: br_handle_frame, then the PRE_ROUTING hooks."""
    if not k.forwards(port):
        raise Drop(skb, DropReason.BRIDGE_INGRESS_STP_STATE, "br_handle_frame", port)
    if k.nf_hooks_needed:
        skb = yield from br_netfilter.br_nf_pre_routing(k, skb, port)
    if skb.bridged_src is None:
        yield from br_handle_frame_finish(k, skb, port)
    else:
        yield from br_netfilter.br_nf_pre_routing_finish_bridge(k, skb, port)


def br_handle_frame_finish(k: Kernel, skb: Skb, port: str) -> Walk[None]:
    """Learn where the sender is, then find the receiver.  net/bridge/br_input.c: br_handle_frame_finish."""
    master = k.devices[port].master
    assert master, f"{port} is no port of a bridge"
    yield from br_fdb_update(k, skb, master, port)
    broadcast, listening = skb.eth.broadcast, k.devices[master].promiscuous
    entry = None if broadcast else k.netns.learned.fdb.get((master, skb.eth.dst))
    if entry is not None and entry.local:
        yield from br_pass_frame_up(k, skb, master)
        return
    if entry is None:
        yield from br_flood(k, skb, master, port)
    else:
        yield FdbLookedUp(skb, master, "br_fdb_find_rcu", skb.eth.dst, entry)
        yield from guarded(br_forward(k, skb, entry, port))
    if broadcast or listening:
        yield from guarded(br_pass_frame_up(k, skb if broadcast else k.clone(skb), master))


def br_fdb_update(k: Kernel, skb: Skb, master: str, port: str) -> Walk[None]:
    """net/bridge/br_fdb.c: br_fdb_update; a MAC of the machine itself is never learnt, a static entry moves and stays one."""
    source = skb.eth.src
    known = k.netns.learned.fdb.get((master, source))
    if known is None or (known.port != port and not known.local):
        entry = replace(known, port=port) if known else FdbEntry(source, master, port)
        yield FdbLearned(skb, port, "br_fdb_update", entry, known)


def br_forward(k: Kernel, skb: Skb, entry: FdbEntry, ingress: str) -> Walk[None]:
    """To the one port that the FDB names, unless it came from there.  net/bridge/br_forward.c: br_forward, should_deliver."""
    port = entry.port
    assert port, "a bridge's FDB entry names a port"
    if (port == ingress and not k.devices[port].hairpin) or not k.forwards(port):
        raise Drop(skb, DropReason.NOT_SPECIFIED, "br_handle_frame_finish", ingress)
    yield from deliver(k, skb, port)


def deliver(k: Kernel, skb: Skb, port: str) -> Walk[None]:
    """One copy out of one port, through the bridge's FORWARD and POST_ROUTING hooks.  net/bridge/br_forward.c: __br_forward."""
    if k.nf_hooks_needed:
        skb = yield from br_netfilter.br_nf_forward(k, skb, port)
        skb = yield from br_netfilter.br_nf_post_routing(k, skb, port)
    if k.on(BRIDGE_NF) and not skb.is_arp:
        yield from br_netfilter.br_nf_dev_queue_xmit(k, skb, port)
    else:
        yield from br_dev_queue_push_xmit(k, skb, port)


def br_dev_queue_push_xmit(k: Kernel, skb: Skb, port: str) -> Walk[None]:
    """Out of a port, if it takes so much; a bridge tells nobody when it does not.  br_forward.c; net/core/dev.c: is_skb_forwardable."""
    if not skb.is_forwardable(k.devices[port].mtu):
        raise Drop(skb, DropReason.NOT_SPECIFIED, "br_dev_queue_push_xmit", port)
    yield from device.dev_queue_xmit(k, replace(skb, physin=None) if skb.physin else skb, port)


def br_flood(k: Kernel, skb: Skb, master: str, ingress: str | None) -> Walk[None]:
    """A copy for every port, newest first, the one it came by only with hairpin.  net/bridge/br_forward.c: br_flood."""
    ports = tuple(
        port
        for port in reversed(k.netns.config.ports[master])
        if k.forwards(port) and (port != ingress or k.devices[port].hairpin)
    )
    yield FdbLookedUp(skb, master, "br_flood", skb.eth.dst, None, ports, ingress)
    for port in ports:
        yield from guarded(deliver(k, k.clone(skb), port))


def br_pass_frame_up(k: Kernel, skb: Skb, master: str) -> Walk[None]:
    """The machine itself gets the frame, as if the bridge were its NIC.  net/bridge/br_input.c: br_pass_frame_up."""
    skb = replace(skb, dev=master)
    yield PassedUp(skb, master, "br_pass_frame_up")
    yield from device.netif_receive_skb(k, skb, master)


def br_dev_xmit(k: Kernel, skb: Skb, master: str) -> Walk[None]:
    """The machine itself sends by the bridge; ip POSTROUTING has run and does not run again.  net/bridge/br_device.c: br_dev_xmit."""
    if skb.bridged_src is not None:
        yield from br_netfilter.br_nf_dev_xmit(k, skb)
        return
    entry = None if skb.eth.broadcast else k.netns.learned.fdb.get((master, skb.eth.dst))
    if entry is None:
        yield from br_flood_local(k, skb, master)
    else:
        yield FdbLookedUp(skb, master, "br_fdb_find_rcu", skb.eth.dst, entry)
        assert entry.port, "a bridge's FDB entry names a port"
        yield from br_dev_queue_push_xmit(k, skb, entry.port)


def br_flood_local(k: Kernel, skb: Skb, master: str) -> Walk[None]:
    """br_flood with local_orig: LOCAL_OUT and POST_ROUTING of the bridge, no ip hook inside them."""
    ports = tuple(port for port in reversed(k.netns.config.ports[master]) if k.forwards(port))
    yield FdbLookedUp(skb, master, "br_flood", skb.eth.dst, None, ports)
    for port in ports:
        yield from guarded(br_dev_queue_push_xmit(k, k.clone(skb), port))
