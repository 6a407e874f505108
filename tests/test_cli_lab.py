"""The lab as a shell sees it: a verdict, two columns, one JSON document, and an honest no."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.lab import ability
from app.lab.everything import every_journey

PROGRAM = Path(sys.executable).with_name("packet-journeys")


def lab(*words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "180", **({} if path is None else {"PATH": path})}
    return subprocess.run(
        [PROGRAM, "lab", *words], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture
def without(tmp_path: Path) -> "WithoutPrograms":
    return WithoutPrograms(tmp_path)


class WithoutPrograms:
    """A PATH on which everything is but a few programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *missing: str) -> str:
        for program in (*ability.PACKAGES, "sh", "mount", "cat", "brctl", "route", "ss", "sysctl"):
            found = shutil.which(program)
            if found and program not in missing:
                (self.folder / program).symlink_to(found)
        return str(self.folder)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_what_agrees_ends_with_zero_and_says_how_much_was_compared() -> None:
    done = lab("intra-node")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing differs from Linux" in done.stdout
    assert "≠" not in done.stdout
    both = next(line for line in done.stdout.splitlines() if "vethxxx< SYN" in line)
    assert both.count("vethxxx< SYN 10.244.1.2:40001 > 10.244.1.3:8080") == 2, (
        "computed and seen, side by side"
    )


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_json_is_one_document_with_the_command_that_makes_it_again() -> None:
    done = lab("service", "--set", "backend=none", "--json")
    told = json.loads(done.stdout)
    assert (told["schema"], told["verdict"], told["differences"]) == (1, "passed", [])
    assert told["command"] == "packet-journeys lab service --set backend=none"
    assert told["compared"].keys() >= {"answers", "frames", "rules", "tables", "outputs"}
    assert {row["kernel"] for row in told["rows"] if row["section"] == "answers"} == {"ECONNREFUSED"}


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_another_probe_is_compared_too() -> None:
    done = lab("overlay", "--from", "pod/pod1", "--to", "pod/pod3", "--protocol", "icmp")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("overlay --from pod/pod1 --to pod/pod3 --protocol icmp: ")


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_what_was_captured_goes_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "seen.pcapng"
    done = lab("pod", "--pcapng", str(file))
    assert done.returncode == 0, done.stdout
    assert file.read_bytes().startswith(b"\x0a\x0d\x0d\x0a"), "the block type of a pcapng section header"


def test_a_missing_program_is_one_line_with_its_package_and_what_can_be_checked(
    without: WithoutPrograms,
) -> None:
    done = lab("service", path=without("nft"))
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith(
        "undecided: nft is not installed: install the package nftables; without it these can be checked: pod,"
    )
    assert "service" not in done.stdout.splitlines()[-1].partition("can be checked")[2]


def test_a_machine_without_unshare_can_check_nothing_and_says_so(without: WithoutPrograms) -> None:
    done = lab("pod", path=without("unshare"))
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1] == (
        "undecided: unshare is not installed: install the package util-linux; without it these can be checked: none"
    )


def test_a_file_that_cannot_be_written_is_named_before_anything_is_built(tmp_path: Path) -> None:
    done = lab("pod", "--pcapng", str(tmp_path / "nowhere" / "seen.pcapng"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_a_file_that_is_full_is_named_and_the_report_is_not_lost() -> None:
    done = lab("pod", "--pcapng", "/dev/full")
    assert done.returncode == 2
    assert "Nothing differs" in done.stdout
    assert done.stderr == "/dev/full: --pcapng: No space left on device\n"


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_a_command_that_is_not_installed_is_not_compared_and_that_is_said(without: WithoutPrograms) -> None:
    done = lab("intra-node", path=without("brctl"))
    assert done.returncode == 0, done.stdout
    assert "brctl is not installed, so `brctl show` was not compared" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "expected a SCENARIO, or --all"),
        (("pod", "--all"), "expected a SCENARIO, or --all"),
        (("pod", "--record"), "--record is for --all"),
        (("--all", "--pcapng", "x"), "--pcapng is for one journey"),
        (("pod", "--script", "--json"), "--json is for what is compared"),
        (("pod", "--hold", "--json"), "--json is for what is compared"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: tuple[str, ...], complaint: str) -> None:
    done = lab(*words)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_an_unknown_scenario_is_refused_as_everywhere() -> None:
    done = lab("nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is none of this name" in done.stderr


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.sweep
def test_every_builtin_journey_agrees_with_the_kernel() -> None:
    done = lab("--all")
    assert done.returncode == 0, done.stdout
    passed = sum(line.startswith("passed ") for line in done.stdout.splitlines())
    assert passed == len(list(every_journey())), "none was left out, and none is undecided"
