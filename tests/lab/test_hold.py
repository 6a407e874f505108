"""A network that is held: what it says to type works, and Enter ends it."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from app.lab.hold import hold
from app.scenario.load import load
from app.scenario.model import Scenario

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
ENTRY = "from app.cli import main; main()"
LAST = "Enter, here, removes it all."


@contextmanager
def held(scenario: Scenario) -> Iterator[list[str]]:
    """The commands that it says to type."""
    lines = hold(scenario)
    said = list(takewhile(lambda line: line != LAST, lines))
    try:
        yield [line.strip() for line in said if line.startswith("    ")]
    finally:
        lines.close()  # type: ignore[attr-defined]


def typed(enter: str, command: str) -> str:
    """What a command prints in a shell inside."""
    inside = [*shlex.split(enter), "-c", command]
    return subprocess.run(inside, capture_output=True, text=True, check=True).stdout


def test_one_can_step_into_every_machine() -> None:
    scenario = load("overlay")
    with held(scenario) as (enter, *commands):
        steps = [command for command in commands if command.endswith(" bash")]
        shown = {step.split()[3]: typed(enter, f"{step} -c 'ip -brief address'") for step in steps}
    assert list(shown) == ["node1", "node1_pod1", "node1_pod2", "node2", "node2_pod3", "node2_pod4", "cloud"]
    assert "10.244.1.2/24" in shown["node1_pod1"]
    assert "192.168.2.1/24" in shown["cloud"]


def test_from_outside_a_capture_finds_the_machine_by_its_file() -> None:
    with held(load("pod")) as commands:
        (watch,) = [command for command in commands if "tcpdump" in command]
        program, file, *_ = shlex.split(watch)
        assert program == "nsenter"
        assert Path(file.removeprefix("--net=")).exists()


def test_the_probe_gets_its_answer() -> None:
    with held(load("overlay")) as (enter, *commands):
        (probe,) = [command for command in commands if "/run/ends" in command]
        assert typed(enter, f"ip netns exec node1_pod1 sh -c {shlex.quote(probe)}").endswith(
            "hello from pod4\n"
        )


def test_a_break_was_typed_and_is_quoted() -> None:
    with held(load("routed", breaks=("no-route-in-cloud",))) as (enter, *commands):
        assert "ip netns exec cloud ip route del 10.244.2.0/24" in commands
        assert "10.244.2.0/24" not in typed(enter, "ip netns exec cloud ip route")
        assert "10.244.1.0/24" in typed(enter, "ip netns exec cloud ip route")


@pytest.mark.parametrize("ending", ["\n", ""], ids=["Enter", "end of input"])
def test_it_ends_when_its_reader_has_seen_enough(ending: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENTRY, "lab", "pod", "--hold"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as lab:
        assert lab.stdin and lab.stdout
        said = list(takewhile(lambda line: line.rstrip() != LAST, lab.stdout))
        process = next(line for line in said if "nsenter" in line).split()[2]
        assert Path("/proc", process).exists(), "it stands while it waits"
        lab.communicate(ending, timeout=30)
        assert lab.returncode == 0
