"""Runs in a sandbox of the test's own and kills a running lab at many moments: `python -m tests.lab.killer TIMES SIGNAL WORD...`

Nobody else is in here, so that whatever is there after the lab's end is what the lab left: processes, mounts, files,
network namespaces.  A moment is a number of processes begun, as the kernel counts them in /proc/loadavg.
Prints what was left, one line each.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ENTRY = "from app.cli import main; main()"
STANDS = b"Enter"  # how the last line begins that a held lab prints
DEADLINE = 30.0  # seconds
POLL = 0.002
LIMIT = Path("/proc/sys/user/max_net_namespaces")
RUN = Path("/run")
TEMPORARY = RUN / "tmp"


class Lab:
    """A running `packet-journeys lab`, with an input that does not end."""

    def __init__(self, words: list[str], output: int = subprocess.DEVNULL) -> None:
        self.begun = processes_begun()
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, "lab", *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(TEMPORARY)},
        )

    def reaches(self, moment: int) -> bool:
        """Have so many processes and threads begun since its own beginning, or has it ended?"""
        return processes_begun() - self.begun >= moment or self.process.poll() is not None

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait()


def length(words: list[str]) -> int:
    """How many processes and threads begin in an undisturbed lab, until it ends or stands."""
    lab = Lab(words, subprocess.PIPE)
    assert lab.process.stdout
    for line in lab.process.stdout:
        if line.startswith(STANDS):
            break
    counted = processes_begun() - lab.begun
    lab.process.communicate()
    assert lab.process.returncode == 0, f"lab {' '.join(words)} does not work here"
    return counted


def processes_begun() -> int:
    """The last number given to a process or thread in this process namespace (man 5 proc_loadavg)."""
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[-1])


def until(comes_true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE
    while not comes_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def others() -> list[str]:
    """Every process in here but this one, which, as the first, inherits the orphans and must bury them."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                break
        except ChildProcessError:
            break
    numbers = (path for path in Path("/proc").iterdir() if path.name.isdigit() and path.name != "1")
    return [path.name for path in numbers]


def left_over(before: set[str]) -> Iterator[str]:
    """What is still there when there has been time enough for it to go."""
    if not until(lambda: not others()):
        yield f"processes {others()}"
    yield from sorted(mounts_and_files() - before)


def mounts_and_files() -> set[str]:
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return {f"mount {mount}" for mount in mounts} | {f"file {path}" for path in RUN.rglob("*")}


def room_for_one_more(limit: int) -> bool:
    """Does the kernel make a network namespace where there may be so many?  It counts those that nobody sees, too."""
    LIMIT.write_text(str(limit), encoding="ascii")
    made = subprocess.run(["unshare", "--net", "true"], check=False, stderr=subprocess.DEVNULL)
    return made.returncode == 0


def main() -> None:
    times, name, *words = sys.argv[1:]
    subprocess.run(["mount", "-n", "-t", "tmpfs", "own", RUN], check=True)
    TEMPORARY.mkdir()
    before = mounts_and_files()
    just_enough = next(limit for limit in range(1, 9) if room_for_one_more(limit))
    LIMIT.write_text("1000", encoding="ascii")
    whole = length(words)
    for moment in (whole * part // int(times) for part in range(1, int(times) + 1)):
        lab = Lab(words)
        reached = until(partial(lab.reaches, moment))
        lab.end(signal.Signals[name])
        for remnant in [*left_over(before), *([] if reached else ["it never came so far"])]:
            sys.stdout.write(f"{name} when {moment} of {whole} processes had begun: {remnant}\n")
    if not until(partial(room_for_one_more, just_enough)):
        sys.stdout.write("network namespaces that nobody sees\n")


if __name__ == "__main__":
    main()
