"""What others may be told, and how often: redirects ever more seldom, errors six at once and then one a second."""

from app.kernel.nexthop import ERROR_BURST, ICMP_BURST, ICMP_RATELIMIT, SECOND, Peer


def told(peer: Peer, *moments: int) -> list[bool]:
    """Was it told an error at each of these moments?"""
    answers = []
    for now in moments:
        after = peer.told(now)
        answers.append(after is not None)
        peer = after or peer
    return answers


def test_a_stranger_gets_six_errors_at_once() -> None:
    burst = ICMP_BURST // ICMP_RATELIMIT
    assert told(Peer("10.244.1.2"), *[0] * (burst + 1)) == [True] * burst + [False]


def test_of_packets_without_a_way_on_each_counts_twice_and_five_seconds_are_the_most() -> None:
    """Found by fuzzing: ip_error counts, and the message that it sends is counted again."""
    counted = Peer("10.244.1.2").told(0, ERROR_BURST)
    assert counted is not None
    sent = counted.told(0)
    assert sent is not None
    assert sent.tokens == 3 * SECOND


def test_then_one_a_second() -> None:
    spent = Peer("10.244.1.2", last=0, tokens=0)
    assert told(spent, SECOND - 1, SECOND, SECOND + 1) == [False, True, False]


def test_from_a_redirect_on_the_ration_is_counted_anew() -> None:
    """Found by fuzzing: who was just told of a better way does not hear that its neighbour is not there."""
    redirected = Peer("10.244.1.2").due(2 * SECOND)
    assert redirected is not None
    assert told(redirected, 2 * SECOND + 1, 3 * SECOND) == [False, True]
