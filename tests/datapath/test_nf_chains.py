"""Walking chains: jumps, returns, marks, verdicts, and what each match asks of a packet."""

import pytest

from app.datapath.events import HookPassed, IcmpSent
from app.datapath.nf_chains import At, Seen, first_mismatch, ipt_do_table
from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.netns import Netns, netns
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.wire.packet import Tcp
from tests.iptables import rules
from tests.stages import Ran, frame, kernel, packet, run, tcp, udp
from tests.worlds import LO, device, knows

WRITER = Origin("somebody", "Firewall/one")
CLIENT, SERVER = "10.1.0.9", "10.2.0.9"
HERE = At("FORWARD", "east", "west")


def router(text: str) -> Netns:
    east, west = device("east", "physical", "10.1.0.1/24"), device("west", "physical", "10.2.0.1/24")
    return netns("router", (LO, east, west), rules=rules(text, WRITER), neigh=[knows("east", CLIENT)])


def shown(text: str, skb: Skb | None = None, at: At = HERE, table: str = "filter", seed: int = 0) -> Ran:
    """A SYN from the client to the server's port 80 meets these rules in FORWARD."""
    return run(router(f"*{table}\n{text}"), ipt_do_table, skb or syn(), at, table, seed=seed)


def syn(**more: object) -> Skb:
    return frame(packet(CLIENT, SERVER, tcp(40001, 80)), **more)  # type: ignore[arg-type]


def verdict(ran: Ran) -> str:
    return ran.one(HookPassed).verdict


def chains(ran: Ran) -> list[tuple[str, tuple[int, ...], int, int]]:
    """Each chain walked: name, positions that matched, rules compared, depth."""
    return [(v.chain, v.matched, v.compared, v.depth) for v in ran.one(HookPassed).visits]


def test_without_a_rule_that_matches_the_policy_decides() -> None:
    assert verdict(shown("-A FORWARD -p udp -j DROP")) == "ACCEPT"
    refused = shown(":FORWARD DROP\n-A FORWARD -p udp -j ACCEPT")
    assert (verdict(refused), refused.death) == ("DROP", "nf_hook_slow NETFILTER_DROP")
    assert refused.one(HookPassed).by is None, "nobody's rule: the policy"


def test_the_first_rule_that_decides_ends_the_walk() -> None:
    ran = shown("-A FORWARD -p udp -j DROP\n-A FORWARD -p tcp -j ACCEPT\n-A FORWARD -j DROP")
    assert verdict(ran) == "ACCEPT"
    assert chains(ran) == [("FORWARD", (1,), 2, 0)]
    assert ran.one(HookPassed).by == WRITER


def test_a_rule_without_a_target_counts_and_goes_on() -> None:
    assert chains(shown("-A FORWARD\n-A FORWARD -j ACCEPT")) == [("FORWARD", (0, 1), 2, 0)]


def test_a_chain_that_ends_returns_to_where_it_was_called() -> None:
    ran = shown("-A FORWARD -j ASIDE\n-A FORWARD -j DROP\n-A ASIDE -p udp -j ACCEPT")
    assert chains(ran) == [("FORWARD", (0, 1), 2, 0), ("ASIDE", (), 1, 1)]
    assert verdict(ran) == "DROP"


def test_return_leaves_the_chain_at_once() -> None:
    ran = shown("-A FORWARD -j ASIDE\n-A FORWARD -j DROP\n-A ASIDE -p tcp -j RETURN\n-A ASIDE -j ACCEPT")
    assert chains(ran) == [("FORWARD", (0, 1), 2, 0), ("ASIDE", (0,), 1, 1)]
    assert verdict(ran) == "DROP"


def test_return_from_a_built_in_chain_means_its_policy() -> None:
    assert verdict(shown(":FORWARD DROP\n-A FORWARD -j RETURN\n-A FORWARD -j ACCEPT")) == "DROP"


def test_a_verdict_three_chains_deep_ends_all_of_them() -> None:
    ran = shown("-A FORWARD -j ONE\n-A FORWARD -j DROP\n-A ONE -j TWO\n-A TWO -j THREE\n-A THREE -j ACCEPT")
    assert [(name, depth) for name, _, _, depth in chains(ran)] == [
        ("FORWARD", 0),
        ("ONE", 1),
        ("TWO", 2),
        ("THREE", 3),
    ]
    assert verdict(ran) == "ACCEPT"


def test_a_mark_changes_the_packet_and_what_later_rules_see() -> None:
    ran = shown(
        "-A FORWARD -j MARK --set-xmark 0x4000/0x4000\n-A FORWARD -m mark --mark 0x4000/0x4000 -j DROP"
    )
    assert verdict(ran) == "DROP"
    event = ran.one(HookPassed)
    assert event.skb and (event.before.mark, event.skb.mark) == (0, 0x4000)


@pytest.mark.parametrize(
    ("before", "xmark", "after"),
    [(0x1, "0x4000/0x4000", 0x4001), (0x4001, "0x4000/0x0", 0x1), (0xFF, "0x1/0xffffffff", 0x1)],
    ids=["sets one bit", "xors it away", "replaces all"],
)
def test_set_xmark_is_and_not_mask_then_xor(before: int, xmark: str, after: int) -> None:
    assert shown(f"-A FORWARD -j MARK --set-xmark {xmark}", syn(mark=before)).result.mark == after


