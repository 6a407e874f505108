"""ARP and the neighbour table: who asks, who answers, who learns, and how long anyone waits."""

import pytest

from app.datapath.arp import arp_rcv, neigh_invalidate, neigh_resolve, neigh_timer_handler
from app.datapath.drop import DropReason
from app.datapath.events import (
    ArpAnswered,
    ArpAsked,
    ArpIgnored,
    Dropped,
    IcmpSent,
    NeighHeld,
    NeighUpdated,
    Transmitted,
)
from app.kernel.neigh import Neighbour
from app.kernel.netns import Netns, netns
from app.kernel.skb import Skb
from app.wire.addr import BROADCAST_MAC, mac_of
from app.wire.packet import Arp, Ethernet
from tests.journeys import about, perform, probe, send
from tests.stages import bare, is_at, packet, run, who_has
from tests.worlds import LO, device, knows, machines, on_one_bridge, routed

POD1, POD2, POD5 = "10.244.1.2", "10.244.1.3", "10.244.1.6"


def host(address: str = POD1, *neigh: Neighbour) -> Netns:
    """One machine with eth0 on the link of the pods."""
    return netns("host", (LO, device("eth0", "veth", f"{address}/24")), neigh=neigh)


def test_r10_who_is_asked_answers_the_asker_alone_and_learns_it_stale() -> None:
    ran = run(host(POD2), arp_rcv, who_has(POD2, tell=POD1), "eth0")
    learnt, before = ran.one(NeighUpdated).entry, ran.one(NeighUpdated).before
    assert (learnt.address, learnt.mac, learnt.state, before) == (POD1, mac_of(POD1), "STALE", None)
    reply = ran.one(Transmitted).skb
    assert reply and reply.eth == Ethernet(
        mac_of(POD2), mac_of(POD1), Arp("reply", mac_of(POD2), POD2, mac_of(POD1), POD1)
    )
    assert ran.one(ArpAnswered).address == POD2


def test_r10_an_entry_learnt_from_a_question_becomes_delay_when_it_is_used_and_nobody_asks_back() -> None:
    ran = run(host(POD2, knows("eth0", POD1, "STALE")), neigh_resolve, bare(packet(POD2, POD1)), "eth0", POD1)
    assert ran.result.eth.dst == mac_of(POD1)
    assert ran.netns.learned.neigh["eth0", POD1].state == "DELAY"
    assert not ran.all(ArpAsked)


def test_r10_a_bystander_ignores_the_question_and_learns_nothing() -> None:
    before = host(POD5)
    ran = run(before, arp_rcv, who_has(POD2, tell=POD1), "eth0")
    assert ran.names == ["ArpIgnored"]
    assert ran.netns.learned.neigh == before.learned.neigh


def test_a_bystander_who_knows_the_asker_already_ends_the_copy_too() -> None:
    """arp_process refreshes a known sender, here to no effect, and consumes the frame: a frame that came in must end somewhere."""
    ran = run(host(POD5, knows("eth0", POD1, "STALE")), arp_rcv, who_has(POD2, tell=POD1), "eth0")
    assert ran.events, "a copy came in and nothing says what became of it"


def test_a_question_from_a_new_mac_refreshes_an_entry_that_exists() -> None:
    ran = run(host(POD5, long_known(POD1)), arp_rcv, who_has(POD2, tell=POD1), "eth0")
    entry = ran.one(NeighUpdated).entry
    assert (entry.mac, entry.state) == (mac_of(POD1), "STALE"), "a broadcast does not assert reachability"


def test_a_reply_makes_the_entry_reachable_and_sends_what_waited() -> None:
    waiting = bare(packet(POD1, POD2), id=9)
    asked = Neighbour(POD2, "eth0", "INCOMPLETE", queue=(waiting,), probes=1)
    ran = run(host(POD1, asked), arp_rcv, is_at(POD2, asker=POD1), "eth0")
    assert ran.one(NeighUpdated).before == asked
    entry = ran.netns.learned.neigh["eth0", POD2]
    assert (entry.state, entry.mac, entry.queue) == ("REACHABLE", mac_of(POD2), ())
    sent = ran.one(Transmitted).skb
    assert sent and (sent.id, sent.eth.dst) == (9, mac_of(POD2)), "the packet that waited keeps its id"


