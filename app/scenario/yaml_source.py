"""Octets to located values: YAML with JSON's data model, read event by event so that nothing hostile is ever built.

Plain scalars follow the core schema of YAML 1.2 (section 10.3.2), so that `on`, `no` and dates stay text.  Anchors and
aliases work; tags and merge keys are refused.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from app.scenario.faults import Fault, ScenarioError, shown
from app.scenario.located import Located, Scalar

MAX_BYTES = 2_000_000
MAX_VALUES = 200_000
"""Values of one file, every alias written out: a bomb doubles them at each level, a real file has a third of it."""
MAX_DEPTH = 64
TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels, expected at most that"

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")
STR_TAG = "tag:yaml.org,2002:str"


def read(path: Path, file: str) -> bytes:
    """At most one octet more than is allowed, so that a huge file costs nothing.  Raises ScenarioError."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(
            [Fault(file, None, "file", f"{reason}, expected a file that can be read")]
        ) from None


def documents(data: bytes, file: str) -> list[Located]:
    """Every YAML document of `data` that is not empty.  Raises ScenarioError with every fault found."""
    text = decoded(data, file)
    builder = Builder(file)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        raise ScenarioError(
            [*builder.faults, Fault(file, line, "YAML", f"{problem}, expected YAML")]
        ) from None
    except Hostile as hostile:
        raise ScenarioError([*builder.faults, hostile.fault]) from None
    if builder.faults:
        raise ScenarioError(builder.faults)
    return [document for document in builder.documents if document.value is not None]


def decoded(data: bytes, file: str) -> str:
    """The text of the octets, refused where they are too many, hold a NUL, or are not UTF-8."""
    fault = None
    if len(data) > MAX_BYTES:
        fault = Fault(
            file, None, "file", f"is larger than {MAX_BYTES:,} octets, expected a scenario of at most that"
        )
    elif (at := data.find(b"\0")) >= 0:
        fault = Fault(file, data.count(b"\n", 0, at) + 1, "file", "holds a NUL octet, expected text")
    else:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            fault = Fault(
                file, data.count(b"\n", 0, error.start) + 1, "file", "is not UTF-8, expected UTF-8 text"
            )
    raise ScenarioError([fault])


class Hostile(Exception):
    """The file is built to harm its reader, or nobody could mean it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Open:
    """A collection that is being filled; `weight` counts its values with aliases written out."""

    __slots__ = ("anchor", "height", "key", "line", "value", "weight")

    def __init__(self, value: dict[str, Located] | list[Located], line: int, anchor: str | None) -> None:
        self.value = value
        self.line = line
        self.anchor = anchor
        self.key: tuple[str, int] | None = None  # read, its value is still to come
        self.weight = 1
        self.height = 1  # levels from here down


class Builder:
    """Takes the parser's events in order; the collections that are open are on a stack of its own, not Python's."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.documents: list[Located] = []
        self.open: list[Open] = []
        self.anchors: dict[str, tuple[Located, int, int]] = {}
        self.weight = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self.anchors.clear()
            case yaml.ScalarEvent() if self.awaits_key:
                self.open[-1].key = (self.key(event, line), line)
            case yaml.ScalarEvent():
                self.add(Located(self.scalar(event, line), line), event.anchor)
            case yaml.MappingStartEvent():
                self.begin({}, line, event)
            case yaml.SequenceStartEvent():
                self.begin([], line, event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self.open.pop()
                self.add(Located(done.value, done.line), done.anchor, done.weight, done.height)
            case yaml.AliasEvent():
                self.alias(event.anchor or "", line)
            case _:
                pass

    @property
    def awaits_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def hostile(self, line: int, message: str) -> Hostile:
        return Hostile(Fault(self.file, line, "YAML", message))

    def begin(self, value: dict[str, Located] | list[Located], line: int, event: yaml.NodeEvent) -> None:
        if self.awaits_key:
            raise self.hostile(line, "a key is a collection, expected text")
        if len(self.open) >= MAX_DEPTH:
            raise self.hostile(line, TOO_DEEP)
        self.refuse_tag(getattr(event, "tag", None), line)
        self.open.append(Open(value, line, event.anchor))

    def alias(self, anchor: str, line: int) -> None:
        if self.awaits_key or anchor not in self.anchors:
            raise self.hostile(
                line, f"alias *{anchor} stands for no value here, expected an anchor before it"
            )
        value, weight, height = self.anchors[anchor]
        if len(self.open) + height > MAX_DEPTH:
            raise self.hostile(line, TOO_DEEP)
        self.weight += weight
        self.add(Located(value.value, line), None, weight, height)

    def refuse_tag(self, tag: str | None, line: int) -> None:
        if tag not in (None, "!", STR_TAG):
            raise self.hostile(line, f"tag {shown(tag)} is not accepted, expected plain YAML")

    def scalar(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        self.refuse_tag(event.tag, line)
        plain = event.implicit[0] and event.tag is None
        return resolved(event.value) if plain else str(event.value)

    def key(self, event: yaml.ScalarEvent, line: int) -> str:
        self.refuse_tag(event.tag, line)
        if event.value == "<<":
            raise self.hostile(line, "merge keys are not accepted, expected the fields themselves")
        return str(event.value)

    def add(self, value: Located, anchor: str | None, weight: int = 1, height: int = 0) -> None:
        """Put a finished value where it belongs: under its key, into a sequence, or as a document."""
        self.weight += 1
        if self.weight > MAX_VALUES:
            raise self.hostile(
                value.line,
                f"holds more than {MAX_VALUES:,} values with its aliases written out, expected fewer",
            )
        if anchor:
            self.anchors[anchor] = (value, weight, height)
        if not self.open:
            self.documents.append(value)
            return
        parent = self.open[-1]
        parent.weight += weight
        parent.height = max(parent.height, height + 1)
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key:
            self.put(parent.value, *parent.key, value)
            parent.key = None

    def put(self, fields: dict[str, Located], key: str, line: int, value: Located) -> None:
        if key in fields:
            message = f"is there twice, first on line {fields[key].line}, expected once"
            self.faults.append(Fault(self.file, line, key, message))
        else:
            fields[key] = Located(value.value, line)


def resolved(text: str) -> Scalar:
    """What a plain scalar stands for in the core schema."""
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text
