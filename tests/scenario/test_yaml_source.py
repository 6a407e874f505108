"""Hostile and broken files end in one clear line; what is read has JSON's data model and knows its lines."""

from pathlib import Path
from typing import Any

import pytest

from app.scenario.faults import ScenarioError
from app.scenario.located import Located
from app.scenario.yaml_source import MAX_BYTES, MAX_DEPTH, MAX_VALUES, documents, read


def plain(node: Located) -> Any:
    match node.value:
        case dict(fields):
            return {key: plain(value) for key, value in fields.items()}
        case list(items):
            return [plain(item) for item in items]
        case scalar:
            return scalar


def parsed(text: str) -> Any:
    return [plain(document) for document in documents(text.encode(), "f.yaml")]


def refused(data: str | bytes) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        documents(data if isinstance(data, bytes) else data.encode(), "f.yaml")
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8080", 8080), ("-1", -1), ("1.5", 1.5), ("2e3", 2000.0), ("true", True), ("False", False), ("~", None),
        ("", None), ("on", "on"), ("no", "no"), ("12:30:45", "12:30:45"), ("2024-01-01", "2024-01-01"),
        ("0x10", "0x10"), ("'80'", "80"), ('"true"', "true"), ("9" * 30, "9" * 30), (".nan", ".nan"), ("!!str 80", "80"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert parsed(f"a: {text}") == [{"a": value}]


def test_keys_are_text_as_in_json() -> None:
    assert parsed("80: a\ntrue: b\n~: c\n010: d") == [{"80": "a", "true": "b", "~": "c", "010": "d"}]


def test_empty_documents_do_not_count() -> None:
    assert parsed("---\n---\na: 1\n---\n# nothing\n---\n- 2\n") == [{"a": 1}, [2]]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parsed("\ufeffa: 1") == [{"a": 1}]


def test_a_value_knows_the_line_of_its_key() -> None:
    (document,) = documents(b"a:\n  b:\n    - x\n    - y\n  c: >-\n    folded\n    text\n", "f.yaml")
    assert [document.line_at(path) for path in [("a",), ("a", "b"), ("a", "b", 1), ("a", "c")]] == [
        1,
        2,
        4,
        5,
    ]


def test_an_alias_stands_for_its_anchor_on_its_own_line() -> None:
    (document,) = documents(b"a: &x {b: 1}\nc: *x\n", "f.yaml")
    assert plain(document) == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.line_at(("c",)) == 2


def test_every_key_that_is_there_twice_is_named() -> None:
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "f.yaml:2: c: is there twice, first on line 2, expected once",
        "f.yaml:3: a: is there twice, first on line 1, expected once",
    ]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 40)
)


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        ("a: [1,\n b: }", 2, "YAML: did not find expected node content, expected YAML"),
        ("a: 1\n\tb: 2", 2, "YAML"),
        ("a: 'open", 1, "YAML: found unexpected end of stream"),
        (b"a: 1\nb: \0", 2, "file: holds a NUL octet"),
        (b"a: 1\nb: \xff", 2, "file: is not UTF-8"),
        ("a: \x07", 1, "YAML: control characters are not allowed"),
        (BOMB, 6, f"YAML: holds more than {MAX_VALUES:,} values"),
        ("a: &a [*a]", 1, "YAML: alias *a stands for no value here"),
        ("a: *b", 1, "YAML: alias *b stands for no value here"),
        ("\n".join(" " * deep + "a:" for deep in range(MAX_DEPTH + 2)), MAX_DEPTH + 1, "YAML: is nested deeper"),
        ("[" * 50 + "\n" + "[" * 50 + "]" * 100, 2, "YAML: is nested deeper than 64 levels"),
        ("a: !!python/object/apply:os.system [ls]", 1, "is not accepted, expected plain YAML"),
        ("a: !secret b", 1, "YAML: tag '!secret' is not accepted"),
        ("a: &x {b: 1}\nc: {<<: *x}", 2, "YAML: merge keys are not accepted"),
        ("{a: 1}: b", 1, "YAML: a key is a collection"),
        ("? *a\n: b", 1, "YAML: alias *a stands for no value here"),
    ],
)  # fmt: skip
def test_what_is_hostile_or_broken_is_refused_with_its_line(data: str | bytes, line: int, says: str) -> None:
    (fault,) = refused(data)
    assert fault.startswith(f"f.yaml:{line}: "), fault
    assert says in fault


def test_a_file_that_is_too_large_is_refused_after_two_megabytes(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as stream:
        stream.truncate(50_000_000)
    assert len(read(huge, "huge.yaml")) == MAX_BYTES + 1
    assert refused(b"#" * (MAX_BYTES + 1)) == [
        "f.yaml: file: is larger than 2,000,000 octets, expected a scenario of at most that"
    ]


def test_many_flat_values_are_refused_too() -> None:
    assert "holds more than" in refused("- a\n" * (MAX_VALUES + 1))[0]


def test_bombs_in_many_documents_add_up() -> None:
    small = "a: &a [" + "x," * 90 + "]\nb: [" + "*a," * 90 + "]\n"
    assert "holds more than" in refused("---\n".join([small] * 40))[0]


@pytest.mark.parametrize("name", ["missing.yaml", ".", "a\0b"])
def test_what_cannot_be_read_is_a_fault(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScenarioError, match="expected a file that can be read"):
        read(tmp_path / name, name)


def test_levels_behind_an_alias_count_too() -> None:
    """Each anchor holds the one before it, 40 levels further down: no line is deep, all together are."""
    chained = "a0: &a0 1\n" + "".join(f"a{n}: &a{n} {'[' * 40}*a{n - 1}{']' * 40}\n" for n in range(1, 4))
    with pytest.raises(ScenarioError, match=f"nested deeper than {MAX_DEPTH} levels"):
        list(documents(chained.encode(), "chained.yaml"))
