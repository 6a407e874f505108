"""What is written about the house is true of the house."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.datapath.drop import DropReason
from app.datapath.nf_hooks import HOOKS
from app.scenario.load import load, slugs
from app.story.drops import DROPS

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
ROOMS = sorted(path.name for path in APP.iterdir() if path.is_dir() and path.name != "__pycache__")
PAGES = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "app/README.md", "scenarios/README.md")
]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(read(page)) if not re.match(r"https?://|mailto:", target)]
    broken = [target for target in targets if not (page.parent / target).exists()]
    assert not broken, f"{page.name} links to what is not there: {broken}"


@pytest.mark.parametrize("room", ROOMS)
def test_the_map_names_every_room(room: str) -> None:
    assert f"`{room}/`" in read(APP / "README.md"), f"app/README.md does not say what is in {room}/"


def test_the_map_names_no_room_that_is_not_there() -> None:
    named = set(re.findall(r"^\| .*?`([a-z]+)/`", read(APP / "README.md"), re.MULTILINE))
    assert named <= set(ROOMS), f"app/README.md tells of {named - set(ROOMS)}"


def test_the_map_names_only_functions_and_modules_that_exist() -> None:
    """The drawing of a packet's way through the code: `walk.py ─ device.netif_receive_skb ─ …`."""
    text = read(APP / "README.md")
    for module, function in re.findall(
        r"\b([a-z_]+)\.([a-z_0-9]+)\b", text[text.index("## The way") : text.index("## Why")]
    ):
        if function == "py":
            assert (APP / "datapath" / f"{module}.py").exists(), f"there is no {module}.py"
        else:
            source = read(APP / "datapath" / f"{module}.py")
            assert f"def {function}(" in source, f"there is no {module}.{function}"


@pytest.mark.parametrize("slug", slugs())
def test_every_scenario_is_listed_with_its_title_and_its_settings(slug: str) -> None:
    scenario, listed = load(slug), read(ROOT / "scenarios" / "README.md").replace("\\|", "|")
    assert f"`{slug}`" in read(ROOT / "README.md"), f"README.md does not name the journey {slug}"
    (row,) = [line for line in listed.splitlines() if f"| `{slug}` |" in line]
    assert scenario.title in row
    for setting in scenario.settings:
        options = "|".join(option.value for option in setting.options)
        assert f"`{setting.name}={options}`" in row, f"{slug}: {setting.name} has the options {options}"
        assert options.startswith(setting.default), f"{slug}: the default of {setting.name} comes first"


def test_every_drop_reason_is_explained() -> None:
    assert set(DROPS) == set(DropReason)


def test_every_make_target_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        asked = set(re.findall(r"^ *make ([a-z]+)|`make ([a-z]+)`", read(page), re.MULTILINE))
        unknown = {name for pair in asked for name in pair if name} - targets
        assert not unknown, f"{page.name} speaks of make {unknown}"


def test_every_command_that_is_mentioned_exists() -> None:
    program = Path(sys.executable).with_name("packet-journeys")
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    for page in PAGES:
        for command in set(re.findall(r"packet-journeys ([a-z]+)", read(page))):
            assert re.search(rf"^ +{command}\b", told, re.MULTILINE), (
                f"{page.name} speaks of packet-journeys {command}"
            )


STAGES = sorted((APP / "datapath").glob("*.py"))


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_every_stage_module_names_its_source(path: Path) -> None:
    """A kernel file or an RFC; the driver and what is ours alone say what they are instead."""
    ours = {"__init__", "kernel", "walk"}
    docstring = ast.get_docstring(ast.parse(read(path))) or ""
    cites = re.search(r"[a-z_]+/[a-z_/]+(\.[ch])?\b|RFC \d+|[a-z_]+\.[ch]\b", docstring)
    assert path.stem in ours or cites, f"{path.name}: {docstring.splitlines()[0]}"


def test_the_hooks_have_the_kernels_names() -> None:
    assert set(HOOKS) == {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
