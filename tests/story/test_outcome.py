"""How a journey ended: one verdict, where, and who decided."""

from app.datapath.drop import DropReason
from app.kernel.origin import Origin
from app.process.programs import Machines
from app.story.outcome import Outcome, outcome_of
from tests.iptables import rules
from tests.journeys import probe
from tests.story.tale import FRONT, OVERLAY, cluster, performed, told
from tests.worlds import WAYS, cloud, machines, node, on_one_bridge, world

WRITER = Origin("administrator", "NetworkPolicy/default/strict")


def through(world_: object, to: str = "10.244.1.3:8080", protocol: str = "tcp") -> Outcome:
    return told("node1/pod1", to, protocol, through=machines(world_)).outcome  # type: ignore[arg-type]


def test_delivered_says_what_was_answered() -> None:
    outcome = told("node1/pod1", "10.244.1.3:8080").outcome
    assert (outcome.verdict, outcome.reason, outcome.at, outcome.by) == (
        "delivered",
        "200 OK",
        "node1/pod1",
        None,
    )


def test_delivered_by_udp_and_by_ping_says_only_that_it_was() -> None:
    assert through(on_one_bridge(), "10.244.1.3:5353", "udp").reason == "answered"
    assert through(on_one_bridge(), "10.244.1.3", "icmp").verdict == "delivered"


def test_rejected_by_a_rule_names_who_wrote_it() -> None:
    """A Service without endpoints: kube-proxy's REJECT."""
    outcome = told("node1/pod1", f"{FRONT}:80", through=cluster()).outcome
    assert (outcome.verdict, outcome.reason, outcome.at) == ("rejected", "icmp-port-unreachable", "node1")
    assert outcome.by == Origin("kube-proxy", "Service/default/web")


def test_rejected_by_a_reset_is_nobodys_rule() -> None:
    outcome = told("node1/pod1", "10.244.1.3:81").outcome
    assert (outcome.verdict, outcome.reason, outcome.by) == ("rejected", "tcp-reset", None)
    assert outcome.at == "node1/pod2", "the machine that sent the reset"


def test_rejected_by_a_closed_udp_port() -> None:
    outcome = through(on_one_bridge(), "10.244.1.3:99", "udp")
    assert (outcome.verdict, outcome.reason, outcome.by) == ("rejected", "icmp-port-unreachable", None)


def test_dropped_by_a_rule_names_the_reason_the_place_and_the_writer() -> None:
    strict = rules("*filter\n-A FORWARD -d 10.244.1.3/32 -j DROP", WRITER)
    outcome = through(on_one_bridge(rules=strict))
    assert (outcome.verdict, outcome.reason, outcome.by) == ("dropped", DropReason.NETFILTER_DROP, WRITER)
    assert outcome.at and outcome.at.startswith("node1")


def test_dropped_without_a_rule_is_the_kernels_own_reason() -> None:
    outcome = through(on_one_bridge(forwarding=False), "10.244.2.3:8080")
    assert (outcome.verdict, outcome.reason, outcome.by) == ("dropped", DropReason.IP_INADDRERRORS, None)


def test_dropped_for_want_of_a_neighbour() -> None:
    assert through(on_one_bridge(), "10.244.1.99:8080").reason is DropReason.NEIGH_FAILED


def test_what_the_sender_heard_of_a_drop() -> None:
    """A dead neighbour is told of, a router that does not forward is silent."""
    assert through(on_one_bridge(), "10.244.1.99:8080").told == "EHOSTUNREACH"
    assert through(on_one_bridge(forwarding=False), "10.244.2.3:8080").told is None


def test_the_namespace_is_known_beside_the_device() -> None:
    dropped = through(on_one_bridge(forwarding=False), "10.244.2.3:8080")
    assert (dropped.at, dropped.netns) == ("node1/cbr0", "node1")


def test_a_copy_that_was_never_meant_for_its_receiver_is_not_the_story() -> None:
    assert through(on_one_bridge(promiscuous=True)).verdict == "delivered"


def test_unanswered_is_silence_without_a_drop() -> None:
    """Nobody is at the other end of the cable."""
    nobody = world(*node(1, {"pod1": "10.244.1.2"}))
    walked = told("node1/pod1", "10.244.2.3:8080", through=machines(nobody), infra=OVERLAY)
    assert walked.outcome.verdict in ("dropped", "unanswered")
    impatient = performed(probe("node1/pod1", "10.244.2.3:8080", timeout=500_000), through=machines(nobody))
    assert (impatient.outcome.verdict, impatient.outcome.reason) == ("unanswered", "ETIMEDOUT")
    assert impatient.outcome.told is None, "silence tells nothing"


def test_looped_by_the_ttl() -> None:
    circle = cloud(WAYS[0], "10.244.2.0/24 via 192.168.1.10 dev to-node1")
    outcome = through(world(*node(1, {"pod1": "10.244.1.2"}), circle), "10.244.2.3:8080")
    assert (outcome.verdict, outcome.reason) == ("looped", DropReason.IP_INHDR)


def test_looped_by_the_step_limit() -> None:
    steps = told("node1/pod1", "10.244.1.3:8080").steps
    outcome = outcome_of(steps[:50], looped=True)
    assert (outcome.verdict, outcome.netns) == ("looped", steps[49].at)


def test_a_walk_cut_short_is_undecided() -> None:
    steps = told("node1/pod1", "10.244.1.3:8080").steps
    assert outcome_of(steps[:20], looped=False).verdict == "undecided"


def test_the_last_act_decides() -> None:
    of: Machines = machines(on_one_bridge())
    good, bad = probe("node1/pod1", "10.244.1.3:8080"), probe("node1/pod1", "10.244.1.3:81", sport=40002)
    assert performed(good, bad, through=of).outcome.verdict == "rejected"
    assert performed(bad, good, through=of).outcome.verdict == "delivered"


def test_what_became_of_an_error_is_not_how_the_packet_ended_that_it_is_about() -> None:
    """A firewall that lets no ICMP out makes a black hole of a machine that would have said why."""
    silent = rules("*filter\n-A OUTPUT -p icmp -j DROP", WRITER)
    outcome = through(on_one_bridge(rules=silent), "10.99.0.1:80")
    assert (outcome.verdict, outcome.reason, outcome.told) == ("dropped", DropReason.IP_INNOROUTES, None)


def test_what_became_of_a_redirect_is_not_how_it_ended() -> None:
    """Measured: without br_netfilter a node redirects a caller whose pod is its neighbour, and its own NAT drops the advice."""
    dnat = rules(
        "*nat\n-A PREROUTING -d 10.96.0.20/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.3:8080",
        WRITER,
    )
    outcome = through(on_one_bridge(rules=dnat, brnf=False), "10.96.0.20:80")
    assert (outcome.verdict, outcome.reason, outcome.at) == (
        "dropped",
        DropReason.NO_SOCKET,
        "node1/pod1/eth0",
    )
