"""Breaks: chosen by name, typed in a namespace, told and expected in their own words."""

import pytest

from app.kernel.change import Change
from app.process.programs import Probe
from app.scenario.assemble import Override
from tests.scenario.small import SMALL, faults, line_of, read, spoilt

BREAKS = """\
breaks:
  deaf:
    label: Nothing is forwarded
    run: {n1: [sysctl -w net.ipv4.ip_forward=0]}
    beats:
      - {id: own, text: It begins otherwise., on: {event: SegmentSent}}
    expect:
      - {verdict: dropped}
  lost:
    label: n1 has no way out, nor n2
    when: {backend: [far]}
    run:
      n2: [ip route del default]
      n1: [ip route del default, sysctl -w net.ipv4.ip_forward=0]
  small:
    label: Everything is small
    patch: {scenario: {network: {mtu: 1400}}, objects: {Pod/b: {metadata: {labels: {app: other}}}}}
    probes:
      - {from: pod/b, to: pod/a, protocol: icmp}
"""
BROKEN = SMALL[: SMALL.index("beats:")] + BREAKS + SMALL[SMALL.index("beats:") :]


def test_nothing_is_broken_unless_somebody_breaks_it() -> None:
    scenario = read(BROKEN)
    assert [own.name for own in scenario.breaks] == ["deaf", "lost", "small"]
    assert (scenario.broken, scenario.changes) == ((), ())
    assert [beat.text for beat in scenario.beats] == ["It begins."]


def test_commands_are_typed_in_the_order_in_which_they_are_written() -> None:
    scenario = read(BROKEN, {"backend": "far"}, breaks=["lost"])
    assert scenario.changes == (
        Change("n2", "ip route del default"),
        Change("n1", "ip route del default"),
        Change("n1", "sysctl -w net.ipv4.ip_forward=0"),
    )


def test_several_come_in_the_order_of_the_file_each_once() -> None:
    scenario = read(BROKEN, breaks=["small", "deaf", "small"])
    assert scenario.broken == ("deaf", "small")
    assert [change.netns for change in scenario.changes] == ["n1"]


def test_a_break_has_a_story_of_its_own_or_none() -> None:
    own, silent = read(BROKEN, breaks=["deaf"]), read(BROKEN, breaks=["small"])
    assert [beat.text for beat in own.beats] == ["It begins otherwise."]
    assert own.expect.verdict == "dropped"
    assert (silent.beats, silent.expect.verdict) == ((), None)


def test_of_several_at_once_nobody_has_told_anything() -> None:
    both = read(BROKEN, breaks=["deaf", "small"])
    assert (both.beats, both.expect.verdict) == ((), None)


def test_a_break_may_send_something_else_through_a_changed_cluster() -> None:
    scenario = read(BROKEN, breaks=["small"])
    assert (scenario.probe_from, scenario.probe_to, scenario.protocol) == ("pod/b", "pod/a", "icmp")
    assert scenario.infra.network.mtu == 1400
    assert dict(next(pod.labels for pod in scenario.cluster.pods if pod.name == "b"))["app"] == "other"


def test_another_probe_can_be_sent_through_what_is_broken() -> None:
    scenario = read(BROKEN, override=Override(to="pod/c"), breaks=["small"])
    (probe,) = scenario.acts
    assert isinstance(probe, Probe)
    assert (scenario.probe_from, probe.address, probe.protocol) == ("pod/b", "10.244.2.2", "icmp")
    assert scenario.broken == ("small",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("loud", "Scenario.breaks.loud: there is no such break, expected one of deaf, lost, small"),
        ("lost", "Scenario.breaks.lost: is not for these settings, expected backend=far"),
    ],
)
def test_only_what_is_there_and_fits_can_be_chosen(name: str, says: str) -> None:
    (fault,) = faults(BROKEN, breaks=[name])
    assert says in fault


def test_where_there_are_none_that_is_said() -> None:
    (fault,) = faults(SMALL, breaks=["deaf"])
    assert fault.endswith("Scenario.breaks.deaf: there is no such break, and this scenario has none")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("{n1: [sysctl", "{n9: [sysctl", "run.n9[0]: there is no namespace 'n9', expected one of n1,"),
        ("sysctl -w net.ipv4.ip_forward=0]", "make coffee]", "run.n1[0]: "),
        ("sysctl -w net.ipv4.ip_forward=0]", "ip route del 10.9.9.0/24]", "run.n1[0]: "),
        ("sysctl -w net.ipv4.ip_forward=0]", "ip route del default, ip route del default]", "run.n1[1]: "),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_a_fault_with_its_line(
    before: str, after: str, says: str
) -> None:
    text = spoilt((before, after), text=BROKEN)
    (fault,) = faults(text, breaks=["deaf"])
    place = f"f.yaml:{line_of('run: {', text)}: Scenario.breaks.deaf."
    assert fault.startswith(place + says), fault
    assert len(fault) > len(place + says), "it says what is wrong"


def test_the_machine_as_it_is_by_then_decides_what_is_refused() -> None:
    """The second command is refused only because the first one was carried out, in another break."""
    twice = spoilt(("sysctl -w net.ipv4.ip_forward=0]", "ip route del default]"), text=BROKEN)
    assert read(twice, {"backend": "far"}, breaks=["deaf"]).changes
    (fault,) = faults(twice, {"backend": "far"}, breaks=["deaf", "lost"])
    assert "Scenario.breaks.lost.run.n1[0]: " in fault


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("when: {backend: [far]}", "when: {backend: [moon]}", "breaks.lost.when: backend has no option 'moon'"),
        ("when: {backend: [far]}", "when: {front: [far]}", "breaks.lost.when: there is no setting 'front'"),
        ("    label: Everything is small\n", "", "breaks.small.label: is missing, expected a sentence"),
        ("[sysctl -w net.ipv4.ip_forward=0]", "sysctl", "breaks.deaf.run.n1: is 'sysctl', expected a list"),
        ("own, text: It begins otherwise., on: {event: SegmentSent", "own, text: It begins otherwise., on: {event: SegmentSend",
         "breaks.deaf.beats[0].on.event: there is no event 'SegmentSend'"),
        ("{verdict: dropped}", "{verdict: lost}", "breaks.deaf.expect[0].verdict: is 'lost', expected one of"),
        ("label: Nothing", "lable: Nothing", "breaks.deaf.lable: is no field here"),
    ],
)  # fmt: skip
def test_the_shape_of_a_break_is_checked_though_nobody_chose_it(before: str, after: str, says: str) -> None:
    found = faults(spoilt((before, after), text=BROKEN))
    assert any(says in fault for fault in found), found


def test_a_probe_of_a_break_that_means_nothing_is_found_where_it_is_written() -> None:
    text = spoilt(("{from: pod/b, to: pod/a,", "{from: pod/b, to: pod/z,"), text=BROKEN)
    (fault,) = faults(text, breaks=["small"])
    assert fault.startswith(f"f.yaml:{line_of('to: pod/z', text)}: Scenario.breaks.small.probes[0].to:")
