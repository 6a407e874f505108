"""However a lab ends, nothing of it is left: no process, no network namespace, no mount, no file."""

import subprocess
import sys

import pytest

from app.lab.sandbox import ROOM, UNSHARE

TIME_LIMIT = 300  # seconds
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
LABS = {"a comparison": ("pod",), "a network that is held": ("pod", "--hold")}


def killed(times: int, signal: str, words: tuple[str, ...]) -> str:
    """What is left of labs that are killed at so many moments, from just begun to just done."""
    command = [*UNSHARE, sys.executable, "-m", "tests.lab.killer", str(times), signal, *words]
    done = subprocess.run(command, cwd=ROOM, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("words", LABS.values(), ids=LABS)
def test_a_lab_that_is_killed_leaves_nothing(words: tuple[str, ...], signal: str) -> None:
    assert killed(6, signal, words) == ""


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("words", [("overlay",), ("service", "--hold")], ids=" ".join)
def test_at_every_moment(words: tuple[str, ...], signal: str) -> None:
    assert killed(40, signal, words) == ""
