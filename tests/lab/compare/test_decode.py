"""Octets written down by hand after the RFCs, read back as records."""

import pytest

from app.lab.compare import decode
from app.lab.compare.decode import Captured, NotDecoded
from app.wire.packet import Arp, Ethernet, Fragment, Icmp, Tcp, Text, Udp, Vxlan

POD1, POD2 = "0a:58:0a:f4:01:02", "0a:58:0a:f4:01:03"
TO_POD2 = "0a580af40103 0a580af40102"
IP = "4500 {length:04x} 1234 4000 40 {protocol:02x} 0000 0af40102 0af40103"


def octets(text: str, **values: int) -> bytes:
    return bytes.fromhex(text.format(**values))


def test_an_arp_request() -> None:
    frame = octets(
        "ffffffffffff 0a580af40102 0806 0001 0800 06 04 0001 0a580af40102 0af40102 000000000000 0af40103"
    )
    asked = Arp("request", POD1, "10.244.1.2", "00:00:00:00:00:00", "10.244.1.3")
    assert decode.frame(frame) == Ethernet(POD1, "ff:ff:ff:ff:ff:ff", asked)


def test_a_syn_with_its_mss_and_the_padding_of_ethernet_cut_off() -> None:
    segment = "9c41 1f90 00000007 00000000 7002 ffff 0000 0000 01 01 01 0204 05b4 00"
    frame = octets(f"{TO_POD2} 0800 {IP} {segment} 0000", length=48, protocol=6)
    syn = Tcp(40001, 8080, ("SYN",), seq=7, mss=1460)
    assert decode.frame(frame) == Ethernet(
        POD1, POD2, Captured("10.244.1.2", "10.244.1.3", syn, total_length=48)
    )


@pytest.mark.parametrize(
    ("bits", "flags"),
    [("12", ("SYN", "ACK")), ("11", ("FIN", "ACK")), ("18", ("PSH", "ACK")), ("04", ("RST",))],
)
def test_flags_are_named_in_the_usual_order(bits: str, flags: tuple[str, ...]) -> None:
    found = decode.tcp(octets(f"9c41 1f90 00000007 00000000 50{bits} ffff 0000 0000"))
    assert found.flags == flags


def test_a_frame_inside_a_tunnel() -> None:
    inner = octets(f"{TO_POD2} 0800 {IP} 9c41 14e9 000a 0000 6869", length=30, protocol=17)
    outer = octets("c350 2118 0040 0000 08000000 00000100") + inner
    tunnel = decode.udp(outer).payload
    assert isinstance(tunnel, Vxlan), "port 8472 carries VXLAN"
    assert tunnel.vni == 1
    assert tunnel.payload.payload == Captured(
        "10.244.1.2", "10.244.1.3", Udp(40001, 5353, Text("hi")), total_length=30
    )


def test_an_error_quotes_what_it_is_about_though_only_in_part() -> None:
    quoted = octets(f"{IP} 9c41 14e9 05b0 0000", length=1476, protocol=17)
    error = decode.icmp(octets("03 04 0000 0000 05aa") + quoted)
    assert error == Icmp(
        3, 4, quoted=Captured("10.244.1.2", "10.244.1.3", Udp(40001, 5353), total_length=1476), mtu=1450
    )


def test_fragments_say_where_they_belong_and_only_the_first_has_ports() -> None:
    ends = "0af40102 0af40103"
    first = decode.ipv4(
        octets(f"4500 0024 1234 2000 40 11 0000 {ends} 9c41 14e9 0bc0 0000 61626364 65666768")
    )
    later = decode.ipv4(octets(f"4500 0018 1234 00b9 40 11 0000 {ends} 61626364"))
    assert first.fragment == Fragment(0, 16, more=True, datagram=0x1234)
    assert isinstance(first.payload, Udp) and first.payload.dport == 5353
    assert later.fragment == Fragment(1480, 4, more=False, datagram=0x1234)
    assert (later.protocol, later.size, later.later) == ("udp", 24, True)


def test_a_redirect_names_the_better_gateway() -> None:
    quoted = octets(f"{IP} 9c41 14e9 000d 0000 68656c6c6f", length=33, protocol=17)
    redirect = decode.icmp(octets("05 01 0000 0af40103") + quoted)
    assert (redirect.gateway, redirect.mtu) == ("10.244.1.3", 0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{TO_POD2} 86dd 60000000", "Ethernet type 0x86dd"),
        (f"{TO_POD2} 0800 4500 0014 1234 0000 40 84 0000 0af40102 0af40103", "IP protocol 132"),
    ],
)
def test_what_no_journey_has_is_refused(text: str, what: str) -> None:
    with pytest.raises(NotDecoded, match=what):
        decode.frame(octets(text))
