"""What ICMP errors teach a sender: how much a path takes, and who is the better next hop; and who does not listen."""

import itertools

from app.datapath.events import (
    ArpAsked,
    ExceptionLearned,
    Fragmented,
    IcmpSent,
    ProbeEnded,
    RedirectDue,
    SegmentSent,
)
from app.datapath.ip_output import ip_dont_fragment, path_mtu
from app.datapath.route_news import heed
from app.kernel.netns import IP_FORWARD, Netns, netns
from app.kernel.nexthop import REDIRECT_LOAD, REDIRECT_NUMBER, REDIRECT_SILENCE, Peer, is_detour
from app.wire.packet import Icmp
from tests.journeys import Walked, perform
from tests.lab.sizes import CASES
from tests.stages import Ran, frame, kernel, packet, run, udp
from tests.worlds import LO, device, knows, routes

OWN, GATEWAY, BETTER, FAR = "10.1.0.9", "10.1.0.1", "10.1.0.2", "10.2.0.9"


def host(*neighbours: str, forwarding: int = 0) -> Netns:
    known = [knows("eth0", address) for address in neighbours]
    ways = routes(f"default via {GATEWAY} dev eth0")
    devices = (LO, device("eth0", "veth", f"{OWN}/24"))
    return netns("host", devices, routes=ways, neigh=known, sysctl={IP_FORWARD: forwarding})


def told(
    here: Netns, kind: int, code: int, by: str = GATEWAY, *, mtu: int = 0, gateway: str | None = None
) -> Ran:
    """An ICMP error about a datagram of ours to FAR."""
    error = Icmp(kind, code, packet(OWN, FAR, udp()), mtu, gateway=gateway)
    return run(here, heed, frame(packet(by, OWN, error)), "eth0")


def redirected(here: Netns, by: str = GATEWAY, to: str = BETTER) -> Ran:
    return told(here, 5, 1, by, gateway=to)


def journey(name: str) -> Walked:
    case = CASES[name]
    return perform(case.machines(), *case.probes)


def test_a_path_that_takes_less_is_remembered_for_its_destination_alone() -> None:
    here = told(host(), 3, 4, mtu=1450).netns
    k, way = kernel(here), here.config.fib.lookup(FAR)
    assert way
    assert (path_mtu(k, way, FAR), path_mtu(k, way, "10.2.0.10")) == (1450, 1500)
    assert here.learned.exceptions[FAR].expires == 600_000_000, "ten minutes"


def test_what_is_no_news_is_not_learnt() -> None:
    assert not told(host(), 3, 4, mtu=1500).did(ExceptionLearned), "the device takes no more anyway"
    once = told(host(), 3, 4, mtu=1450).netns
    assert not told(once, 3, 4, mtu=1450).did(ExceptionLearned)
    assert not told(host(), 3, 1).did(ExceptionLearned), "an error of another kind"


def test_no_path_is_believed_to_take_less_than_552_octets() -> None:
    assert told(host(), 3, 4, mtu=68).netns.learned.exceptions[FAR].mtu == 552


def test_a_path_that_takes_less_than_anybody_believes_is_locked_and_df_is_left_off() -> None:
    """Measured: `mtu lock 552`; without it a sender would be told 400 for ever, and never send less than 552."""
    assert not told(host(), 3, 4, mtu=552).netns.learned.exceptions[FAR].lock
    here = told(host(), 3, 4, mtu=400).netns
    assert here.learned.exceptions[FAR].lock
    assert (ip_dont_fragment(kernel(here), FAR), ip_dont_fragment(kernel(here), "10.2.0.10")) == (False, True)
    assert not told(here, 3, 4, mtu=300).did(ExceptionLearned), "what is locked is not lowered again"


def test_where_the_device_takes_less_than_that_its_own_size_is_locked() -> None:
    tiny = (LO, device("eth0", "veth", f"{OWN}/24", mtu=500))
    here = netns("host", tiny, routes=routes(f"default via {GATEWAY} dev eth0"))
    learned = told(here, 3, 4, mtu=400).one(ExceptionLearned).exception
    assert (learned.mtu, learned.lock) == (500, True)


