"""What programs do when their sockets wake them: client, servers, reverse proxy."""

import pytest

from app.datapath.events import (
    MessageRead,
    ProbeEnded,
    ProcessDecided,
    ProcessRestarted,
    SegmentSent,
    TimerFired,
)
from app.kernel.origin import Origin
from app.kernel.socket import Socket, SocketKey
from app.process.behaviour import choose, free_port
from app.process.programs import (
    EchoServer,
    HttpServer,
    Machines,
    Program,
    Restart,
    ReverseProxy,
    Upstream,
)
from app.wire.packet import HttpRequest, HttpResponse, Text
from tests.journeys import Walked, perform, probe, send
from tests.stages import kernel
from tests.worlds import machines, on_one_bridge

POD1, POD2, POD5 = "10.244.1.2", "10.244.1.3", "10.244.1.6"
RULE = Origin("ingress", "Ingress/default/web")


def upstream(host: str | None, path: str, *addresses: str, exact: bool = False) -> Upstream:
    return Upstream(host, path, tuple((address, 8080) for address in addresses), RULE, exact)


def with_programs(**by_pod: Program) -> Machines:
    """`web` on these pods of one bridge."""
    return Machines(on_one_bridge(), {(f"node1/{pod}", "web"): program for pod, program in by_pod.items()})


def fetched(of: Machines, to: str = POD2) -> Walked:
    return send(of, "node1/pod1", f"{to}:8080")


def test_an_http_server_answers_every_request_with_its_body() -> None:
    walked = fetched(with_programs(pod2=HttpServer("a page")))
    assert walked.end.message == HttpResponse(200, "OK", "a page")


def test_an_echo_server_sends_back_what_came() -> None:
    walked = send(machines(on_one_bridge()), "node1/pod1", f"{POD2}:5353", "udp")
    assert walked.end.message == Text("hello")


def test_an_echo_server_may_listen_on_tcp_too() -> None:
    walked = fetched(with_programs(pod2=EchoServer()))
    assert walked.end.message == HttpRequest("GET", POD2, "/")


def test_the_client_reads_one_answer_and_closes() -> None:
    walked = fetched(with_programs(pod2=HttpServer("a page")))
    assert [event.process for event in walked.all(MessageRead)] == ["web", "curl"]
    assert walked.end.error is None


def test_a_reverse_proxy_opens_a_second_connection_and_says_for_whom() -> None:
    """Section 7: two connections; the second one's server sees the proxy, and X-Forwarded-For is all that is left of the client."""
    proxy = ReverseProxy((upstream(None, "/", POD5),))
    walked = fetched(with_programs(pod2=proxy, pod5=HttpServer("from behind")))
    assert walked.end.message == HttpResponse(200, "OK", "from behind")
    decided = walked.one(ProcessDecided)
    assert (decided.upstream, decided.origin) == ((POD5, 8080), RULE)
    (request,) = (e.message for e in walked.all(MessageRead, "node1/pod5"))
    assert isinstance(request, HttpRequest) and dict(request.headers) == {"X-Forwarded-For": POD1}
    second = next(e.skb for e in walked.all(SegmentSent, "node1/pod2") if e.skb and e.skb.ip.dst == POD5)
    assert second.ip.src == POD2


def test_an_unknown_host_gets_404_and_no_second_connection() -> None:
    """Section 7."""
    proxy = ReverseProxy((upstream("shop.example", "/", POD5),))
    walked = fetched(with_programs(pod2=proxy, pod5=HttpServer("from behind")))
    assert walked.end.message == HttpResponse(404, "Not Found")
    assert walked.one(ProcessDecided).upstream is None
    assert not walked.all(MessageRead, "node1/pod5")


def test_a_rule_without_endpoints_gets_503() -> None:
    walked = fetched(with_programs(pod2=ReverseProxy((upstream(None, "/"),))))
    assert walked.end.message == HttpResponse(503, "Service Unavailable")
    assert walked.one(ProcessDecided).origin == RULE


def test_an_upstream_that_refuses_becomes_502() -> None:
    refusing = ReverseProxy((Upstream(None, "/", ((POD5, 81),), RULE),))
    walked = fetched(with_programs(pod2=refusing))
    assert walked.end.message == HttpResponse(502, "Bad Gateway")


