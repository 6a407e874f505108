"""The evidence of a step: what was looked up, what decided, what did not and why not."""

import msgspec
from hypothesis import given, settings

from app.datapath.events import (
    ConntrackConfirmed,
    Dropped,
    FdbLookedUp,
    HookPassed,
    NeighHeld,
    RouteLookedUp,
    Step,
    Translated,
)
from app.kernel.origin import KERNEL, Origin
from app.simulate import walk
from app.story.evidence import SHOWN_RULES, evidence, origin_of
from tests.clusters import Case, cases
from tests.iptables import rules
from tests.journeys import send
from tests.story.tale import FRONT, OVERLAY, cluster, told
from tests.test_laws import QUIET
from tests.worlds import on_one_bridge

PROXY = Origin("kube-proxy", "Service/default/web")


def the(kind: type, steps: list[Step], **fields: object) -> Step:
    """The first step with an event of this kind and these fields."""
    for step in steps:
        if isinstance(step.event, kind) and all(
            getattr(step.event, name) == value for name, value in fields.items()
        ):
            return step
    raise AssertionError(f"no {kind.__name__} with {fields}")


SERVICE = told("node1/pod1", f"{FRONT}:80", through=cluster("10.244.2.3"), infra=OVERLAY).steps


def test_a_route_look_up_shows_every_route_that_would_fit_the_chosen_one_among_them() -> None:
    step = the(RouteLookedUp, SERVICE, dev="cbr0")
    shown = evidence(step)
    assert shown["dst"] == "10.244.2.3"
    assert shown["chosen"].startswith("10.244.2.0/24 via 10.244.2.0 dev flannel.1")
    assert shown["considered"][0] == shown["chosen"], "the longest prefix first"
    assert any(text.startswith("default via") for text in shown["considered"])


def test_no_route_is_said_so() -> None:
    step = the(RouteLookedUp, send(on_one_bridge(), "node1", "198.51.100.7:80").steps)
    assert evidence(step) == {"dst": "198.51.100.7", "chosen": None, "considered": []}


def test_a_hook_shows_every_chain_walked_and_each_rule_with_what_failed() -> None:
    step = the(HookPassed, SERVICE, verdict="DNAT")
    shown = evidence(step)
    assert (shown["table"], shown["hook"], shown["verdict"]) == ("nat", "PREROUTING", "DNAT")
    prefixes = [entry["chain"][:8] for entry in shown["chains"]]
    assert prefixes == ["PREROUTI", "KUBE-SER", "KUBE-SVC", "KUBE-SEP"]
    deciding = shown["chains"][-1]
    matched = [rule for rule in deciding["shown"] if rule["matched"]]
    assert "-j DNAT --to-destination 10.244.2.3:8080" in matched[-1]["rule"]
    failed = [rule for rule in deciding["shown"] if not rule["matched"]]
    assert [rule["failed"] for rule in failed] == ["-s"], "the hairpin rule does not match"


def test_rules_are_counted_not_printed_where_there_are_very_many() -> None:
    many = "\n".join(f"-A FORWARD -d 10.3.0.{n}/32 -j DROP" for n in range(200))
    walked = send(
        on_one_bridge(rules=rules(f"*filter\n{many}\n-A FORWARD -j ACCEPT")), "node1/pod1", "10.244.1.3:8080"
    )
    (chain,) = evidence(the(HookPassed, walked.steps))["chains"]
    assert chain["compared"] == 201 > SHOWN_RULES
    assert [rule["index"] for rule in chain["shown"]] == [200], "what matched is shown"


def test_a_mark_is_shown_before_and_after() -> None:
    """A pod that asks for its own Service is marked for masquerading."""
    hairpin = told("node1/pod1", f"{FRONT}:80", through=cluster("10.244.1.2")).steps
    assert evidence(the(HookPassed, hairpin, verdict="DNAT"))["mark"] == {"before": 0, "after": 0x4000}


def test_tables_speak_in_the_words_of_their_commands() -> None:
    held = evidence(the(NeighHeld, SERVICE))
    assert held["waiting"] == 1
    assert held["entry"].startswith("10.244.1.1 dev eth0")
    confirmed = evidence(the(ConntrackConfirmed, SERVICE))
    assert f"dst={FRONT} sport=40001 dport=80" in confirmed["entry"]
    flooded = evidence(the(FdbLookedUp, SERVICE, function="br_flood"))
    assert flooded["entry"] is None
    assert "vethyyy" in flooded["flooded_to"]


def test_a_drop_gives_the_kernels_reason() -> None:
    step = the(Dropped, told("node1/pod1", "10.244.1.3:81").steps)
    assert evidence(step) == {"reason": "NO_SOCKET"}


def test_who_wrote_what_decided() -> None:
    decided = the(HookPassed, SERVICE, verdict="DNAT").event
    assert origin_of(decided) == PROXY
    rewritten = the(Translated, SERVICE, first=True).event
    assert origin_of(rewritten) == PROXY
    wrapped = the(FdbLookedUp, SERVICE, dev="flannel.1").event
    assert origin_of(wrapped) == Origin("flanneld", "Node/node2")


def test_the_kernel_is_no_writer() -> None:
    found = [origin_of(step.event) for step in SERVICE]
    assert KERNEL not in found
    assert None in found


@settings(QUIET, max_examples=40)
@given(cases())
def test_the_evidence_of_any_step_is_json(case: Case) -> None:
    for step in walk(case.machines(), case.probes, case.seed):
        shown = evidence(step)
        assert msgspec.json.decode(msgspec.json.encode(shown)) == shown, (
            f"{type(step.event).__name__}: {shown}"
        )
