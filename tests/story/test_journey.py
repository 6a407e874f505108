"""A journey, published: every step with its place, packet, change and sentence; schema 1."""

import msgspec

from app.story.beats import BeatSpec, EventPattern
from app.story.view import JourneyView
from tests.story.tale import FRONT, OVERLAY, cluster, told

BEATS = (
    BeatSpec("ask", "pod1 asks.", EventPattern()),
    BeatSpec("rewrite", "node1 rewrites.", EventPattern("Translated"), "the guide says", "the kernel does"),
)
JOURNEY = told("node1/pod1", f"{FRONT}:80", through=cluster("10.244.2.3"), infra=OVERLAY, beats=BEATS)
VIEW = JOURNEY.view()


def test_the_document_survives_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(VIEW), type=JourneyView) == VIEW


def test_names_in_json_are_those_of_the_contract() -> None:
    document = msgspec.json.decode(msgspec.json.encode(VIEW))
    assert list(document) == [
        "schema",
        "scenario",
        "title",
        "probe",
        "outcome",
        "connections",
        "beats",
        "steps",
    ]
    assert document["probe"] == {"from": "pod/pod1", "to": "svc/web:80", "protocol": "tcp", "seed": 0}
    assert document["schema"] == 1


def test_every_step_is_there_once_in_order() -> None:
    assert [step.seq for step in VIEW.steps] == list(range(len(JOURNEY.steps)))


def test_a_step_names_its_place_by_the_one_grammar() -> None:
    """Node, namespace, device: `node1`, `node1/pod1`, `node1/pod1/eth0`."""
    arrival = next(s for s in VIEW.steps if s.event == "Received" and s.at.netns == "node2/pod4")
    assert (arrival.at.node, arrival.at.netns, arrival.at.device) == (
        "node2",
        "node2/pod4",
        "node2/pod4/eth0",
    )
    opened = next(s for s in VIEW.steps if s.event == "SocketOpened")
    assert opened.at.device is None


def test_a_change_is_told_once_against_the_same_travellers_last_packet() -> None:
    rewritten = next(s for s in VIEW.steps if s.event == "Translated")
    assert [(c.field, c.before, c.after) for c in rewritten.changed] == [
        ("ipv4.dst", FRONT, "10.244.2.3"),
        ("tcp.dport", 80, 8080),
    ]
    following = VIEW.steps[rewritten.seq + 1]
    assert following.changed == []


def test_a_wrapped_frame_gains_headers_and_loses_them_again() -> None:
    wrapped = next(s for s in VIEW.steps if s.event == "Encapsulated")
    assert [c.field for c in wrapped.changed] == ["ipv4", "udp", "vxlan"]
    assert all(c.before is None for c in wrapped.changed)
    unwrapped = next(s for s in VIEW.steps if s.event == "Decapsulated")
    assert {c.field for c in unwrapped.changed if c.after is None} >= {"udp", "vxlan"}


def test_a_copy_is_compared_with_its_original() -> None:
    copies = [s for s in VIEW.steps if s.clone_of is not None and s.event == "Transmitted"]
    assert copies
    assert all(copy.changed == [] for copy in copies), "a clone is the same bytes"


def test_every_step_belongs_to_the_beat_that_had_begun() -> None:
    begins = VIEW.beats[1].first
    assert {step.beat for step in VIEW.steps[:begins]} == {"ask"}
    assert {step.beat for step in VIEW.steps[begins:]} == {"rewrite"}


def test_a_beat_keeps_what_the_guide_says_beside_what_the_kernel_does() -> None:
    assert (VIEW.beats[1].guide, VIEW.beats[1].kernel) == ("the guide says", "the kernel does")


def test_outcome_and_connections_are_published() -> None:
    assert (VIEW.outcome.verdict, VIEW.outcome.reason) == ("delivered", "200 OK")
    (connection,) = VIEW.connections
    assert (connection.original.dst, connection.translated.dst) == (f"{FRONT}:80", "10.244.2.3:8080")
    assert [(c.endpoint, c.probability) for c in connection.candidates] == [("10.244.2.3:8080", 1.0)]


def test_origins_are_published_where_somebody_wrote_what_decided() -> None:
    decided = next(s for s in VIEW.steps if s.event == "HookPassed" and s.evidence["verdict"] == "DNAT")
    assert decided.origin and (decided.origin.component, decided.origin.object) == (
        "kube-proxy",
        "Service/default/web",
    )
