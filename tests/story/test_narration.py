"""One sentence for every step, whatever happened."""

from collections import defaultdict
from typing import get_args

import pytest
from hypothesis import given, settings

from app.datapath.drop import DropReason
from app.datapath.events import AnyEvent, Dropped, Encapsulated, HookPassed, RouteLookedUp, Step
from app.kernel.origin import KERNEL, Origin
from app.process.programs import HttpServer, Machines, Program, Restart, ReverseProxy, Upstream
from app.simulate import walk
from app.story.drops import DROPS
from app.story.narration import narrate, tell_outcome
from app.story.outcome import Outcome
from app.story.view import VerdictName
from tests.clusters import Case, cases
from tests.journeys import perform, probe
from tests.lab.found import FOUND
from tests.lab.sizes import CASES
from tests.stages import frame, packet
from tests.story.tale import OVERLAY, cluster, performed, told
from tests.test_laws import QUIET
from tests.worlds import on_one_bridge, tunnelled

LONGEST = 160


def proxied() -> Machines:
    ends = Upstream(None, "/", (("10.244.1.6", 8080),), Origin("ingress controller", "Ingress/default/web"))
    programs: dict[tuple[str, str], Program] = {
        ("node1/pod2", "web"): ReverseProxy((ends,)),
        ("node1/pod5", "web"): HttpServer("from behind"),
    }
    return Machines(on_one_bridge(), programs)


def through_the_tunnel() -> list[Step]:
    return told("node1/pod1", "10.96.0.40:80", through=cluster("10.244.2.3"), infra=OVERLAY).steps


def every_kind() -> list[Step]:
    """Journeys that between them make everything happen that can."""
    return [
        *through_the_tunnel(),
        *told("client", "198.51.100.11:30080", through=cluster("10.244.2.3", kind="NodePort")).steps,
        *told("node1/pod1", "10.96.0.40:80", through=cluster()).steps,
        *told("node1/pod1", "10.96.0.40:81").steps,
        *told("node1/pod1", "10.244.1.3:81").steps,
        *told("node1/pod1", "10.244.1.3", "icmp").steps,
        *told("node1/pod1", "10.244.1.3:99", "udp").steps,
        *perform(proxied(), probe("node1/pod1", "10.244.1.3:8080")).steps,
        *performed(Restart("node1/pod2", "web")).steps,
        *told("node1/pod1", "10.244.1.99:8080").steps,
        *told("node1/pod1", "10.244.2.99:8080", infra=OVERLAY).steps,
        *perform(tunnelled(fdb=False), probe("node1/pod1", "10.244.2.3:8080")).steps,
        *larger("no room in the tunnel, path MTU discovery want"),
        *larger("a redirect, followed"),
        *walked(FOUND["nowhere to go for many fragments, twice"]),
    ]


def larger(name: str) -> list[Step]:
    return walked(CASES[name])


def walked(case: Case) -> list[Step]:
    return perform(case.machines(), *case.probes).steps


def test_everything_that_can_happen_is_told() -> None:
    """mypy proves that no event is forgotten in the match; here each of them has been met."""
    met = defaultdict(list)
    for step in every_kind():
        met[type(step.event)].append(narrate(step))
    silent = {kind.__name__ for kind in get_args(AnyEvent)} - {kind.__name__ for kind in met}
    assert not silent, f"no journey of this test had a {silent}"
    assert all(all(sentences) for sentences in met.values())


def check(sentence: str) -> None:
    assert 1 <= len(sentence) <= LONGEST, f"{len(sentence)} characters: {sentence}"
    assert sentence[-1] in ".!?" or sentence.endswith((".”", "!”", "?”")), f"no end: {sentence}"
    assert sentence[0].isupper() or sentence[0].islower() or sentence[0].isdigit() or sentence[0] == "“", (
        sentence
    )
    assert "None" not in sentence, sentence


def test_a_sentence_is_short_and_ends() -> None:
    for sentence in {narrate(step) for step in every_kind()}:
        check(sentence)


@settings(QUIET, max_examples=40)
@given(cases())
def test_the_sentences_of_any_journey_are_short_and_end(case: Case) -> None:
    for sentence in {narrate(step) for step in walk(case.machines(), case.probes, case.seed)}:
        check(sentence)


@pytest.mark.parametrize("reason", DropReason)
def test_every_drop_reason_is_explained_in_a_sentence(reason: DropReason) -> None:
    world = on_one_bridge()
    died = Dropped(
        frame(packet("10.244.1.2", "10.244.1.3")),
        "eth0",
        "kfree_skb",
        reason,
        Origin("kube-proxy", "Service/default/web"),
    )
    sentence = narrate(Step(0, 0, None, 0, "node1/pod1", 0, died, world))
    check(sentence)
    assert DROPS[reason] in sentence
    assert "kube-proxy for Service/default/web" in sentence, "it says who decided"


def test_who_wrote_the_entry_is_named() -> None:
    steps = through_the_tunnel()
    wrapped = next(step for step in steps if isinstance(step.event, Encapsulated))
    assert "192.168.2.10" in narrate(wrapped)
    lookups = [step for step in steps if isinstance(step.event, RouteLookedUp)]
    routed = next(step for step in lookups if "flannel.1" in narrate(step))
    assert "flanneld" in narrate(routed)
    decided = next(
        step for step in steps if isinstance(step.event, HookPassed) and step.event.verdict == "DNAT"
    )
    assert "kube-proxy for Service/default/web" in narrate(decided)


@pytest.mark.parametrize("verdict", get_args(VerdictName))
@pytest.mark.parametrize("at", [None, "node1", "node1/eth0", "node1/pod1/eth0"])
@pytest.mark.parametrize("by", [None, KERNEL, Origin("kube-proxy", "Service/default/web")])
def test_every_verdict_is_one_sentence(verdict: VerdictName, at: str | None, by: Origin | None) -> None:
    check(tell_outcome(Outcome(verdict, "NETFILTER_DROP", at, by)))


def test_a_pod_that_refuses_is_named_not_its_node() -> None:
    sentence = tell_outcome(told("node1/pod1", "10.244.1.3:81").outcome)
    assert "pod2" in sentence, sentence
