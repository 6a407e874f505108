"""Packets as flat records, and what changed between two of them."""

import msgspec
import pytest

from app.story.layers import changes, field_of, packet_layers
from app.wire.addr import BROADCAST_MAC, ZERO_MAC
from app.wire.packet import (
    Arp,
    Ethernet,
    HttpRequest,
    HttpResponse,
    Icmp,
    IPv4,
    Packet,
    Tcp,
    Text,
    Udp,
    Vxlan,
)

A, B, C = "0a:58:0a:f4:01:02", "0a:58:0a:f4:01:01", "0a:58:0a:f4:01:03"
SYN = IPv4("10.244.1.2", "10.96.0.40", Tcp(40001, 80, ("SYN",), mss=1460))
FRAME = Ethernet(A, B, SYN)
TUNNELLED = Ethernet(A, B, IPv4("192.168.1.10", "192.168.2.10", Udp(50000, 8472, Vxlan(1, FRAME)), df=False))
EVERY_LAYER: list[Packet] = [
    FRAME,
    TUNNELLED,
    Ethernet(A, BROADCAST_MAC, Arp("request", A, "10.244.1.2", ZERO_MAC, "10.244.1.3")),
    IPv4("10.244.1.2", "10.244.1.3", Icmp(8, 0, id=7, sequence=1)),
    IPv4("10.244.1.1", "10.244.1.2", Icmp(3, 4, SYN, mtu=1450)),
    IPv4("10.244.1.2", "10.244.1.3", Udp(1, 2, Text("hello"))),
    IPv4(
        "10.244.1.2",
        "10.244.1.3",
        Tcp(1, 2, ("PSH", "ACK"), payload=HttpRequest("GET", "web", "/", (("A", "b"),))),
    ),
    IPv4("10.244.1.3", "10.244.1.2", Tcp(2, 1, ("PSH", "ACK"), payload=HttpResponse(200, "OK", "hello"))),
]


def names(packet: Packet) -> list[str]:
    return [layer["layer"] for layer in packet_layers(packet)]


def test_layers_are_outermost_first_and_a_tunnel_is_the_list_going_on() -> None:
    """The published contract: ethernet, ipv4, udp, vxlan, ethernet, ipv4, tcp."""
    assert names(TUNNELLED) == ["ethernet", "ipv4", "udp", "vxlan", "ethernet", "ipv4", "tcp"]


@pytest.mark.parametrize("packet", EVERY_LAYER, ids=lambda packet: "+".join(names(packet)))
def test_every_packet_is_json(packet: Packet) -> None:
    assert msgspec.json.decode(msgspec.json.encode(packet_layers(packet))) == packet_layers(packet)


def test_the_fields_are_those_of_the_published_contract() -> None:
    ethernet, ipv4, tcp = packet_layers(FRAME)
    assert ethernet == {"layer": "ethernet", "src": A, "dst": B, "type": "ipv4"}
    assert ipv4 == {
        "layer": "ipv4", "src": "10.244.1.2", "dst": "10.96.0.40", "ttl": 64, "protocol": "tcp", "df": True, "length": 60,
    }  # fmt: skip
    assert (tcp["sport"], tcp["dport"], tcp["flags"]) == (40001, 80, ["SYN"])


@pytest.mark.parametrize(
    ("type", "code", "name"),
    [
        (0, 0, "echo reply"), (3, 0, "network unreachable"), (3, 1, "host unreachable"), (3, 3, "port unreachable"),
        (3, 4, "fragmentation needed"), (3, 13, "filtered"), (8, 0, "echo request"), (11, 0, "time exceeded"), (9, 9, ""),
    ],
)  # fmt: skip
def test_an_icmp_message_has_a_name(type: int, code: int, name: str) -> None:
    (_, icmp) = packet_layers(IPv4("10.244.1.1", "10.244.1.2", Icmp(type, code)))
    assert icmp["name"] == name


def test_an_error_says_what_it_is_about() -> None:
    (_, icmp) = packet_layers(IPv4("10.244.1.1", "10.244.1.2", Icmp(3, 4, SYN, mtu=1450)))
    assert icmp["name"] == "fragmentation needed"
    assert icmp["quoted"] == "10.244.1.2 > 10.96.0.40 ttl 64"
    assert icmp["mtu"] == 1450


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tcp.flags", "SYN"), ("ipv4.df", "false"), ("ipv4.dst", "192.168.2.10"), ("vxlan.vni", "1"),
        ("udp.dport", "8472"), ("arp.op", None), ("tcp.nonsense", None), ("nonsense", None),
    ],
)  # fmt: skip
def test_a_field_is_that_of_the_outermost_layer_of_its_name_as_text(name: str, value: str | None) -> None:
    assert field_of(TUNNELLED, name) == value


def changed(before: Packet, after: Packet) -> dict[str, tuple[object, object]]:
    return {change.field: (change.before, change.after) for change in changes(before, after)}


def test_nothing_changes_in_the_same_packet() -> None:
    assert changes(FRAME, FRAME) == []


def test_a_translation_changes_an_address_and_a_port() -> None:
    to_pod = Ethernet(A, B, IPv4("10.244.1.2", "10.244.2.3", Tcp(40001, 8080, ("SYN",), mss=1460)))
    assert changed(FRAME, to_pod) == {"ipv4.dst": ("10.96.0.40", "10.244.2.3"), "tcp.dport": (80, 8080)}


def test_routing_changes_the_macs_and_the_ttl() -> None:
    routed = Ethernet(B, C, IPv4(SYN.src, SYN.dst, SYN.payload, ttl=63))
    assert changed(FRAME, routed) == {"ethernet.src": (A, B), "ethernet.dst": (B, C), "ipv4.ttl": (64, 63)}


def test_a_link_layer_header_comes_as_a_whole() -> None:
    assert changed(SYN, FRAME) == {"ethernet": (None, f"{A} > {B}")}
    assert changed(FRAME, SYN) == {"ethernet": (f"{A} > {B}", None)}


def test_encapsulation_puts_four_headers_in_front_and_leaves_the_frame_alone() -> None:
    """Layers are compared from the inside out: a wrapped frame is still the same frame."""
    wrapped = changes(FRAME, TUNNELLED)
    assert [(c.field, c.before, c.after) for c in wrapped] == [
        ("ethernet", None, f"{A} > {B}"),
        ("ipv4", None, "192.168.1.10 > 192.168.2.10"),
        ("udp", None, "50000 > 8472"),
        ("vxlan", None, "vni 1"),
    ]


def test_decapsulation_takes_them_away() -> None:
    assert [(c.field, c.after) for c in changes(TUNNELLED, FRAME)] == [
        ("ethernet", None),
        ("ipv4", None),
        ("udp", None),
        ("vxlan", None),
    ]
