"""JSON merge patches keep the lines of both sides."""

from typing import Any

import pytest

from app.scenario.located import dotted, merged
from app.scenario.yaml_source import documents
from tests.scenario.test_yaml_source import plain


def merge(target: str, patch: str) -> Any:
    (one,), (other,) = documents(target.encode(), "t"), documents(patch.encode(), "p")
    return plain(merged(one, other))


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the cases of RFC 7386, appendix A, that can stand in a mapping
        ("{a: b}", "{a: c}", {"a": "c"}),
        ("{a: b}", "{b: c}", {"a": "b", "b": "c"}),
        ("{a: b}", "{a: null}", {}),
        ("{a: b, b: c}", "{a: null}", {"b": "c"}),
        ("{a: [b]}", "{a: c}", {"a": "c"}),
        ("{a: c}", "{a: [b]}", {"a": ["b"]}),
        ("{a: {b: c}}", "{a: {b: d, c: null}}", {"a": {"b": "d"}}),
        ("{a: [{b: c}]}", "{a: [1]}", {"a": [1]}),
        ("{e: null}", "{a: 1}", {"e": None, "a": 1}),
        ("[1, 2]", "{a: b, c: null}", {"a": "b"}),
        ("{}", "{a: {bb: {ccc: null}}}", {"a": {"bb": {}}}),
        ("{a: foo}", "bar", "bar"),
    ],
)
def test_a_merge_patch_does_what_rfc_7386_says(target: str, patch: str, result: object) -> None:
    assert merge(target, patch) == result


def test_lines_are_those_of_the_text_that_a_value_came_from() -> None:
    (target,) = documents(b"a: 1\nb:\n  c: 2\n", "t")
    (patch,) = documents(b"\n\n\n\nb:\n  d: 3\n", "p")
    both = merged(target, patch)
    assert [both.line_at(path) for path in [("a",), ("b", "c"), ("b", "d")]] == [1, 3, 6]
    assert both.line_at(("b", "nowhere")) == 2, "of what is not there, the line of what should hold it"


def test_paths_are_written_as_people_write_them() -> None:
    assert dotted(("spec", "ports", 0, "port")) == "spec.ports[0].port"