def test_a_reject_tells_the_sender_then_drops() -> None:
    ran = shown("-A FORWARD -j REJECT --reject-with icmp-port-unreachable")
    assert verdict(ran) == "REJECT"
    assert ran.one(IcmpSent).by == WRITER
    assert ran.drop and ran.drop.by == WRITER


def test_rules_for_one_address_are_found_without_comparing_all_others_and_yet_in_order() -> None:
    others = "\n".join(f"-A FORWARD -d 10.3.0.{n}/32 -j DROP" for n in range(200))
    ran = shown(f"{others}\n-A FORWARD -d {SERVER}/32 -j ACCEPT\n-A FORWARD -j DROP")
    assert chains(ran) == [("FORWARD", (200,), 201, 0)], "what a kernel would have compared is counted"


def tracked(dnat: bool = False) -> Skb:
    flow = FlowTuple("tcp", CLIENT, 40001, SERVER, 80)
    reply = FlowTuple("tcp", "10.9.0.1" if dnat else SERVER, 80, CLIENT, 40001)
    return syn(ct=Conn(flow, reply, "SYN_SENT"), ctinfo="NEW")


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("-s 10.1.0.0/24", True),
        ("-s 10.2.0.0/24", False),
        ("! -s 10.1.0.0/24", False),
        ("! -d 10.0.0.0/8", False),
        ("-d 10.2.0.9/32", True),
        ("-i east", True),
        ("-i e+", True),
        ("-i west", False),
        ("-o west", True),
        ("! -o west", False),
        ("-p tcp", True),
        ("-p udp", False),
        ("-p tcp -m tcp --dport 80", True),
        ("-p tcp -m tcp --dport 81", False),
        ("-p tcp -m tcp --sport 40001", True),
        ("-m mark --mark 0x0/0x4000", True),
        ("-m mark ! --mark 0x4000/0x4000", True),
        ("-m conntrack --ctstate NEW", True),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", False),
        ("-m conntrack ! --ctstate NEW", False),
        ("-m conntrack --ctstate DNAT", False),
        ("-m addrtype --dst-type LOCAL", False),
        ("-m addrtype ! --dst-type LOCAL", True),
        ("-m addrtype --src-type LOCAL", False),
        ("-m physdev --physdev-is-in", False),
        ("-m physdev ! --physdev-is-in", True),
        ('-m comment --comment "always true"', True),
        ("-m statistic --mode random --probability 1.0", True),
        ("-m statistic --mode random --probability 0.0", False),
    ],
)
def test_a_match_asks_one_thing_of_a_packet(rule: str, matches: bool) -> None:
    """A new TCP connection from 10.1.0.9:40001 to 10.2.0.9:80, in by east, out by west, unmarked."""
    assert (verdict(shown(f"-A FORWARD {rule} -j DROP", tracked())) == "DROP") is matches, rule


def test_a_connection_with_another_reply_tuple_is_in_state_dnat() -> None:
    rule = "-A FORWARD -m conntrack --ctstate DNAT -j DROP"
    assert verdict(shown(rule, tracked(dnat=True))) == "DROP"


def test_without_a_connection_the_state_is_invalid() -> None:
    assert verdict(shown("-A FORWARD -m conntrack --ctstate INVALID -j DROP")) == "DROP"


def test_local_means_local_to_this_machine() -> None:
    to_router = frame(packet(CLIENT, "10.2.0.1", tcp(40001, 80)))
    rule = "-A INPUT -m addrtype --dst-type LOCAL -j DROP"
    assert verdict(shown(rule, to_router, At("INPUT", "east", None))) == "DROP"


def test_a_packet_without_an_input_device_matches_a_negated_one_only() -> None:
    """Section 1, R4: in POST of a bridged frame iif is unset."""
    bridged = At("POSTROUTING", None, "cbr0", bridged=True)
    assert verdict(shown("-A POSTROUTING ! -i eth0 -j DROP", at=bridged, table="mangle")) == "DROP"
    assert verdict(shown("-A POSTROUTING -i eth0 -j DROP", at=bridged, table="mangle")) == "ACCEPT"


def test_ports_of_a_ping_match_nothing() -> None:
    ping = frame(packet(CLIENT, SERVER))
    assert verdict(shown("-A FORWARD -m tcp --dport 80 -j DROP", ping)) == "ACCEPT"


def test_chance_is_spread_as_the_probability_says() -> None:
    rule = "-A FORWARD -m statistic --mode random --probability 0.5 -j DROP"
    dropped = sum(verdict(shown(rule, seed=seed)) == "DROP" for seed in range(200))
    assert 70 < dropped < 130, f"{dropped} of 200"


def test_the_first_part_that_failed_is_named_in_iptables_words() -> None:
    k = kernel(router("*filter"))
    seen = Seen.of(tracked(), HERE, k.fib, k.chance)
    rule = rules("*filter\n-A FORWARD -d 10.2.0.9/32 -p tcp -m tcp --dport 443 -m mark --mark 0x1 -j DROP")
    assert first_mismatch(rule.tables["filter"]["FORWARD"].rules[0], seen) == "--dport"


def test_a_datagram_is_shown_with_its_own_ports() -> None:
    query = frame(packet(CLIENT, SERVER, udp(40001, 53)))
    assert verdict(shown("-A FORWARD -p udp -m udp --dport 53 -j DROP", query)) == "DROP"
    assert isinstance(syn().ip.payload, Tcp)
