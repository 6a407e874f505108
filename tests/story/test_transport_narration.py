"""Sentences about ICMP, sockets and the programs above them."""

from collections.abc import Iterator

import pytest

from app.datapath.events import (
    Event,
    IcmpSent,
    MessageRead,
    ProbeEnded,
    ProcessDecided,
    SegmentSent,
    SocketFound,
    SocketOpened,
)
from app.kernel.origin import Origin
from app.process.programs import HttpServer, Machines, Program, ReverseProxy, Upstream
from app.story.narration import narrate
from tests.iptables import rules
from tests.journeys import Walked, send
from tests.worlds import WAYS, cloud, node, on_one_bridge, routed, world

POD2, POD5 = "10.244.1.3", "10.244.1.6"


def sentences(walked: Walked, kind: type[Event], at: str | None = None) -> Iterator[str]:
    return (narrate(step) for step in walked.steps if isinstance(step.event, kind) and at in (None, step.at))


def first(walked: Walked, kind: type[Event], at: str | None = None) -> str:
    return next(sentences(walked, kind, at))


WALKED = send(on_one_bridge(), "node1/pod1", f"{POD2}:8080")


def test_each_segment_says_what_it_is_for() -> None:
    told = list(sentences(WALKED, SegmentSent))
    for purpose in (
        "SYN, the wish to connect,",
        "SYN-ACK, the agreement,",
        "an ACK",
        "GET http://",
        "HTTP 200 OK",
        "FIN, ",
    ):
        assert any(purpose in sentence for sentence in told), f"nobody sent {purpose}"


def test_a_repetition_is_counted() -> None:
    silent = send(on_one_bridge(forwarding=False), "node1/pod1", "10.244.2.3:8080")
    told = list(sentences(silent, SegmentSent))
    assert "again" not in told[0]
    assert told[1].endswith("again, try 2.")


@pytest.mark.parametrize(
    ("protocol", "sends", "opens"),
    [
        ("tcp", "SYN", "a TCP socket"),
        ("udp", "a datagram", "a UDP socket"),
        ("icmp", "a ping", "a ping socket"),
    ],
)
def test_each_protocol_in_its_own_words(protocol: str, sends: str, opens: str) -> None:
    to = POD2 if protocol == "icmp" else f"{POD2}:8080" if protocol == "tcp" else f"{POD2}:5353"
    walked = send(on_one_bridge(), "node1/pod1", to, protocol)
    assert sends in first(walked, SegmentSent)
    assert opens in first(walked, SocketOpened)


def test_a_socket_found_says_whose_it_is_and_where_it_goes() -> None:
    told = list(sentences(WALKED, SocketFound))
    assert "web on pod2 listens on port 8080: a connection begins." in told
    assert any("goes from SYN_SENT to ESTABLISHED" in sentence for sentence in told)
    assert any(sentence.startswith("The socket") and sentence.endswith("closes.") for sentence in told)


def test_a_message_is_quoted() -> None:
    assert f"GET http://{POD2}/" in first(WALKED, MessageRead)
    echoed = send(on_one_bridge(), "node1/pod1", f"{POD2}:5353", "udp")
    assert "“hello”" in first(echoed, MessageRead)


def test_an_error_says_what_and_by_whose_rule() -> None:
    lost = send(routed(router=cloud(WAYS[0])), "node1/pod1", "10.244.2.3:8080")
    assert first(lost, IcmpSent) == "cloud tells the sender: network unreachable."
    strict = rules("*filter\n-A FORWARD -j REJECT", Origin("administrator", "policy"))
    refused = send(world(*node(1, {"pod1": "10.244.1.2"}, rules=strict)), "node1/pod1", "10.9.9.9:80")
    assert "port unreachable (administrator for policy)" in first(refused, IcmpSent)


def test_too_big_says_how_much_fits() -> None:
    narrow = world(*node(1, {"pod1": "10.244.1.2"}), cloud(*WAYS, mtu=1400), *node(2, {"pod4": "10.244.2.3"}))
    large = Machines(narrow, {("node2/pod4", "web"): HttpServer("x" * 3000)})
    assert "at most 1400 bytes" in first(send(large, "node1/pod1", "10.244.2.3:8080"), IcmpSent)


def test_a_ping_is_answered_by_the_kernel() -> None:
    answered = send(on_one_bridge(), "node1/pod1", POD2, "icmp")
    assert first(answered, IcmpSent) == "pod2's kernel answers the ping itself: echo reply."


@pytest.mark.parametrize(
    ("to", "error"),
    [(f"{POD2}:81", "ECONNREFUSED"), ("10.244.1.99:80", "EHOSTUNREACH"), ("10.9.9.9:80", "ENETUNREACH")],
)
def test_an_errno_is_explained(to: str, error: str) -> None:
    told = first(send(on_one_bridge(), "node1/pod1", to), ProbeEnded)
    assert told.startswith(f"pod1 gets {error}: ")
    assert len(told) > len(f"pod1 gets {error}: .") + 10


def test_an_answer_ends_it_well() -> None:
    assert first(WALKED, ProbeEnded) == "pod1 has its answer: HTTP 200 OK."


def decided(*upstreams: Upstream) -> str:
    programs: dict[tuple[str, str], Program] = {("node1/pod2", "web"): ReverseProxy(upstreams)}
    return first(send(Machines(on_one_bridge(), programs), "node1/pod1", f"{POD2}:8080"), ProcessDecided)


def test_a_relays_choice_is_told_with_the_rule_that_made_it() -> None:
    rule = Origin("ingress controller", "Ingress/default/web")
    assert f"{POD5}:8080" in decided(Upstream(None, "/", ((POD5, 8080),), rule))
    assert "Ingress/default/web" in decided(Upstream(None, "/", ((POD5, 8080),), rule))
    assert "nobody is ready behind it" in decided(Upstream(None, "/", (), rule))
    assert "finds no rule" in decided(Upstream("shop.example", "/", ((POD5, 8080),), rule))
