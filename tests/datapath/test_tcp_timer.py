"""What TCP sends again, when, and when it gives up."""

from msgspec.structs import replace

from app.datapath.events import Received, SegmentSent, SocketFound, TimerFired
from tests.datapath.closed_doors import dropping
from tests.journeys import about, send
from tests.worlds import on_one_bridge

TO_POD2 = "10.244.1.3:8080"


def test_section_9_an_unanswered_syn_is_sent_again_after_1_2_and_3_seconds() -> None:
    """Linear in current kernels, not 1, 3, 7; the client gives up after 3.5 s."""
    walked = send(dropping("--dport 8080", "INPUT"), "node1/pod1", TO_POD2)
    sent = walked.all(SegmentSent, "node1/pod1")
    assert walked.times(SegmentSent, "node1/pod1") == about(0, 1, 2, 3)
    assert [event.retransmission for event in sent] == [0, 1, 2, 3]
    assert len(walked.all(TimerFired, "node1/pod1")) == 4, "three repetitions, and the end of its patience"
    assert (walked.end.error, walked.ended_at) == ("ETIMEDOUT", 3.5)


def test_lab_a_client_that_gave_up_while_connecting_has_no_socket_any_more() -> None:
    """Found by `ss -tan` after the journey: close(2) in SYN_SENT leaves nothing and says nothing."""
    walked = send(dropping("--dport 8080", "INPUT"), "node1/pod1", TO_POD2)
    left = walked.world["node1/pod1"].learned.sockets
    assert [key for key in left if key.lport == 40001] == []


def test_a_lost_syn_ack_is_sent_again_by_timer_and_by_every_new_syn() -> None:
    """Measured: SYN-ACK at 0, 1 (timer), 1, 2, 3 s (one for each repeated SYN); the server's own timer doubles."""
    walked = send(dropping("--sport 8080"), "node1/pod1", TO_POD2)
    times = walked.times(SegmentSent, "node1/pod2")
    assert times == about(0, 1, 1, 2, 3)
    assert [event.retransmission for event in walked.all(SegmentSent, "node1/pod2")] == [0, 1, 1, 1, 1]
    again = [event.before.state for event in walked.all(SocketFound, "node1/pod2")]
    assert again == ["LISTEN", "SYN_RECV", "SYN_RECV", "SYN_RECV"], (
        "each new SYN finds the socket of the first"
    )


def test_lab_a_syn_ack_and_a_syn_that_are_sent_again_at_one_moment_cross_each_other() -> None:
    """Both timers end in one tick of the wheel, the server's first, as it is pinned; only then is anything received."""
    walked = send(dropping("--sport 8080", "INPUT", "pod1"), "node1/pod1", TO_POD2)
    moment = next(step.time for step in walked.steps if isinstance(step.event, TimerFired))
    moved = [
        (step.at, type(step.event))
        for step in walked.steps
        if step.time == moment and isinstance(step.event, SegmentSent | Received)
    ]
    assert moved[:4] == [
        ("node1/pod2", SegmentSent),
        ("node1/pod1", SegmentSent),
        ("node1", Received),
        ("node1", Received),
    ]


def test_a_syn_that_still_waits_for_arp_in_this_machine_is_not_repeated() -> None:
    """tcp_output.c: skb_still_in_host_queue; it looks again every half second."""
    walked = send(on_one_bridge(), "node1/pod1", "10.244.1.99:8080", timeout=9_000_000)
    assert walked.times(SegmentSent, "node1/pod1") == [0]
    assert walked.end.error == "EHOSTUNREACH"


def test_a_syn_that_found_its_neighbour_late_is_repeated_half_a_second_at_a_time() -> None:
    """The first SYN leaves the queue unanswered; the next look comes on the half second."""
    built = dropping("--dport 8080", "INPUT")
    pod1 = built["node1/pod1"]
    slow = {**pod1.config.devices, "eth0": replace(pod1.config.devices["eth0"], delay=1_200_000)}
    walked = send(built.replace(pod1.configure(devices=slow)), "node1/pod1", TO_POD2)
    first, second, *_ = walked.times(SegmentSent, "node1/pod1")
    assert [first, second] == about(0, 1.5)
