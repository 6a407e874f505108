"""Rules that one side went by and the other not are found, and named as iptables-save prints them."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from app.datapath.events import HookPassed, Step
from app.kernel.netns import netns
from app.kernel.world import World
from app.lab.compare import headers
from app.lab.compare.rows import differences
from app.lab.compare.rules import Passage, computed, recorded, rule_rows
from app.lab.job import Hit, Recording
from app.simulate import walk
from app.wire.packet import Icmp, IPv4, Tcp, Text, Udp
from tests.iptables import rules
from tests.lab.matrix import CASES
from tests.worlds import world

CASE = CASES["cloud, with rules: to remote"]
PORTS = {40001, 8080, 80}
SYN = "SYN 10.244.1.2:40001 > 10.96.0.40:80"
REFUSED = """*filter
:INPUT DROP
-A INPUT -p icmp -j OWN
-A OWN -j MARK --set-xmark 0x4/0x4
-A OWN -j RETURN
-A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable
*mangle
-A FORWARD
"""
PING = bytes.fromhex("4500 0054 0000 4000 4001 0000 0a000001 0a000002 0800 0000 9c41 0001") + bytes(12)
DATAGRAM = bytes.fromhex("4500 0021 0000 4000 4011 0000 0a000001 0a000002 9c41 14e9 000d 0000")


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return list(walk(CASE.machines(), CASE.probes, 0))


@pytest.fixture(scope="module")
def passages(steps: list[Step]) -> list[Passage]:
    return list(computed(steps, PORTS))


def ruled() -> World:
    return world(netns("b", (), rules=rules(REFUSED)))


def hit(
    table: str,
    chain: str,
    position: int | None,
    verdict: str,
    octets: bytes = b"",
    *,
    skb: int = 1,
    iif: str | None = None,
    mark: int = 0,
) -> Hit:
    return Hit("b", skb, table, chain, position, verdict, iif, None, mark, octets)


def told(*hits: Hit) -> Iterator[Passage]:
    return recorded(Recording((), (), {}, hits=hits), ruled(), PORTS)


def test_a_first_packet_goes_by_the_rules_in_the_order_in_which_a_tracer_tells_them(
    passages: list[Passage],
) -> None:
    first = next(p for p in passages if (p.netns, p.table, p.hook) == ("node1", "nat", "PREROUTING"))
    assert first.name == SYN
    chains, targets = zip(*((line.split()[1], line.split()[-1]) for line in first.hits), strict=True)
    assert chains[:2] == ("PREROUTING", "KUBE-SERVICES")
    assert chains[1:] == targets[:-1], "each rule is of the chain that the one before jumped to"
    assert first.hits[-1].endswith("-j DNAT --to-destination 10.244.2.3:8080")


def test_two_equal_sides_have_no_difference_and_a_row_for_each_hit(
    steps: list[Step], passages: list[Passage]
) -> None:
    rows = list(rule_rows("node1", passages, computed(steps, PORTS)))
    assert not differences(rows)
    assert len(rows) == sum(len(passage.hits) for passage in passages if passage.netns == "node1")
    assert rows[0].computed == rows[0].kernel == f"nat PREROUTING, {SYN}: {passages[0].hits[0]}"


def test_another_rule_is_named_with_the_one_that_was_computed(passages: list[Passage]) -> None:
    first, *more = (passage for passage in passages if passage.netns == "node1")
    other = (*first.hits[:-1], "-A KUBE-SEP-X -j DNAT --to-destination 10.244.1.3:8080")
    (found,) = differences(rule_rows("node1", [first, *more], [replace(first, hits=other), *more]))
    assert found == (
        f"node1 nat PREROUTING, {SYN}: computed {first.hits[-1]}, the kernel went by {other[-1]}"
    )


def test_the_difference_stands_in_the_row_where_the_ways_part(passages: list[Passage]) -> None:
    first = passages[0]
    rows = list(rule_rows("node1", [first], [replace(first, hits=first.hits[:2])]))
    assert [bool(row.difference) for row in rows] == [False, False, True, False]
    assert rows[2].kernel is None and rows[2].difference
    assert rows[2].difference.endswith("the kernel went by no further rule")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mark": 0x4000}, "computed mark 0, kernel 16384"),
        ({"iif": "eth0"}, "computed iif cbr0, kernel eth0"),
        ({"verdict": "drop"}, "computed verdict accept, kernel drop"),
    ],
)
def test_the_same_rules_with_another_effect_are_told(
    passages: list[Passage], change: dict[str, object], words: str
) -> None:
    (found,) = differences(rule_rows("node1", passages[:1], [replace(passages[0], **change)]))
    assert found == f"node1 nat PREROUTING, {SYN}: {words}"


def test_a_packet_that_only_one_side_shows_to_a_table_is_named(passages: list[Passage]) -> None:
    first, *more = (passage for passage in passages if passage.netns == "node1")
    (found,) = differences(rule_rows("node1", [first, *more], more))
    assert found == f"node1 nat PREROUTING, {SYN}: computed, the kernel did not show it to these rules"
    (found,) = differences(rule_rows("node1", more, [first, *more]))
    assert found == f"node1 nat PREROUTING, {SYN}: shown to the rules in the kernel, not computed"


def test_where_a_bare_ack_stands_is_open_and_that_it_hit_its_rules_is_not(passages: list[Passage]) -> None:
    here = [passage for passage in passages if passage.netns == "node1"]
    loose = [passage for passage in here if not passage.firm]
    firm = [passage for passage in here if passage.firm]
    assert loose, "a connection has bare ACKs"
    assert not differences(rule_rows("node1", here, [*firm, *loose]))
    assert differences(rule_rows("node1", here, firm))


def test_hits_are_put_together_by_packet_though_another_comes_in_between() -> None:
    """REJECT sends its message from inside the rule, before the kernel tells of the rule."""
    datagram, ping = told(
        hit("filter", "INPUT", 0, "jump", PING, skb=1, iif="b0"),
        hit("filter", "INPUT", 1, "drop", DATAGRAM, skb=2, iif="b0"),
        hit("filter", "OWN", 0, "continue", skb=1, mark=4),
        hit("filter", "OWN", 1, "return", skb=1, mark=4),
        hit("filter", "INPUT", None, "drop", skb=1, mark=4),
    )
    assert ping.hits == (
        "-A INPUT -p icmp -j OWN",
        "-A OWN -j MARK --set-xmark 0x4/0x4",
        "-A OWN -j RETURN",
        "policy DROP",
    )
    assert (ping.place, ping.name, ping.iif) == ("b filter INPUT", "ICMP 8/0 10.0.0.1 > 10.0.0.2", "b0")
    assert (ping.verdict, ping.mark) == ("drop", 4)
    assert datagram.name == "UDP 10.0.0.1:40001 > 10.0.0.2:any"
    assert (datagram.hits, datagram.verdict) == (
        ("-A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable",),
        "drop",
    )


def test_a_number_of_an_skb_that_is_used_again_is_another_packet() -> None:
    assert len(list(told(*[hit("filter", "INPUT", 1, "drop", DATAGRAM)] * 2))) == 2


def test_a_chain_without_rules_that_lets_all_pass_is_left_out() -> None:
    empty = hit("mangle", "INPUT", None, "continue", PING), hit("mangle", "INPUT", None, "accept")
    counting = hit("mangle", "FORWARD", 0, "continue", PING), hit("mangle", "FORWARD", None, "accept")
    (passage,) = told(*empty, *counting)
    assert passage.hits == ("-A FORWARD", "policy ACCEPT")


def test_a_rule_that_was_not_computed_at_all_is_named_by_its_place() -> None:
    (passage,) = told(hit("filter", "INPUT", 7, "accept", PING))
    assert passage.hits == ("-A INPUT (its rule 8, which was not computed)",)


@pytest.mark.parametrize(
    ("packet", "octets"),
    [
        (
            IPv4("10.0.0.1", "10.0.0.2", Tcp(40001, 8080, ("SYN",), mss=1460)),
            "4500 003c 0000 4000 4006 0000 0a000001 0a000002 9c41 1f90 00000000 00000000 a002 ffff 0000 0000",
        ),
        (
            IPv4("10.0.0.1", "10.0.0.2", Tcp(40001, 8080, ("PSH", "ACK"), payload=Text("hello"))),
            "4500 0039 0000 4000 4006 0000 0a000001 0a000002 9c41 1f90 00000000 00000000 8018 ffff 0000 0000",
        ),
        (
            IPv4("10.0.0.1", "10.0.0.2", Udp(40001, 8080, Text("hello"))),
            DATAGRAM.hex().replace("14e9", "1f90"),
        ),
        (IPv4("10.0.0.1", "10.0.0.2", Icmp(8, 0, id=40001, sequence=1)), PING.hex()),
    ],
    ids=["a SYN", "a segment with data", "a datagram", "an echo"],
)
def test_a_packet_has_the_same_name_by_its_records_and_by_its_first_octets(packet: IPv4, octets: str) -> None:
    decoded = headers.decoded(bytes.fromhex(octets))
    assert headers.name_of(decoded, PORTS) == headers.name_of(packet, PORTS)
    assert headers.is_firm(decoded) == headers.is_firm(packet)


def test_a_tunnels_source_port_is_open_and_so_is_the_moment_of_its_packets() -> None:
    outer = IPv4("192.168.1.10", "192.168.2.10", Udp(40001, 8472))
    assert headers.name_of(outer, {40001, 8472}) == "UDP 192.168.1.10:any > 192.168.2.10:8472"
    assert not headers.is_firm(outer)


def test_every_rule_that_the_walk_passed_is_in_a_passage(steps: list[Step], passages: list[Passage]) -> None:
    events = [step.event for step in steps if isinstance(step.event, HookPassed)]
    matched = sum(len(visit.matched) for event in events for visit in event.visits)
    by_policy = sum(not event.path for event in events)
    assert matched > 20
    assert sum(len(passage.hits) for passage in passages) == matched + by_policy
