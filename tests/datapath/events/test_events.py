"""Events: facts with their evidence, and what each one changes in a namespace."""

from collections.abc import Iterator
from typing import get_args

import pytest

from app.datapath import events as e
from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netns import Learned, Netns
from app.kernel.socket import Socket, SocketKey
from app.wire.packet import Text
from tests.stages import frame, packet
from tests.worlds import on_one_bridge

HERE = on_one_bridge()["node1/pod1"]
SKB = frame(packet("10.244.1.2", "10.244.1.3"))
NEIGH = Neighbour("10.244.1.3", "eth0", "REACHABLE", "0a:58:0a:f4:01:03")
FDB = FdbEntry("0a:58:0a:f4:01:03", "cbr0", "vethyyy")
FLOW = FlowTuple("tcp", "10.244.1.2", 40001, "10.244.1.3", 8080)
CONN = Conn(FLOW, FLOW.reversed, "ESTABLISHED", confirmed=True)
KEY = SocketKey("tcp", "10.244.1.2", 40001, "10.244.1.3", 8080)
SOCKET = Socket(KEY, "curl", "SYN_SENT")


def descendants(kind: type[e.Event]) -> Iterator[type[e.Event]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from descendants(sub)


def test_the_union_names_every_event_there_is() -> None:
    """`narrate` matches the union exhaustively, so nothing may be missing from it."""
    declared = set(get_args(e.AnyEvent))
    assert set(descendants(e.Event)) == declared


@pytest.mark.parametrize(
    ("event", "table", "key", "value"),
    [
        (e.FdbLearned(SKB, "vethyyy", "br_fdb_update", FDB), "fdb", ("cbr0", FDB.mac), FDB),
        (e.NeighHeld(SKB, "eth0", "__neigh_event_send", NEIGH), "neigh", ("eth0", NEIGH.address), NEIGH),
        (e.NeighUpdated(SKB, "eth0", "neigh_update", NEIGH), "neigh", ("eth0", NEIGH.address), NEIGH),
        (e.ArpAsked(SKB, "eth0", "arp_solicit", NEIGH), "neigh", ("eth0", NEIGH.address), NEIGH),
        (e.ConntrackConfirmed(SKB, "eth0", "confirm", CONN, "original"), "conntrack", CONN.reply, CONN),
        (e.ConntrackFound(SKB, "eth0", "resolve_normal_ct", CONN, "reply"), "conntrack", CONN.original, CONN),
        (e.SocketOpened(None, None, "tcp_v4_connect", SOCKET), "sockets", KEY, SOCKET),
        (e.SegmentSent(SKB, None, "__tcp_transmit_skb", SOCKET), "sockets", KEY, SOCKET),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, e.Event) else None,
)
def test_an_event_writes_its_entry_and_touches_nothing_else(
    event: e.Event, table: str, key: object, value: object
) -> None:
    after = event.apply(HERE)
    assert getattr(after.learned, table)[key] == value
    assert after.config is HERE.config
    others = [name for name in Learned.__struct_fields__ if name != table]
    assert all(getattr(after.learned, name) is getattr(HERE.learned, name) for name in others)


def known(**tables: object) -> Netns:
    return HERE.learn(**tables)


@pytest.mark.parametrize(
    ("event", "before"),
    [
        (e.NeighLookedUp(SKB, "eth0", "neigh_resolve_output", NEIGH, NEIGH), HERE),
        (e.ConntrackFound(SKB, "eth0", "resolve_normal_ct", CONN, "reply", CONN), HERE),
        (e.SocketFound(SKB, "eth0", "tcp_ack", SOCKET, SOCKET), HERE),
        (e.ConntrackCreated(SKB, "eth0", "init_conntrack", CONN), HERE),
        (e.SegmentSent(SKB, None, "tcp_v4_send_reset"), HERE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, e.Event) else None,
)
def test_where_nothing_is_new_the_namespace_is_the_same_object(event: e.Event, before: Netns) -> None:
    assert event.apply(before) is before


def test_a_forgotten_connection_leaves_by_both_its_tuples() -> None:
    at = known(conntrack={CONN.original: CONN, CONN.reply: CONN})
    assert not e.ConntrackDestroyed(SKB, "eth0", "nf_ct_kill_acct", CONN, "reply").apply(at).learned.conntrack


def test_a_closed_socket_is_gone() -> None:
    at = known(sockets={KEY: SOCKET})
    assert not e.SocketFound(SKB, "eth0", "tcp_reset", SOCKET, None).apply(at).learned.sockets


def test_a_restart_keeps_the_listeners_and_the_other_processes() -> None:
    """The namespace stays: scenario 1."""
    listener = Socket(SocketKey("tcp", "0.0.0.0", 8080), "web", "LISTEN")
    mine = Socket(SocketKey("tcp", "10.244.1.2", 8080, "10.244.1.3", 1), "web", "ESTABLISHED")
    others = Socket(KEY, "curl", "ESTABLISHED")
    at = known(sockets={s.key: s for s in (listener, mine, others)})
    after = e.ProcessRestarted(None, None, "execve", "web").apply(at)
    assert set(after.learned.sockets.values()) == {listener, others}


@pytest.mark.parametrize(
    "event",
    [
        e.Received(SKB, "eth0", "netif_receive_skb"),
        e.Transmitted(SKB, "eth0", "dev_queue_xmit"),
        e.MessageRead(SKB, None, "tcp_recvmsg", KEY, "curl", Text("hello")),
        e.ProbeEnded(None, None, "recv", KEY, None),
        e.TimerFired(None, None, "tcp_retransmit_timer", 1_000_000),
    ],
    ids=lambda event: type(event).__name__,
)
def test_most_events_only_say_what_happened(event: e.Event) -> None:
    assert event.apply(HERE) is HERE