def test_a_reply_to_everybody_asserts_no_reachability() -> None:
    """Broadcast replies and requests make an entry STALE only (arp_process)."""
    announcement = Ethernet(
        mac_of(POD2), BROADCAST_MAC, Arp("reply", mac_of(POD2), POD2, BROADCAST_MAC, POD2)
    )
    ran = run(host(POD1, long_known(POD2)), arp_rcv, Skb(1, announcement), "eth0")
    entry = ran.one(NeighUpdated).entry
    assert (entry.state, entry.mac) == ("STALE", mac_of(POD2))


def long_known(address: str) -> Neighbour:
    """An entry with a MAC that is out of date, and older than net.ipv4.neigh.*.locktime."""
    return Neighbour(address, "eth0", "REACHABLE", "02:00:00:00:00:01", updated=-2_000_000)


def test_of_two_that_answer_the_first_is_believed() -> None:
    """Found by fuzzing: an entry that changed a moment ago keeps its MAC (arp_process: locktime)."""
    ran = run(
        host(POD1, knows("eth0", POD2, "REACHABLE", "02:00:00:00:00:01")),
        arp_rcv,
        is_at(POD2, asker=POD1),
        "eth0",
    )
    assert ran.did(ArpIgnored)
    assert ran.netns.learned.neigh["eth0", POD2].mac == "02:00:00:00:00:01"


def test_who_asks_with_an_address_of_ours_gets_no_answer() -> None:
    """Found by fuzzing: a packet from such an asker would not be let in either (arp_process: ip_route_input_noref)."""
    twice = netns("host", (LO, device("eth0", "veth", f"{POD2}/24"), device("eth1", "veth", f"{POD1}/24")))
    assert run(twice, arp_rcv, who_has(POD2, tell=POD1), "eth0").did(ArpIgnored)


def test_a_reply_that_nobody_waits_for_is_ignored() -> None:
    assert run(host(POD1), arp_rcv, is_at(POD2, asker=POD1), "eth0").did(ArpIgnored)


def test_a_permanent_entry_is_never_overwritten() -> None:
    written = knows("eth0", POD2, "PERMANENT", "4e:f1:a0:00:02:00")
    ran = run(host(POD1, written), arp_rcv, is_at(POD2, asker=POD1), "eth0")
    assert ran.netns.learned.neigh["eth0", POD2] == written


def test_a_frame_for_another_mac_is_not_read_and_that_is_no_drop() -> None:
    """Recorded: IP drops such a frame as OTHERHOST, ARP lets it go as one that was read (arp_rcv: consume_skb)."""
    ran = run(host(POD5), arp_rcv, is_at(POD2, asker=POD1), "eth0")
    assert ran.names == ["ArpIgnored"]
    assert not ran.drop


def test_r10_a_packet_for_an_unknown_next_hop_waits_while_everybody_is_asked() -> None:
    ran = run(host(POD1), neigh_resolve, bare(packet(POD1, POD2)), "eth0", POD2)
    assert ran.result is None, "nothing leaves yet"
    assert ran.names == ["NeighHeld", "ArpAsked", "Transmitted"]
    request = ran.one(Transmitted).skb
    assert request and request.eth.dst == BROADCAST_MAC
    assert (request.arp.sender_ip, request.arp.target_ip) == (POD1, POD2)
    assert [wish.delay / 1e6 for wish in ran.armed] == about(1)


def test_a_second_packet_joins_the_queue_and_nobody_is_asked_twice() -> None:
    first = run(host(POD1), neigh_resolve, bare(packet(POD1, POD2), id=1), "eth0", POD2)
    second = run(first.netns, neigh_resolve, bare(packet(POD1, POD2), id=2), "eth0", POD2)
    assert second.names == ["NeighHeld"]
    assert [skb.id for skb in second.one(NeighHeld).entry.queue] == [1, 2]


def test_a_failed_neighbour_is_asked_for_anew() -> None:
    failed = Neighbour(POD2, "eth0", "FAILED", probes=3)
    ran = run(host(POD1, failed), neigh_resolve, bare(packet(POD1, POD2)), "eth0", POD2)
    assert ran.one(ArpAsked).entry.probes == 1


