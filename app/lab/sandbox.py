"""A kernel's network of one's own, for as long as a job takes.

The job runs in a child process with its own user, network, mount and process namespaces.  No root is needed, nothing of
the machine's network can be touched, and whatever happens, the kernel removes it all when the child ends.  The child
ends when this process does, killed or not: the kernel kills it then (man 2 prctl, PR_SET_PDEATHSIG), and where that comes
too early or too late, the child reads the end of its lifeline.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec.structs import replace

from app.lab.job import Job, Recording
from app.lab.tracing.tracepoints import recorded

UNSHARE = (
    *("setpriv", "--pdeathsig", "KILL", "unshare"),
    *("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
)
ROOM = Path(__file__).resolve().parents[2]
TIME_LIMIT = 60.0  # seconds


class LabError(Exception):
    """The sandbox could not do its job; the text says which command failed and how."""


def run(job: Job) -> Recording:
    """Does the job and brings back what was seen, inside it and, if it has errands, at the kernel's tracepoints.  Raises LabError."""
    if not job.errands:
        return run_inside(job)
    with recorded() as tracepoints:
        recording = run_inside(job)
        if recording.window:
            tracepoints.read(recording.window)
    unseen = (*recording.unseen, *filter(None, [tracepoints.unseen]))
    return replace(recording, drops=tracepoints.drops, lookups=tracepoints.lookups, unseen=unseen)


def run_inside(job: Job) -> Recording:
    with lifeline() as line:
        done = subprocess.run(
            worker("app.lab.inside.worker", line),
            input=msgspec.msgpack.encode(job),
            capture_output=True,
            cwd=ROOM,
            pass_fds=(line,),
            timeout=TIME_LIMIT,
            check=False,
        )
    if done.returncode != 0:
        raise LabError(done.stderr.decode().strip())
    return msgspec.msgpack.decode(done.stdout, type=Recording)


@contextmanager
def standing(job: Job) -> Iterator[int]:
    """The network as the job builds it, with no errand run; the number of the process whose namespaces it is in.

    It ends with the block, or with this process.  Raises LabError where it cannot be built.
    """
    with (
        lifeline() as line,
        subprocess.Popen(
            worker("app.lab.inside.holder", line),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOM,
            pass_fds=(line,),
            start_new_session=True,
        ) as maker,
    ):
        try:
            assert maker.stdin and maker.stdout and maker.stderr
            maker.stdin.write(msgspec.msgpack.encode(job))
            maker.stdin.close()
            if not maker.stdout.readline():
                raise LabError(maker.stderr.read().decode().strip())
            yield first_process(maker.pid)
        finally:
            maker.kill()


def first_process(unshare: int) -> int:
    """The only child that unshare has: number 1 in there, this number here."""
    return int(Path(f"/proc/{unshare}/task/{unshare}/children").read_text(encoding="ascii"))


def worker(module: str, line: int) -> list[str]:
    """The command that runs this module in a sandbox, which ends with the lifeline."""
    return [*UNSHARE, sys.executable, "-m", module, str(line)]


@contextmanager
def lifeline() -> Iterator[int]:
    """The reading end of a pipe whose writing end no other process has."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(writing)
        os.close(reading)
