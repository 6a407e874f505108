"""Stages call each other in circles as the kernel's functions do; yet each of their modules can be the first one imported."""

import subprocess
import sys
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
ROOMS = ("datapath", "process", "story")

ONE_BY_ONE = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [m for m in sys.modules if m == "app" or m.startswith("app.")]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(f"{name}: {error}")
"""


def modules() -> list[str]:
    files = (path for room in ROOMS for path in sorted((APP / room).rglob("*.py")))
    return [
        ".".join(path.relative_to(APP.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in files
    ]


def test_every_module_can_be_imported_first() -> None:
    assert len(modules()) > 30, "where have the rooms gone?"
    asked = [sys.executable, "-c", ONE_BY_ONE, *modules()]
    done = subprocess.run(asked, cwd=APP.parent, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0), done.stdout + done.stderr
