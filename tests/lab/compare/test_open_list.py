"""What may differ between a world and its sandbox is left out, and nothing else."""

import pytest

from app.lab.compare.open_list import settled

PORTS = {40001, 8080, 8472}
HEADING = "mtu 1500 qdisc noqueue state UP group default qlen 1000"
ETHER = "    link/ether 52:54:00:00:01:0a brd ff:ff:ff:ff:ff:ff"


@pytest.mark.parametrize(
    ("command", "one", "other"),
    [
        (
            "conntrack -L",
            "tcp      6 431999 ESTABLISHED mark=0 use=1",
            "tcp      6 12 ESTABLISHED mark=0 use=2",
        ),
        ("iptables-save", "# Generated on Monday\n:INPUT ACCEPT [7:420]", ":INPUT ACCEPT [0:0]"),
        ("ip -d link", "gc_timer  299.78 group_fwd_mask 0", "gc_timer    0.00 group_fwd_mask 0"),
        ("ip -d link", "numtxqueues 2 numrxqueues 2", "numtxqueues 1 numrxqueues 1"),
        (
            "ip neigh",
            "10.0.0.2 dev a STALE \n10.0.0.1 dev a FAILED ",
            "10.0.0.1 dev a FAILED\n10.0.0.2 dev a STALE",
        ),
    ],
)
def test_clocks_counters_and_the_order_of_a_hash_are_open(command: str, one: str, other: str) -> None:
    assert settled(command, one) == settled(command, other)


@pytest.mark.parametrize(
    ("command", "one", "other"),
    [
        ("conntrack -L", "tcp      6 30 ESTABLISHED src=10.0.0.1", "tcp      6 30 ESTABLISHED src=10.0.0.2"),
        ("ip neigh", "10.0.0.1 dev a STALE", "10.0.0.1 dev a REACHABLE"),
        ("ip route", "default dev a\n10.0.0.0/24 dev a", "10.0.0.0/24 dev a\ndefault dev a"),
        ("ip link", f"3: veth@if2: {HEADING}\n{ETHER} link-netnsid 0", f"3: veth: {HEADING}\n{ETHER}"),
    ],
)
def test_addresses_states_and_the_order_of_a_tree_are_not(command: str, one: str, other: str) -> None:
    assert settled(command, one, {"eth0"}, PORTS) != settled(command, other, {"eth0"}, PORTS)


def test_a_nic_is_one_end_of_a_pair_in_the_sandbox() -> None:
    built = f"2: eth0@if3: {HEADING}\n{ETHER} link-netnsid 4 promiscuity 0\n    veth addrgenmode eui64"
    ours = f"2: eth0: {HEADING}\n{ETHER} promiscuity 0 addrgenmode eui64"
    assert settled("ip -d link", built, {"eth0"}) == settled("ip -d link", ours, {"eth0"})
    assert settled("ip -d link", built) != settled("ip -d link", ours), "only if the world has it as a NIC"


def test_a_nic_that_is_a_port_of_a_bridge_has_one_line_less() -> None:
    port = "    bridge_slave state forwarding"
    built = f"2: eth0@if3: {HEADING}\n{ETHER} link-netnsid 4\n    veth \n{port}"
    assert settled("ip -d link", built, {"eth0"}) == f"2: eth0: {HEADING}\n{ETHER}\n{port}"


def test_a_port_is_open_when_nobody_wrote_it_down() -> None:
    line = "sport=8080 dport=51234"
    assert settled("conntrack -L", line, ports=PORTS) == "sport=8080 dport=any"
    assert settled("conntrack -L", line) == line, "all are compared where none are named"


def test_blanks_that_a_long_port_makes_are_open_with_the_port() -> None:
    one = "ESTAB  0      0       10.244.1.2:8080  10.244.1.1:51234"
    other = "ESTAB 0      0      10.244.1.2:8080 10.244.1.1:1027"
    assert settled("ss -tan", one, ports=PORTS) == settled("ss -tan", other, ports=PORTS)
    assert settled("ss -tan", one) != settled("ss -tan", other)
