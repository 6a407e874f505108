"""Beats and expectations fit the chosen options, and speak of what can happen."""

import pytest

from app.kernel.origin import Origin
from tests.scenario.small import SMALL, faults, read, spoilt

WHEN = """\
beats:
  - {id: one, text: It begins., on: {event: SegmentSent, packet: {tcp.flags: SYN, ipv4.ttl: 64, ipv4.df: true}}}
  - {id: two, text: It is near., on: {at: n1}, when: {backend: [near]}}
  - {id: two, text: It is far., on: {at: n2}, when: {backend: [far]}}
expect:
  - {verdict: delivered, at: n1/a, sees: [{event: Received}]}
  - {when: {backend: [far]}, verdict: dropped, by: {component: kube-proxy, object: x}, sees: [{event: Dropped}]}
"""
TOLD = SMALL[: SMALL.index("beats:")] + WHEN + SMALL[SMALL.index("---\n") :]


def test_beats_are_those_of_the_chosen_options() -> None:
    assert [beat.text for beat in read(TOLD).beats] == ["It begins.", "It is near."]
    assert [beat.text for beat in read(TOLD, {"backend": "far"}).beats] == ["It begins.", "It is far."]


def test_packet_fields_are_compared_as_text() -> None:
    assert read(TOLD).beats[0].on.packet == (("tcp.flags", "SYN"), ("ipv4.ttl", "64"), ("ipv4.df", "true"))


def test_claims_add_up_and_the_last_single_value_stands() -> None:
    near, far = read(TOLD).expect, read(TOLD, {"backend": "far"}).expect
    assert (near.verdict, near.by, len(near.sees)) == ("delivered", None, 1)
    assert (far.verdict, far.at, far.by, len(far.sees)) == ("dropped", "n1/a", Origin("kube-proxy", "x"), 2)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("event: SegmentSent", "event: SegmentSend", "beats[0].on.event: there is no event 'SegmentSend'"),
        ("{event: Dropped}", "{event: Droped}", "expect[1].sees[0].event: there is no event 'Droped'"),
        ("when: {backend: [near]}", "when: {backend: [moon]}", "beats[1].when: backend has no option 'moon'"),
        ("when: {backend: [near]}", "when: {front: [near]}", "beats[1].when: there is no setting 'front'"),
        ("id: two, text: It is near., on: {at: n1}, when", "id: one, text: It is near., on: {at: n1}, when", "one is there twice"),
        ("text: It is near.", f"text: {'long ' * 30}", "beats[1].text: is 'long"),
        ("verdict: dropped", "verdict: lost", "expect[1].verdict: is 'lost', expected one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(before: str, after: str, says: str) -> None:
    (fault,) = faults(spoilt((before, after), text=TOLD))
    assert says in fault, fault
