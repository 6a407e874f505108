"""The words for a probe's ends, and what each means in the small cluster."""

import pytest

from app.process.programs import Probe
from app.scenario.assemble import Override
from app.scenario.model import Scenario
from app.wire.packet import HttpRequest, Text
from tests.scenario.small import SMALL, faults, pod, read


def asked(from_: str | None = None, to: str | None = None, protocol: str = "tcp") -> tuple[Scenario, Probe]:
    scenario = read(SMALL + SHOP, override=Override(from_, to, protocol))  # type: ignore[arg-type]  # one of three words
    (probe,) = scenario.acts
    assert isinstance(probe, Probe)
    return scenario, probe


SHOP = pod("pay", "n2", "10.244.2.7").replace("name: pay,", "name: pay, namespace: shop,")


@pytest.mark.parametrize(
    ("word", "canonical", "address", "port"),
    [
        ("pod/b", "pod/b:8080", "10.244.1.3", 8080),
        ("b", "pod/b:8080", "10.244.1.3", 8080),
        ("pod/b:9", "pod/b:9", "10.244.1.3", 9),
        ("pod/b:http", "pod/b:8080", "10.244.1.3", 8080),
        ("pod/b.default", "pod/b:8080", "10.244.1.3", 8080),
        ("pod/pay.shop", "pod/pay.shop:8080", "10.244.2.7", 8080),
        ("svc/web", "svc/web:80", "10.96.0.80", 80),
        ("svc/web:http", "svc/web:80", "10.96.0.80", 80),
        ("web", "svc/web:80", "10.96.0.80", 80),
        ("node/n2", "node/n2:80", "192.168.2.10", 80),
        ("node/n2:30080", "node/n2:30080", "192.168.2.10", 30080),
        ("host/client", "host/client:80", "203.0.113.50", 80),
        ("198.51.100.11", "198.51.100.11:80", "198.51.100.11", 80),
        ("127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1", 8080),
        ("http://shop.example/", "http://shop.example/", "198.51.100.11", 80),
        ("http://Shop.example:30080/a?b", "http://shop.example:30080/a?b", "198.51.100.11", 30080),
        ("http://api.example", "http://api.example/", "203.0.113.50", 80),
        ("http://web/", "http://web/", "10.96.0.80", 80),
        ("http://web.default.svc.cluster.local/", "http://web.default.svc.cluster.local/", "10.96.0.80", 80),
        ("http://10.96.0.80/", "http://10.96.0.80/", "10.96.0.80", 80),
    ],
)
def test_a_target_is_found_by_its_name(word: str, canonical: str, address: str, port: int) -> None:
    scenario, probe = asked(to=word)
    assert (scenario.probe_to, probe.address, probe.port) == (canonical, address, port)


@pytest.mark.parametrize(
    ("word", "canonical", "netns"),
    [
        ("pod/c", "pod/c", "n2/c"),
        ("c", "pod/c", "n2/c"),
        ("pod/pay.shop", "pod/pay.shop", "n2/shop.pay"),
        ("10.244.2.2", "pod/c", "n2/c"),
        ("node/n1", "node/n1", "n1"),
        ("192.168.1.10", "node/n1", "n1"),
        ("client", "host/client", "client"),
        ("203.0.113.50", "host/client", "client"),
    ],
)
def test_a_sender_is_a_network_namespace(word: str, canonical: str, netns: str) -> None:
    scenario, probe = asked(from_=word, to="10.96.0.80")
    assert (scenario.probe_from, probe.netns) == (canonical, netns)


def test_the_protocol_decides_port_and_message() -> None:
    _, tcp = asked(to="pod/c")
    _, udp = asked(to="pod/c", protocol="udp")
    scenario, icmp = asked(to="pod/c", protocol="icmp")
    assert (tcp.port, tcp.message) == (8080, HttpRequest("GET", "10.244.2.2:8080", "/"))
    assert (udp.port, udp.message) == (5353, Text("hello"))
    assert (icmp.port, icmp.message, scenario.probe_to) == (0, None, "pod/c")


@pytest.mark.parametrize(
    ("from_", "to", "says"),
    [
        (
            "pod/x",
            None,
            "f.yaml: from: nothing is called 'pod/x', expected pod/a, pod/b, pod/c, pod/pay.shop, or",
        ),
        ("svc/web", None, "f.yaml: from: svc/web has no network namespace to send from"),
        ("8.8.8.8", None, "f.yaml: from: nothing is called '8.8.8.8'"),
        (None, "pod/pay", "f.yaml: to: nothing is called 'pod/pay'"),
        (None, "pod/b:0", "f.yaml: to: '0' is no port, expected 1 to 65535 or http"),
        (None, "pod/b:70000", "'70000' is no port"),
        (None, "pod/b:²", "'²' is no port"),
        (None, "1.2.3.4.5", "nothing is called '1.2.3.4.5'"),
        (
            None,
            "http://nobody.example/",
            "no name 'nobody.example' is known, expected api.example, shop.example",
        ),
        (None, "http:///", "'http:///' is no page, expected http://HOST[:PORT]/PATH over tcp"),
        (None, "https://api.example/", "nothing is called 'https'"),
        (None, "", "nothing is called ''"),
        (None, "\x1b[31m", "nothing is called '\\x1b[31m'"),
    ],
)
def test_a_name_that_means_nothing_is_refused(from_: str | None, to: str | None, says: str) -> None:
    (fault,) = faults(
        SMALL + SHOP, override=Override(from_ or "pod/a", to if to is not None else "pod/b", None)
    )
    assert says in fault, fault


def test_a_bare_name_that_two_things_have_is_refused() -> None:
    (fault,) = faults(SMALL + pod("web", "n1", "10.244.1.9"), override=Override(to="web"))
    assert "'web' could be pod/web, svc/web, expected one of them" in fault


def test_a_page_is_fetched_over_tcp_only() -> None:
    (fault,) = faults(SMALL, override=Override(to="http://web/", protocol="udp"))
    assert "is no page" in fault
