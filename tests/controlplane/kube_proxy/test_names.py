"""Chain names against hashes that real kube-proxies have written."""

import pytest

from app.controlplane.kube_proxy.names import endpoint_chain, port_hash

PORTS = [
    ("ns1/svc1:p80", "tcp", "XPGD46QRK7WJZT7O"),
    ("ns1/svc1", "tcp", "AQI2S6QIMU7PVVRP"),
    ("kube-system/kube-dns:dns-tcp", "tcp", "ERIFXISQEP7F7OF4"),
    ("ns2/svc2:p80", "tcp", "GNZBNJ2PO5MGZ6GT"),
    ("ns4/svc4:p80", "tcp", "4SW47YFZTEDKD3PK"),
    ("ns5/svc5:p80", "tcp", "NUKIZ6OKUXPJNT4C"),
]
ENDPOINTS = [
    ("ns1/svc1:p80", "10.180.0.1:80", "KUBE-SEP-SXIVWICOYRO3J4NJ"),
    ("ns1/svc1:p80", "[ff06::c1]:80", "KUBE-SEP-LIGRYQQLSZN4UWQ5"),
    ("ns2/svc2:p80", "10.180.0.2:80", "KUBE-SEP-RS4RBKLTHTF2IUXJ"),
]


@pytest.mark.parametrize(("name", "protocol", "expected"), PORTS)
def test_the_hash_of_a_service_port(name: str, protocol: str, expected: str) -> None:
    assert port_hash(name, protocol) == expected


@pytest.mark.parametrize(("name", "endpoint", "expected"), ENDPOINTS)
def test_the_chain_of_an_endpoint(name: str, endpoint: str, expected: str) -> None:
    assert endpoint_chain(name, "tcp", endpoint) == expected


def test_a_chain_name_fits_into_what_iptables_allows() -> None:
    assert len(endpoint_chain("a/b", "tcp", "10.0.0.1:80")) <= 28
