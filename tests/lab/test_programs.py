"""What is installed in a world becomes processes; what a probe says becomes octets."""

from app.kernel.origin import Origin
from app.kernel.socket import Socket, SocketKey
from app.lab.programs import errands, octets, server, servers
from app.process import programs
from app.process.programs import Probe, Restart, ReverseProxy
from app.wire.addr import ANY
from app.wire.packet import HttpRequest, HttpResponse, Text
from tests.lab.matrix import CASES

REQUEST = HttpRequest("GET", "shop.example", "/cart", (("Accept", "*/*"),))


def test_every_listener_of_the_reference_cluster_runs() -> None:
    running = {
        (s.netns, s.kind, s.protocol, s.port)
        for s in servers(CASES["cloud, with rules: to its neighbour"].machines())
    }
    assert ("node1/pod2", "http", "tcp", 8080) in running
    assert ("node2/pod4", "echo", "udp", 5353) in running
    assert len(running) == 10, "two for each of five"


def test_a_reverse_proxy_takes_its_table_along() -> None:
    rule = programs.Upstream("shop.example", "/", (("10.244.2.3", 8080),), Origin("ingress controller"))
    whole = programs.Upstream(None, "/cart", (), Origin("ingress controller"), exact=True)
    built = server(
        "node1/pod2", Socket(SocketKey("tcp", ANY, 8080), "nginx", "LISTEN"), ReverseProxy((rule, whole))
    )
    assert built.kind == "proxy"
    assert built.words == ("shop.example", "/", "10.244.2.3:8080", "*", "=/cart", "-")


def test_a_message_has_the_octets_that_its_size_says() -> None:
    for message in (REQUEST, HttpResponse(404, "Not Found"), HttpResponse(200, "OK", "hello"), Text("hello")):
        assert len(octets(message)) == message.size, f"{message} is as long as it says"


def test_probes_are_errands_and_a_restart_is_none() -> None:
    probe = Probe("node1/pod1", "tcp", "10.244.1.3", 8080, REQUEST)
    (only,) = errands((Restart("node1/pod1", "web"), probe))
    assert (only.sport, only.port, only.timeout) == (40001, 8080, 3.5)
    assert only.octets == octets(REQUEST)


def test_a_ping_carries_what_ping_carries() -> None:
    (ping,) = errands((Probe("node1/pod1", "icmp", "10.244.1.3", 0),))
    assert len(ping.octets) == 56
