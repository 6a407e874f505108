"""Settings: what may be chosen, and what a choice changes."""

import pytest

from app.process.programs import Probe
from app.scenario.settings import combinations
from tests.scenario.small import SMALL, faults, line_of, read, spoilt


def patch(text: str) -> str:
    """The small file whose option `far` has this patch."""
    return spoilt(("patch:\n          scenario: {probes: [{from: pod/a, to: pod/c}]}\n", f"patch: {text}\n"))


def test_defaults_are_chosen_and_a_choice_changes_the_probe() -> None:
    assert read(SMALL).chosen == {"backend": "near"}
    far = read(SMALL, {"backend": "far"})
    (probe,) = far.acts
    assert isinstance(probe, Probe)
    assert (far.chosen, probe.address) == ({"backend": "far"}, "10.244.2.2")


def test_a_patch_changes_adds_and_removes_objects() -> None:
    added = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"
    text = patch(
        f"{{objects: {{Pod/c: {{status: {{podIP: 10.244.2.9}}}}}}, add: [{added}], remove: [Pod/b]}}"
    )
    text = text.replace("to: pod/b", "to: pod/c")
    cluster = read(text, {"backend": "far"}).cluster
    assert [(pod.name, pod.address) for pod in cluster.pods] == [("a", "10.244.1.2"), ("c", "10.244.2.9")]
    assert "shop" in cluster.namespaces
    assert [pod.name for pod in read(text).cluster.pods] == ["a", "b", "c"], "the default is untouched"


def test_every_combination_is_offered() -> None:
    other = (
        "  speed: {label: Speed, default: slow, options: {slow: {label: Slow}, fast: {label: Fast}}}\nprobes:"
    )
    settings = read(spoilt(("\nprobes:", f"\n{other}"))).settings
    assert [tuple(chosen.values()) for chosen in combinations(settings)] == [
        ("near", "slow"), ("near", "fast"), ("far", "slow"), ("far", "fast"),
    ]  # fmt: skip
    assert list(combinations(())) == [{}]


@pytest.mark.parametrize(
    ("settings", "line", "says"),
    [
        (
            {"backend": "moon"},
            "  backend:",
            "settings.backend: there is no option 'moon', expected one of near, far",
        ),
        ({"speed": "fast"}, "settings:", "settings.speed: there is no such setting, expected one of backend"),
    ],
)
def test_a_choice_that_is_not_offered_names_what_is(settings: dict[str, str], line: str, says: str) -> None:
    assert faults(SMALL, settings) == [f"f.yaml:{line_of(line)}: Scenario.{says}"]


def test_all_wrong_choices_are_told_at_once() -> None:
    assert len(faults(SMALL, {"backend": "moon", "speed": "fast"})) == 2


def test_a_default_must_be_an_option() -> None:
    (fault,) = faults(spoilt(("default: near", "default: moon")))
    assert "settings.backend.default: there is no option 'moon', expected one of near, far" in fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "{objects: {Pod/x: {a: 1}}}",
            "patch.objects.Pod/x: there is no object 'Pod/x', expected one of Node/n1, Node/n2",
        ),
        ("{remove: [Pod/x]}", "patch.remove: there is no object 'Pod/x'"),
        ("{add: [{metadata: {name: x}}]}", "kind: is missing, expected a Kubernetes manifest with a kind"),
        (
            "{scenario: {proxy: {mode: ipvs}}}",
            "Scenario.proxy.mode: is 'ipvs', expected one of iptables, none",
        ),
        (
            "{scenario: {probes: [{from: pod/x, to: pod/b}]}}",
            "Scenario.probes[0].from: nothing is called 'pod/x'",
        ),
        ("{objects: {Pod/b: {status: {podIP: 10.244.1.2}}}}", "address 10.244.1.2 is Pod/a's already"),
    ],
)
def test_faults_of_a_patch_are_told_where_it_stands(text: str, says: str) -> None:
    spoilt_text = patch(text)
    read(spoilt_text)
    (fault,) = faults(spoilt_text, {"backend": "far"})
    assert says in fault
    assert fault.startswith(f"f.yaml:{line_of('patch:', spoilt_text)}: ") or "remove" in text, fault
