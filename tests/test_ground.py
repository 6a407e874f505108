"""What everything stands on: locked requirements, unchanged vendored files, and a wheel that works anywhere."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app import resources

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
LOCKS = ["run", "dev"]
VENDORS = [ROOT / "static" / "vendor", ROOT / "tests" / "browser" / "vendor"]


def wanted(name: str) -> set[str]:
    """The packages asked for by `requirements/NAME.in`, extras left off."""
    lines = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return {re.split(r"[\[<>=~! ]", line)[0].lower() for line in lines if re.match(r"\w", line)}


def locked(name: str) -> dict[str, str]:
    """Package → version and everything below it, in `requirements/NAME.txt`."""
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    return {
        found[1]: found[2] for found in re.finditer(r"^([\w.-]+)==((?:.+\n)(?:[ ].*\n)*)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host_and_no_option(name: str) -> None:
    """So that it installs from whichever index the user's own pip is set to."""
    for number, line in enumerate((REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines(), 1):
        assert "://" not in line, f"{name}.txt:{number} names an address: {line}"
        assert not line.startswith("--"), f"{name}.txt:{number} sets an option: {line}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name: str) -> None:
    bare = [package for package, rest in locked(name).items() if "--hash=sha256:" not in rest]
    assert not bare, f"{name}.txt: no hash for {', '.join(bare)}"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_covers_what_is_asked_for(name: str) -> None:
    missing = wanted(name) - set(locked(name))
    assert not missing, f"{', '.join(sorted(missing))} is in {name}.in but not in {name}.txt; run `make lock`"


def test_development_uses_the_versions_that_users_get() -> None:
    run, dev = locked("run"), locked("dev")
    differing = [
        package for package, rest in run.items() if dev.get(package, "").split()[0] != rest.split()[0]
    ]
    assert not differing, f"run.txt and dev.txt disagree about {', '.join(differing)}; run `make lock`"


def test_the_package_depends_on_what_run_in_lists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=~! ]", dependency)[0] for dependency in project["dependencies"]}
    assert declared == wanted("run") - {"hatchling"}


@pytest.mark.parametrize("folder", VENDORS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_vendored_files_are_unchanged(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    expected = {name: digest for digest, name in (line.split() for line in lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name not in {"SHA256SUMS", "README.md"}
    }
    assert found == expected, f"{folder.relative_to(ROOT)}: files and SHA256SUMS disagree"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.sweep
def test_a_wheel_works_from_any_directory(tmp_path: Path) -> None:
    """The data folders travel inside, and the installed copy, not this checkout, lists its scenarios."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    run(*pip, "install", "--no-deps", "--target", tmp_path / "site", wheel, cwd=tmp_path)
    where = {"PYTHONPATH": str(tmp_path / "site")}
    asking = "from app import resources; print(resources.folder('scenarios'))"
    assert run(sys.executable, "-c", asking, cwd=tmp_path, **where).startswith(str(tmp_path))
    listing = run(tmp_path / "site" / "bin" / "packet-journeys", "list", cwd=tmp_path, **where)
    for scenario in resources.folder("scenarios").glob("*.yaml"):
        slug = scenario.stem.partition("-")[2]
        assert slug in listing, f"the installed program does not list {slug}"