def test_over_a_locked_path_datagrams_that_fit_and_segments_go_without_df_unless_df_is_insisted_on() -> None:
    walked = journey("a path that takes 400, datagrams")
    sent = [event.skb.ip.df for event in walked.all(SegmentSent, "node1/pod1") if event.skb]
    assert sent == [True, False, True, False, False]
    requests = journey("a path that takes 400, long requests")
    flags = [(skb.gso, skb.ip.df) for event in requests.all(SegmentSent, "node1/pod1") if (skb := event.skb)]
    assert [one for one in flags if one[0]] == [(1448, True), (500, False), (500, False)]
    assert not requests.drops[1:], "the first segments were too large, and nothing after them"


def test_a_redirect_is_followed_when_the_better_gateway_has_answered_arp() -> None:
    learned = redirected(host(BETTER)).one(ExceptionLearned).exception
    assert (learned.address, learned.gateway) == (FAR, BETTER)


def test_a_better_gateway_that_nobody_knows_is_asked_for_first() -> None:
    ran = redirected(host())
    assert ran.one(ArpAsked).entry.address == BETTER
    assert not ran.did(ExceptionLearned)


def test_a_redirect_is_believed_of_the_present_gateway_only() -> None:
    assert not redirected(host(BETTER), by="10.1.0.7").events


def test_a_redirect_to_oneself_or_to_the_same_gateway_is_nonsense() -> None:
    assert not redirected(host(), to=OWN).events
    assert not redirected(host(GATEWAY), to=GATEWAY).events


def test_a_router_listens_to_no_redirect() -> None:
    assert not redirected(host(BETTER, forwarding=1)).events


def test_redirects_come_ever_more_seldom_and_after_nine_no_more() -> None:
    peer, times, now = Peer(OWN), list[int](), 1
    while peer.redirects < REDIRECT_NUMBER:
        if more := peer.due(now):
            peer, times = more, [*times, now]
        now += REDIRECT_LOAD
    gaps = [later - before for before, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps) and gaps[-1] > 100 * REDIRECT_LOAD
    assert peer.due(times[-1] + REDIRECT_SILENCE) is None, "it does not listen, so it is left alone"
    again = peer.due(times[-1] + REDIRECT_SILENCE + 1)
    assert again and again.redirects == 1, "after a long silence one begins anew"


def test_it_is_a_detour_only_if_the_sender_is_a_neighbour_by_the_same_device() -> None:
    fib = host().config.fib
    way = fib.lookup(FAR)
    assert way
    assert is_detour(fib, way, BETTER, "eth0")
    assert not is_detour(fib, way, "10.3.0.1", "eth0"), "it is behind a gateway itself"
    assert not is_detour(fib, way, BETTER, "eth1")


def test_the_second_redirect_teaches_and_the_datagram_after_it_goes_straight() -> None:
    """Measured: the first one only makes pod1 ask for pod2's MAC, the next comes no sooner than 40 ms later."""
    walked = journey("a redirect, followed")
    assert len(walked.all(RedirectDue, "node1")) == 2
    assert walked.one(ExceptionLearned, "node1/pod1").exception.gateway == "10.244.1.3"


def test_nat_holds_back_what_would_lead_around_it() -> None:
    walked = journey("a redirect that NAT holds back")
    assert walked.one(IcmpSent, "node1"), "it was written"
    assert "node1 nf_hook_slow NETFILTER_DROP" in walked.drops
    assert walked.end.error is None, "the datagram itself goes on"


def test_after_the_first_datagram_was_too_large_the_next_is_cut_and_what_must_stay_whole_is_refused() -> None:
    wanted, insisting = (
        journey(f"no room in the tunnel, path MTU discovery {wish}") for wish in ("want", "do")
    )
    assert [end.error for end in wanted.all(ProbeEnded)] == ["EMSGSIZE", "ETIMEDOUT", None]
    assert [end.error for end in insisting.all(ProbeEnded)] == ["EMSGSIZE"] * 3
    assert wanted.all(Fragmented, "node1/pod1")[0].sizes == (1444, 44)
    assert len(insisting.all(IcmpSent)) == 1, "the second and the third never left"


def test_a_connection_begun_later_offers_no_more_than_the_path_takes() -> None:
    walked = journey("no room in the tunnel, twice")
    offered = [
        skb.ip.payload.mss  # type: ignore[union-attr]
        for step in walked.steps
        if step.at == "node1/pod1" and type(step.event).__name__ == "SegmentSent" and (skb := step.event.skb)
        if skb.ip.payload.flags == ("SYN",)  # type: ignore[union-attr]
    ]
    assert offered == [1460, 1410]
