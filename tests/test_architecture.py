"""The house rules, read from the source: who may import whom, how long things are, what no file may forget."""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"

# Composition roots (main, cli) may import every room and nothing imports them. Below, a room may import the layers
# after its own; rooms of one layer do not know each other. `resources` is the floor that all stand on.
LAYERS = [
    {"web"},
    {"lab"},
    {"simulate"},
    {"scenario"},
    {"story", "diagram", "controlplane"},
    {"process"},
    {"datapath", "kube"},
    {"kernel"},
    {"wire"},
    {"resources"},
]
DEPTH = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}
STRANGERS = {("controlplane", "datapath"), ("diagram", "datapath")}

# The only third-party packages, and the rooms that may use them.
THIRD_PARTY = {
    "fastapi": {"web", "main"},
    "starlette": {"web", "main"},
    "uvicorn": {"main"},
    "jinja2": {"web"},
    "markupsafe": {"web"},
    "pydantic": {"web"},
    "yaml": {"scenario"},
    "msgspec": {*DEPTH, "main", "cli"},
}

FILE_LINES, MEDIAN_FILE_LINES = 300, 150
FUNCTION_LINES, MEDIAN_FUNCTION_LINES = 40, 8

SOURCES = sorted(APP.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = [
    path
    for pattern in ("static/**/*.js", "static/**/*.css", "templates/**/*.html", "templates/**/*.svg")
    for path in sorted(ROOT.glob(pattern))
    if "vendor" not in path.parts
]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    """`app/wire/tcp.py` → wire; the command line may be several files, `app/cli*.py`."""
    room = path.relative_to(APP).parts[0].removesuffix(".py")
    return "cli" if room.startswith("cli") else room


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of every import, relative ones resolved."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def functions_of(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def length_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def fault_of_import(room: str, target: str) -> str | None:
    """Why `room` must not import `target`, a dotted name; None when it may."""
    package, _, rest = target.partition(".")
    if package == "app":
        other = rest.partition(".")[0]
        allowed = room == other or (
            DEPTH.get(room, -1) < DEPTH.get(other, -1) and (room, other) not in STRANGERS
        )
        return None if allowed or room in {"main", "cli"} else f"{room} must not import {other}"
    if package in sys.stdlib_module_names or room in THIRD_PARTY.get(package, ()):
        return None
    return f"{package} does not belong in {room}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    room = room_of(path)
    assert room in {*DEPTH, "main", "cli", "__init__"}, (
        f"{room} is no room of the house; give it a place in LAYERS"
    )
    faults = [
        f"line {line}: {fault}"
        for line, target in imports_of(path)
        if (fault := fault_of_import(room, target))
    ]
    assert not faults, f"{name_of(path)}:\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("room", "target"),
    [
        ("kernel", "app.datapath.walk"),
        ("controlplane", "app.datapath.fib"),
        ("story", "app.diagram.scene"),
        ("wire", "app.cli"),
        ("datapath", "yaml"),
        ("story", "numpy"),
    ],
)
def test_the_import_rule_catches(room: str, target: str) -> None:
    assert fault_of_import(room, target), f"{room} importing {target} went unnoticed"


@pytest.mark.parametrize("path", [*SOURCES, *TESTS, *PAGES], ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert lines_of(path) <= FILE_LINES, (
        f"{name_of(path)} has {lines_of(path)} lines: split it at a boundary of meaning"
    )


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    long = [
        f"{f.name}: {length_of(f)} lines" for f in functions_of(parse(path)) if length_of(f) > FUNCTION_LINES
    ]
    assert not long, f"{name_of(path)}: {', '.join(long)}, at most {FUNCTION_LINES}"


def test_most_files_and_functions_are_short() -> None:
    files = statistics.median(map(lines_of, SOURCES))
    functions = statistics.median(length_of(f) for path in SOURCES for f in functions_of(parse(path)))
    assert files <= MEDIAN_FILE_LINES, f"the median file has {files} lines"
    assert functions <= MEDIAN_FUNCTION_LINES, f"the median function has {functions} lines"


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(parse(path)), f"{name_of(path)} has no module docstring"


@pytest.mark.parametrize("room", ["datapath", "kernel"])
def test_linux_has_never_heard_of_kubernetes(room: str) -> None:
    lines = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in sorted((APP / room).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search("pod|service|kube", line, re.IGNORECASE)
    ]
    assert not lines, "\n".join(lines)


# --- a stage called without `yield from` does nothing, silently --------------------------------------------


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's own body, not those of functions inside it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def stages_of(tree: ast.AST) -> set[str]:
    """Names of the generator functions defined anywhere in the tree."""
    return {
        f.name
        for f in functions_of(tree)
        if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own_nodes(f))
    }


def forgotten(tree: ast.AST, stages: set[str]) -> list[str]:
    """Calls of a stage that are neither the operand of a `yield from` nor handed to the stage that is."""
    operands = [node.value for node in ast.walk(tree) if isinstance(node, ast.YieldFrom)]
    handed = [argument for operand in operands if isinstance(operand, ast.Call) for argument in operand.args]
    delegated = {id(node) for node in operands + handed}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and id(n) not in delegated]
    named = [
        (call.lineno, getattr(call.func, "id", None) or getattr(call.func, "attr", None)) for call in calls
    ]
    return [f"line {line}: {name}() without `yield from`" for line, name in named if name in stages]


def test_no_stage_is_called_without_yield_from() -> None:
    """Only walk.py, the driver, iterates over stages."""
    files = [path for path in SOURCES if room_of(path) in {"datapath", "process"} and path.name != "walk.py"]
    trees = {name_of(path): parse(path) for path in files}
    stages = set[str]().union(*map(stages_of, trees.values()))
    faults = [f"{name}: {fault}" for name, tree in trees.items() for fault in forgotten(tree, stages)]
    assert not faults, "\n".join(faults)


def test_the_stage_rule_catches_a_forgotten_yield_from() -> None:
    module = ast.parse(
        """
def ip_rcv(k): yield 1
def forward(k):
    yield from ip_rcv(k)
    yield from guarded(ip_rcv(k))
    ip_rcv(k)
    skb = device.ip_rcv(k)
"""
    )
    assert stages_of(module) == {"ip_rcv", "forward"}
    assert [fault.split(":")[0] for fault in forgotten(module, {"ip_rcv"})] == ["line 6", "line 7"]
