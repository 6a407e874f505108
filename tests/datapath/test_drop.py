"""The end of a packet: its reason in the kernel's words, and the one place where it becomes an event."""

import re

from app.datapath.drop import Drop, DropReason
from app.datapath.events import Dropped
from app.datapath.kernel import Kernel, Walk, guarded
from app.kernel.origin import Origin
from tests.stages import frame, packet, run
from tests.worlds import on_one_bridge

POD1 = on_one_bridge()["node1/pod1"]
DEAD = frame(packet("10.244.1.2", "10.244.1.3"))


def dying(k: Kernel) -> Walk[None]:
    yield from ()
    raise Drop(DEAD, DropReason.NO_SOCKET, "tcp_v4_rcv", "eth0", Origin("somebody"))


def test_a_drop_becomes_an_event_that_says_where_and_by_whom() -> None:
    event = run(POD1, lambda k: guarded(dying(k))).one(Dropped)
    assert (event.skb, event.dev, event.function) == (DEAD, "eth0", "tcp_v4_rcv")
    assert (event.reason, event.by) == (DropReason.NO_SOCKET, Origin("somebody"))


def test_a_guarded_drop_ends_nothing_else() -> None:
    def two(k: Kernel) -> Walk[None]:
        yield from guarded(dying(k))
        yield from guarded(dying(k))

    assert len(run(POD1, two).all(Dropped)) == 2


def test_reasons_are_spelled_as_in_dropreason_core_h() -> None:
    assert all(re.fullmatch("[A-Z0-9_]+", reason.value) for reason in DropReason)
    assert str(Drop(DEAD, DropReason.IP_INHDR, "ip_forward")) == "IP_INHDR in ip_forward"
