"""The hooks: which tables run where and in which order, and when none does (R5, R6)."""

from itertools import pairwise

import pytest

from app.datapath.events import ConntrackConfirmed, ConntrackCreated, HookPassed, Translated
from app.datapath.nf_hooks import HOOKS, nf_hook
from app.kernel.netfilter import BUILTIN, TABLES_AT, Hook, Ruleset
from app.kernel.netns import Netns, netns
from app.kernel.skb import Skb
from tests.iptables import rules
from tests.journeys import send
from tests.stages import Ran, frame, packet, run, tcp
from tests.worlds import LO, device, routed

PACKET = frame(packet("10.1.0.9", "10.2.0.9", tcp()))
EVERYWHERE = "\n".join(
    f"*{table}\n" + "\n".join(f"-A {hook}" for hook in hooks)
    + ("\n-A POSTROUTING -s 192.0.2.1/32 -j SNAT --to-source 192.0.2.2" if table == "nat" else "")
    for table, hooks in BUILTIN.items()
)  # fmt: skip


def router(written: Ruleset | None) -> Netns:
    east, west = device("east", "physical", "10.1.0.1/24"), device("west", "physical", "10.2.0.1/24")
    return netns("router", (LO, east, west), rules=written)


def at(hook: str, written: str = EVERYWHERE, skb: Skb = PACKET) -> Ran:
    return run(router(rules(written)), nf_hook, hook, skb, iif="east", oif="west")


def first_packet() -> Skb:
    """The same packet after PREROUTING: it has its connection, not yet confirmed."""
    skb = at("PREROUTING").result
    assert isinstance(skb, Skb)
    return skb


@pytest.mark.parametrize("hook", TABLES_AT)
def test_r5_every_table_is_asked_in_the_order_measured(hook: Hook) -> None:
    """PRE raw, conntrack, mangle, nat; IN mangle, filter, nat, security; ...: `hook_order`, iptables-nft 1.8.9."""
    begins = hook in ("PREROUTING", "OUTPUT")
    asked = [event.table for event in at(hook, skb=PACKET if begins else first_packet()).all(HookPassed)]
    assert asked == list(TABLES_AT[hook]), f"at {hook}"


@pytest.mark.parametrize("hook", ["PREROUTING", "OUTPUT"])
def test_r5_conntrack_comes_after_raw_and_before_mangle(hook: str) -> None:
    names = at(hook).names
    assert names[:3] == ["HookPassed", "ConntrackCreated", "HookPassed"]


@pytest.mark.parametrize("hook", ["INPUT", "POSTROUTING"])
def test_r6_the_entry_is_confirmed_last(hook: Hook) -> None:
    """Anything that drops it before leaves no entry."""
    assert at(hook, skb=first_packet()).names[-1] == "ConntrackConfirmed"


def test_what_is_registered_at_a_hook_is_sorted_by_priority() -> None:
    for hook, registered in HOOKS.items():
        priorities = [one.priority for one in registered]
        assert all(a < b for a, b in pairwise(priorities)), f"{hook}: {priorities}"


def test_without_rules_a_hook_does_nothing_at_all() -> None:
    ran = run(router(None), nf_hook, "FORWARD", PACKET, iif="east", oif="west")
    assert (ran.events, ran.result) == ([], PACKET)


def test_r6_rules_that_need_no_connections_track_none() -> None:
    ran = at("PREROUTING", "*mangle\n-A PREROUTING\n*filter\n-A FORWARD -j ACCEPT")
    assert not ran.all(ConntrackCreated)


@pytest.mark.parametrize(
    "rule",
    [
        "*filter\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        "*nat\n-A POSTROUTING -j MASQUERADE",
    ],
    ids=["a ctstate match", "a NAT target"],
)
def test_r6_one_rule_that_needs_connections_makes_the_whole_namespace_track_them(rule: str) -> None:
    assert at("PREROUTING", rule).all(ConntrackCreated)


COUNTING = "*nat\n-A PREROUTING\n-A POSTROUTING"


def test_hook_order_no_nat_chains_where_nothing_is_tracked_are_not_walked() -> None:
    """R6: `hook_order_no_nat`."""
    assert not at("PREROUTING", COUNTING).all(HookPassed)


def test_nat_chains_without_a_nat_rule_are_walked_where_connections_are_tracked_for_another_reason() -> None:
    """Found by the lab: nf_nat is called with the chains' registering, and all it wants is a connection."""
    ran = at("PREROUTING", f"{COUNTING}\n*filter\n-A FORWARD -m conntrack --ctstate NEW")
    assert [event.table for event in ran.all(HookPassed)] == ["nat"]


def test_r6_plain_forwarding_nodes_track_nothing() -> None:
    walked = send(routed(), "node1/pod1", "10.244.2.3:8080")
    assert not walked.all(ConntrackCreated)
    assert not walked.all(HookPassed)


def test_r5_the_nat_chains_are_walked_by_the_first_packet_of_a_connection_only() -> None:
    masquerade = rules("*nat\n-A POSTROUTING -s 10.244.1.0/24 -o eth0 -j MASQUERADE")
    walked = send(routed(rules=masquerade), "node1/pod1", "10.244.2.3:8080")
    assert len(walked.all(HookPassed, "node1")) == 1
    assert len(walked.all(Translated, "node1")) > 4, "every packet is translated, from the entry"
    assert len(walked.all(ConntrackConfirmed, "node1")) == 1