@pytest.mark.parametrize(
    ("host", "path", "chosen"),
    [
        ("shop.example", "/", "shop"),
        ("shop.example:30080", "/cart", "shop"),
        ("shop.example", "/api", "api"),
        ("shop.example", "/api/v1/items", "api v1"),
        ("shop.example", "/health", "health"),
        ("shop.example", "/health/deep", "shop"),
        ("blog.example", "/", "anybody"),
        ("blog.example", "/api", "anybody"),
    ],
)
def test_the_host_comes_first_then_the_longest_path(host: str, path: str, chosen: str) -> None:
    """networking/v1 Ingress: an exact host before none, the longest matching path."""
    rules = {
        "anybody": upstream(None, "/"),
        "shop": upstream("shop.example", "/"),
        "api": upstream("shop.example", "/api"),
        "api v1": upstream("shop.example", "/api/v1"),
        "health": upstream("shop.example", "/health", exact=True),
    }
    assert choose(ReverseProxy(tuple(rules.values())), HttpRequest("GET", host, path)) == rules[chosen]


@pytest.mark.parametrize(
    ("path", "matches"), [("/foo", True), ("/foo/", True), ("/foo/bar", True), ("/foobar", False)]
)
def test_a_prefix_is_compared_element_by_element(path: str, matches: bool) -> None:
    """Kubernetes, Ingress path types: `/foo` matches `/foo/bar` but not `/foobar`."""
    proxy = ReverseProxy((upstream(None, "/foo"),))
    assert (choose(proxy, HttpRequest("GET", "any", path)) is not None) is matches


def test_which_endpoint_a_proxy_takes_is_a_function_of_the_seed() -> None:
    proxy = ReverseProxy((upstream(None, "/", POD5, POD1),))
    of = with_programs(pod2=proxy, pod5=HttpServer("five"))
    taken = [
        send(of, "node1/pod1", f"{POD2}:8080", seed=seed).all(ProcessDecided)[0].upstream
        for seed in (*range(8), 0)
    ]
    assert taken[0] == taken[-1]
    assert set(taken) == {(POD5, 8080), (POD1, 8080)}


def test_a_port_that_is_taken_is_not_used_twice() -> None:
    used = Socket(SocketKey("tcp", POD2, 40001, POD5, 8080), "web", "ESTABLISHED")
    pod2 = on_one_bridge()["node1/pod2"]
    k = kernel(pod2.learn(sockets={used.key: used}))
    assert free_port(k) == 40002
    assert free_port(kernel(pod2)) == 40001


def test_without_a_route_the_client_knows_before_anything_is_sent() -> None:
    lone = on_one_bridge()
    walked = send(lone, "node1", "198.51.100.7:80")
    assert walked.end.error == "ENETUNREACH"
    assert not walked.all(SegmentSent)


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
def test_a_clients_patience_is_the_probes(protocol: str) -> None:
    to = "10.244.2.3" if protocol == "icmp" else "10.244.2.3:8080"
    walked = send(on_one_bridge(forwarding=False), "node1/pod1", to, protocol, timeout=1_500_000)
    assert (walked.end.error, walked.ended_at) == ("ETIMEDOUT", 1.5)
    assert walked.all(TimerFired)[-1].after == 1_500_000
    assert (walked.end.key.protocol, walked.end.key.lport) == (protocol, 40001), (
        "it is this client's own socket that failed"
    )


def test_after_a_restart_the_same_address_answers_again() -> None:
    """Scenario 1: the process dies, the namespace stays."""
    of = machines(on_one_bridge())
    to = f"{POD2}:8080"
    walked = perform(
        of, probe("node1/pod1", to), Restart("node1/pod2", "web"), probe("node1/pod1", to, sport=40002)
    )
    assert [event.error for event in walked.all(ProbeEnded)] == [None, None]
    assert walked.one(ProcessRestarted).process == "web"


def test_a_program_on_the_same_machine_is_reached_over_lo() -> None:
    walked = send(on_one_bridge(), "node1/pod1", "127.0.0.1:8080")
    assert walked.end.error is None
    assert walked.seen("SYN") == ["pod1:lo>", "pod1:lo<"]