@pytest.mark.parametrize(
    ("source", "tells"),
    [(POD1, POD1), ("10.9.9.9", POD1), ("192.168.7.7", "192.168.7.7")],
    ids=["own", "forwarded", "another address of ours"],
)
def test_whose_address_the_question_bears(source: str, tells: str) -> None:
    """arp_announce 0: the waiting packet's source if it is ours, else the device's address on that net (arp_solicit)."""
    machine = netns(
        "host", (LO, device("eth0", "veth", f"{POD1}/24"), device("eth1", "veth", "192.168.7.7/24"))
    )
    ran = run(machine, neigh_resolve, bare(packet(source, POD2)), "eth0", POD2)
    request = ran.one(Transmitted).skb
    assert request and request.arp.sender_ip == tells


def test_a_timer_for_an_entry_that_was_answered_does_nothing() -> None:
    answered = host(POD1, knows("eth0", POD2))
    assert not run(answered, neigh_timer_handler, dev="eth0", address=POD2, probe=1).events


def test_when_the_last_question_went_unanswered_every_packet_that_waited_ends_and_its_sender_is_told() -> (
    None
):
    """Section 9: neigh_invalidate NEIGH_FAILED; the ICMP is sent before the packet is freed."""
    queue = (bare(packet(POD1, POD2), id=1), bare(packet(POD1, POD2), id=2))
    asked = Neighbour(POD2, "eth0", "INCOMPLETE", queue=queue, probes=3)
    ran = run(host(POD1, asked), neigh_invalidate, asked)
    assert ran.netns.learned.neigh["eth0", POD2].state == "FAILED"
    assert [(e.reason, e.skb.id if e.skb else 0) for e in ran.all(Dropped)] == [
        (DropReason.NEIGH_FAILED, 1),
        (DropReason.NEIGH_FAILED, 2),
    ]
    assert ran.names.count("IcmpSent") == 2


def test_r10_fail_dead_pod_on_the_same_node_three_questions_then_host_unreachable_over_lo() -> None:
    """Section 9: broadcasts at 0, 1, 2 s; ICMP pod1 to pod1 at 3.05 s; EHOSTUNREACH."""
    walked = send(on_one_bridge(), "node1/pod1", "10.244.1.99:8080")
    assert walked.times(ArpAsked) == about(0, 1, 2)
    assert walked.seen("icmp 3/1") == ["pod1:lo>", "pod1:lo<"]
    error = walked.at("icmp 3/1", "pod1:lo>").ip
    assert (error.src, error.dst) == (POD1, POD1)
    assert walked.end.error == "EHOSTUNREACH"
    assert [walked.ended_at] == about(3.05)


def test_fail_dead_pod_on_another_node_that_node_tells_one_error_for_each_queued_syn() -> None:
    """Section 9: host-unreachable from 192.168.2.10 at 3.05 s, quoting the packet after its decrement."""
    walked = send(routed(), "node1/pod1", "10.244.2.99:8080")
    assert "node2 arp_error_report NEIGH_FAILED" in walked.drops
    error = walked.at("icmp 3/1", "node2:eth0>").ip
    assert error.src == "192.168.2.10"
    assert error.payload.quoted and error.payload.quoted.ttl == 61  # type: ignore[union-attr]
    assert walked.end.error == "EHOSTUNREACH"
    assert [walked.ended_at] == about(3.05)
    failed = next(e for e in walked.all(NeighUpdated, "node2") if e.entry.state == "FAILED")
    assert failed.before and len(failed.before.queue) == len(walked.all(IcmpSent, "node2")) > 1, (
        "the SYN and its repetitions"
    )


def test_arp_refresh_a_warm_cache_asks_nobody() -> None:
    """Section 2: warm: no ARP, four observations a packet."""
    to = f"{POD2}:8080"
    cold = perform(on_one_bridge(), probe("node1/pod1", to))
    warm = perform(machines(cold.world), probe("node1/pod1", to, sport=40002))
    assert not warm.all(ArpAsked)
    assert warm.seen("SYN") == ["pod1:eth0>", "node1:vethxxx<", "node1:vethyyy>", "pod2:eth0<"]
