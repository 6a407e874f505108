"""The tables of a namespace at a step, and the row that decided."""

import pytest

from app.web.asked import understand
from app.web.contexts import Table
from app.web.inspector import NoSuchNetns, NoSuchStep, inspect
from app.web.told import Told


@pytest.fixture(scope="module")
def service() -> Told:
    return Told(understand("service", ()))


def tables_at(told: Told, event: str, netns: str) -> dict[str, Table]:
    """Tables at the first step in that namespace with such an event."""
    step = next(step for step in told.view.steps if step.event == event and step.at.netns == netns)
    return {table.command: table for table in inspect(told, step.seq, netns).tables}


def decided(table: Table) -> list[str]:
    return [row.text for row in table.lines if row.decided]


def test_the_route_that_won_is_marked_and_it_is_said_why(service: Told) -> None:
    table = tables_at(service, "RouteLookedUp", "node1/pod1")["ip route"]
    assert len(decided(table)) == 1
    assert decided(table)[0].startswith("default via 10.244.1.1")
    assert "longest prefix" in table.because


def test_the_rules_that_matched_are_marked_and_other_chains_left_out(service: Told) -> None:
    table = tables_at(service, "HookPassed", "node1")["iptables-save"]
    assert any("KUBE-SVC-" in rule for rule in decided(table))
    assert not any("KUBE-FIREWALL" in row.text for row in table.lines)


def test_what_decided_comes_first(service: Told) -> None:
    assert next(iter(tables_at(service, "HookPassed", "node1"))) == "iptables-save"


def test_in_another_namespace_nothing_is_marked(service: Told) -> None:
    seq = next(
        step.seq
        for step in service.view.steps
        if step.event == "RouteLookedUp" and step.at.netns == "node1/pod1"
    )
    assert not any(decided(table) for table in inspect(service, seq, "node2").tables)


def test_tables_are_those_of_the_step(service: Told) -> None:
    def neighbours(seq: int) -> Table:
        return next(t for t in inspect(service, seq, "node1/pod1").tables if t.command == "ip neigh")

    assert not neighbours(0).lines
    assert neighbours(service.last).lines


def test_unknown_places_and_times(service: Told) -> None:
    with pytest.raises(NoSuchNetns):
        inspect(service, 0, "node9")
    with pytest.raises(NoSuchStep):
        inspect(service, 99999, "node1")
