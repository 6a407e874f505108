"""Reading rules: every option that has a record, and a refusal of every other."""

import pytest

from app.kernel.iptables import Line, parse, ruleset
from app.kernel.netfilter import Jump, Masquerade, Rule, SetMark
from app.kernel.origin import Origin
from app.kernel.show.iptables import rule_text

NOBODY = Origin("nobody")

CANONICAL = [
    '! -s 10.0.0.0/8 -d 10.96.0.1/32 -p tcp -m comment --comment "it is said" -m tcp --dport 80 -j SOME-CHAIN',
    "-i inet+ -o eth0 -p udp -m udp --sport 53 -j ACCEPT",
    "-m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
    "-m addrtype ! --dst-type LOCAL -j MASQUERADE --random-fully",
    "-m addrtype --src-type LOCAL -j MARK --set-xmark 0x4000/0x4000",
    "-m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.0.0.1:8080",
    "-m physdev ! --physdev-is-in -j SNAT --to-source 192.0.2.1",
    "-p tcp -j REJECT --reject-with icmp-port-unreachable",
]


def rule(text: str) -> Rule:
    (line,) = parse(f"-A FORWARD {text}", NOBODY)
    assert line.rule
    return line.rule


@pytest.mark.parametrize("text", CANONICAL)
def test_what_iptables_save_prints_is_read_back(text: str) -> None:
    assert rule_text(rule(text)) == f" {text}"


def test_marks_may_be_set_by_or_and_by_xor() -> None:
    assert rule("-j MARK --or-mark 0x4000").target == SetMark(0x4000, 0x4000)
    assert rule("-j MARK --xor-mark 0x4000").target == SetMark(0x4000, 0)


def test_an_option_without_a_record_is_refused_not_ignored() -> None:
    with pytest.raises(ValueError, match="--nfacct-name"):
        rule("-m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP")


def test_tables_begin_with_their_built_in_chains_and_a_chain_may_be_empty() -> None:
    built = ruleset(parse("*nat\n:MINE\n-A POSTROUTING -j MASQUERADE\n-A POSTROUTING -j MINE", NOBODY))
    nat = built.tables["nat"]
    assert list(nat) == ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING", "MINE"]
    assert {name: chain.policy for name, chain in nat.items() if chain.policy} == dict.fromkeys(
        list(nat)[:4], "ACCEPT"
    )
    assert [r.target for r in nat["POSTROUTING"].rules] == [Masquerade(), Jump("MINE")]


def test_no_lines_make_no_tables() -> None:
    assert ruleset(()).tables == {}
    assert list(ruleset([Line("mangle", "CANARY")]).tables) == ["mangle"]
