"""The headers: sizes as on the wire, layers in order."""

import pytest

from app.wire.addr import BROADCAST_MAC, ZERO_MAC
from app.wire.packet import (
    ETHERNET_HEADER,
    VXLAN_OVERHEAD,
    Arp,
    Ethernet,
    HttpRequest,
    HttpResponse,
    Icmp,
    IPv4,
    Tcp,
    TcpFlag,
    Text,
    Udp,
    Vxlan,
    layers,
)

A, B = "0a:58:0a:f4:01:02", "0a:58:0a:f4:01:03"
SYN = Tcp(40001, 8080, ("SYN",), mss=1460)


def ip(payload: Tcp | Udp | Icmp) -> IPv4:
    return IPv4("10.244.1.2", "10.244.1.3", payload)


def framed(payload: Tcp | Udp | Icmp) -> Ethernet:
    return Ethernet(A, B, ip(payload))


def wrapped(frame: Ethernet) -> Ethernet:
    return Ethernet(A, B, IPv4("192.168.1.10", "192.168.2.10", Udp(50000, 8472, Vxlan(1, frame)), df=False))


UNREACHABLE_SYN = Icmp(3, 3, ip(SYN))
TOO_BIG = Icmp(3, 4, ip(Udp(1, 2, Text("x" * 1450))), mtu=1450)


@pytest.mark.parametrize(
    ("frame", "octets"),
    [
        (framed(SYN), 74),
        (wrapped(framed(SYN)), 124),
        (framed(Tcp(40001, 8080, ("ACK",))), 66),
        (framed(UNREACHABLE_SYN), 102),
        (framed(TOO_BIG), 590),
        (framed(Tcp(8080, 40001, ("PSH", "ACK"), payload=Text("x" * 3000))), 3066),
        (wrapped(framed(Tcp(8080, 40001, ("PSH", "ACK"), payload=Text("x" * 3000)))), 3116),
        (Ethernet(A, BROADCAST_MAC, Arp("request", A, "10.244.1.2", ZERO_MAC, "10.244.1.3")), 42),
        (framed(Icmp(8, 0, id=1)), 98),
        (framed(Udp(40001, 5353, Text("hello"))), 47),
    ],
    ids=[
        "SYN", "SYN in VXLAN", "ACK", "port unreachable about a SYN", "fragmentation needed", "GSO", "GSO in VXLAN", "ARP",
        "ping", "UDP",
    ],
)  # fmt: skip
def test_a_frame_is_as_long_as_a_capture_says(frame: Ethernet, octets: int) -> None:
    """Sections 2, 4, 5, 9 and R14; ping(8) sends 56 octets."""
    assert frame.size == octets


def test_encapsulation_costs_fifty_octets() -> None:
    assert wrapped(framed(SYN)).size - framed(SYN).size == VXLAN_OVERHEAD == 50
    assert framed(SYN).size - ip(SYN).size == ETHERNET_HEADER == 14


@pytest.mark.parametrize(
    ("flags", "octets"), [(("SYN",), 40), (("SYN", "ACK"), 40), (("ACK",), 32), (("RST", "ACK"), 20)]
)
def test_a_tcp_header_carries_the_options_that_linux_sends(flags: tuple[TcpFlag, ...], octets: int) -> None:
    assert Tcp(1, 2, flags).size == octets


def test_an_error_quotes_as_much_as_fits_into_576_octets() -> None:
    """RFC 1812, 4.3.2.3."""
    assert ip(TOO_BIG).size == 576
    assert Icmp(3, 3, ip(SYN)).size == 8 + ip(SYN).size


@pytest.mark.parametrize(
    ("type", "is_error"), [(3, True), (11, True), (5, True), (12, True), (0, False), (8, False)]
)
def test_an_error_is_known_by_its_type(type: int, is_error: bool) -> None:
    assert Icmp(type, 0).is_error is is_error


def test_the_protocol_follows_from_the_payload() -> None:
    assert [ip(l4).protocol for l4 in (SYN, Udp(1, 2), Icmp(8, 0))] == ["tcp", "udp", "icmp"]
    assert framed(SYN).type == "ipv4"


def test_a_broadcast_is_known_by_its_destination() -> None:
    question = Ethernet(A, BROADCAST_MAC, Arp("request", A, "10.244.1.2", ZERO_MAC, "10.244.1.3"))
    assert (question.broadcast, question.type) == (True, "arp")
    assert not framed(SYN).broadcast


def test_layers_run_from_the_outside_in_and_a_tunnel_is_the_list_going_on() -> None:
    assert [type(layer).__name__ for layer in layers(wrapped(framed(SYN)))] == [
        "Ethernet", "IPv4", "Udp", "Vxlan", "Ethernet", "IPv4", "Tcp",
    ]  # fmt: skip


def test_what_an_error_quotes_is_no_layer_of_it() -> None:
    assert [type(layer).__name__ for layer in layers(framed(UNREACHABLE_SYN))] == ["Ethernet", "IPv4", "Icmp"]


def test_http_messages_are_as_long_as_their_text() -> None:
    """RFC 9112: a line, header fields, an empty line, the body; every line ends in CR LF."""
    request = HttpRequest("GET", "web:8080", "/", (("X-Forwarded-For", "203.0.113.50"),))
    text = "GET / HTTP/1.1\r\nHost: web:8080\r\nX-Forwarded-For: 203.0.113.50\r\n\r\n"
    assert request.size == len(text)
    response = HttpResponse(200, "OK", "hello")
    assert response.size == len("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
