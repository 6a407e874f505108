"""What is said of packets that do not fit, and of what a sender is taught."""

from app.datapath.events import (
    Dropped,
    ExceptionLearned,
    Fragmented,
    FragmentHeld,
    Reassembled,
    RedirectDue,
    Step,
)
from app.story.evidence import evidence
from app.story.narration import narrate
from tests.journeys import perform
from tests.lab.sizes import CASES


def steps_of(name: str) -> list[Step]:
    return perform(CASES[name].machines(), *CASES[name].probes).steps


def first(steps: list[Step], kind: type, at: str = "") -> Step:
    return next(step for step in steps if type(step.event) is kind and step.at.startswith(at))


def test_who_cuts_a_packet_says_into_what() -> None:
    cut = first(steps_of("a large datagram"), Fragmented)
    assert (
        narrate(cut)
        == "pod1 cuts it for eth0, at most 1500 bytes each: 1500 + 1500 + 68. Only the first piece has the ports."
    )
    assert evidence(cut) == {"mtu": 1500, "sizes": [1500, 1500, 68]}


def test_a_large_packet_is_made_into_segments_before_any_of_them_is_cut() -> None:
    steps = steps_of("a narrower cable under the tunnel, a long request")
    assert (
        narrate(first(steps, Fragmented))
        == "node1 makes TCP segments of it, each with all headers: 1500 + 153. Not all of them fit eth0 yet."
    )


def test_what_dnat_turned_into_too_narrow_a_way_is_dropped_by_its_own_machine() -> None:
    steps = steps_of("DNAT into the tunnel, path MTU discovery do")
    dropped = next(s for s in steps if isinstance(s.event, Dropped) and s.event.function == "ip_fragment")
    assert "its sender insists that it stay whole" in narrate(dropped)


def test_a_sender_says_that_it_lets_its_packets_be_cut() -> None:
    steps = steps_of("a path that takes 400, long requests")
    assert (
        narrate(first(steps, ExceptionLearned))
        == "pod1 believes in no path under 552 bytes: what it sends to 10.244.2.3 may be cut on the way."
    )


def test_who_keeps_a_piece_says_why_and_when_it_is_whole() -> None:
    steps = steps_of("a large datagram")
    assert "it is for this machine, which reads whole packets only" in narrate(first(steps, FragmentHeld))
    assert narrate(first(steps, Reassembled)) == "pod4 has all 3 pieces and puts the packet together again."
    ruled = first(steps_of("a large datagram to a neighbour, with rules"), FragmentHeld, "node1")
    assert "the rules that the bridge asks want whole packets" in narrate(ruled)
    assert evidence(ruled) == {"held": [1500]}


def test_what_is_learnt_of_a_path_is_told() -> None:
    learnt = first(steps_of("no room in the tunnel, path MTU discovery do"), ExceptionLearned)
    assert (
        narrate(learnt) == "pod1 notes that the path to 10.244.2.3 takes 1450 bytes at most, for ten minutes."
    )


def test_a_detour_is_told_and_so_is_the_better_way() -> None:
    steps = steps_of("a redirect, followed")
    due = first(steps, RedirectDue)
    assert (
        narrate(due)
        == "It leaves by cbr0, where it came in: node1 will tell 10.244.1.2 that 10.244.1.3 is its neighbour too."
    )
    assert evidence(due) == {"to": "10.244.1.2", "gateway": "10.244.1.3", "redirects": 1}
    learnt = first(steps, ExceptionLearned, "node1/pod1")
    assert narrate(learnt) == "pod1 notes a better way for 10.244.1.3 alone: by 10.244.1.3, for five minutes."


def test_a_drop_without_a_reason_of_its_own_is_explained_by_its_place() -> None:
    at_a_port = first(steps_of("no room at a port"), Dropped)
    assert narrate(at_a_port).endswith(
        "larger than this port takes and must not be fragmented, and a bridge tells nobody."
    )
    at_the_end = first(steps_of("no room at the far end of a cable"), Dropped)
    assert narrate(at_the_end) == "node1 drops it: it is larger than the other end takes."


def test_a_redirect_that_nat_holds_back_was_not_refused_by_a_rule() -> None:
    held_back = first(steps_of("a redirect that NAT holds back"), Dropped)
    assert "must not learn a way around the translation" in narrate(held_back)
