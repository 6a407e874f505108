"""Ways in: a slug, a path, standard input; and what is no way in."""

import io
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.controlplane.compile import compile_machines
from app.datapath.events import AnyEvent
from app.scenario import schema
from app.scenario.assemble import Override
from app.scenario.faults import ScenarioError
from app.scenario.load import load, load_builtin, slugs
from tests.scenario.small import SMALL, faults, read


def test_a_built_in_scenario_has_its_slug_and_its_number() -> None:
    scenario = load("routed")
    assert (scenario.slug, scenario.number) == ("routed", 3)


def test_a_path_and_standard_input_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(SMALL, encoding="utf-8")
    scenario = load(str(mine))
    assert (scenario.slug, scenario.number, scenario.title) == ("mine", 0, "A title")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SMALL.encode())))
    assert load("-").slug == "stdin"


@pytest.mark.parametrize(
    "slug", ["nobody", "../scenarios/01-pod", "..", "", "POD", "pod\n", "01-pod", "<script>"]
)
def test_only_slugs_open_built_in_scenarios(slug: str) -> None:
    with pytest.raises(ScenarioError, match="there is none of this name, expected one of pod, intra-node"):
        load_builtin(slug)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "f.yaml: Scenario: there is none, expected one document of kind Scenario"),
        ("- a\n", "f.yaml:1: document: is no mapping, expected an object with a kind"),
        (
            SMALL + "---\nkind: Scenario\n",
            "Scenario: there is a second one, expected one document of kind Scenario",
        ),
        (
            SMALL + "---\nmetadata: {name: x}\n",
            "kind: is missing, expected a Kubernetes manifest with a kind",
        ),
    ],
)
def test_a_file_is_one_scenario_and_its_objects(text: str, says: str) -> None:
    assert any(says in fault for fault in faults(text))


def test_another_probe_takes_the_told_story_with_it() -> None:
    own = read(SMALL)
    other = read(SMALL, override=Override(to="pod/c"))
    assert own.beats
    assert (other.probe_to, other.beats, len(other.acts)) == ("pod/c:8080", (), 1)


def test_the_same_probe_in_other_words_keeps_the_story() -> None:
    assert read(SMALL, override=Override("10.244.1.2", "b", "tcp")) == read(SMALL)


def test_a_fault_is_one_printable_line() -> None:
    for fault in faults('"a\\nb\\e[31m": 1\nkind: Scenario\n'):
        assert fault.isprintable(), fault
    with pytest.raises(ScenarioError) as refused:
        read(f"kind: Scenario\n{'x' * 5000}: 1\n")
    assert all(len(str(fault)) < 700 for fault in refused.value.faults)


def test_the_schema_can_be_published() -> None:
    published = schema.json_schema()
    assert "ScenarioDocument" in published["$defs"]
    assert published["$defs"]["NetworkSpec"]["properties"]["clusterCIDR"]["default"] == "10.244.0.0/16"


def test_reading_a_scenario_needs_no_validation_library() -> None:
    code = "import sys, app.scenario.load as l; l.load('service'); print('pydantic' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False"], "a cold command line would pay for it"


def refused_or_read(data: bytes) -> None:
    """Whatever the file is, it is a list of faults or a cluster of machines; what else is raised fails the test."""
    with suppress(ScenarioError):
        scenario = read(data)
        compile_machines(scenario.cluster, scenario.infra)


@given(st.binary(max_size=400))
def test_any_octets_are_refused_politely(data: bytes) -> None:
    refused_or_read(data)


YAMLISH = st.text(alphabet=" \n\t-:[]{}&*!|>'\"#%@`,?a1\\~é\x85\u2028", max_size=60)


@given(YAMLISH)
def test_anything_that_looks_like_yaml_is_refused_politely(text: str) -> None:
    refused_or_read(text.encode())
    refused_or_read(b"kind: Scenario\n" + text.encode())


LINES = SMALL.splitlines(keepends=True)
WORDS = [
    "",
    "null",
    "-1",
    "70000",
    "[]",
    "{}",
    "true",
    "x",
    "'",
    "10.244.1.0/24",
    "10.244.1.2",
    "fd00::1",
    "*a",
    "&a b",
]


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1), st.sampled_from(["cut", "twice", "value"]), st.sampled_from(WORDS)
        )
    )
)
def test_a_spoilt_file_is_refused_politely_or_read(changes: list[tuple[int, str, str]]) -> None:
    lines = list(LINES)
    for at, what, word in changes:
        head, colon, _ = lines[at].rpartition(": ")
        lines[at] = {"cut": "", "twice": LINES[at] * 2, "value": f"{head}{colon}{word}\n"}[what]
    refused_or_read("".join(lines).encode())


def test_every_event_can_be_named_in_a_pattern() -> None:
    for event in get_args(AnyEvent):
        read(SMALL.replace("event: SegmentSent", f"event: {event.__name__}"))


def test_slugs_are_words_for_a_url() -> None:
    assert all(slug == slug.lower() and slug.replace("-", "").isalnum() for slug in slugs())
