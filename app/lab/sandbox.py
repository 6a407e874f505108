"""A kernel's network of one's own, for as long as a job takes.

The job runs in a child process with its own user, network, mount and process namespaces.  No root is needed, nothing of
the machine's network can be touched, and whatever happens, the kernel removes it all when the child ends.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from app.lab.job import Job, Recording

UNSHARE = (
    "unshare",
    *("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
)
PROGRAMS = ("unshare", "ip", "bridge", "iptables-restore", "iptables-save", "conntrack")
ROOM = Path(__file__).resolve().parents[2]
TIME_LIMIT = 60.0  # seconds


class LabError(Exception):
    """The sandbox could not do its job; the text says which command failed and how."""


def why_not() -> str | None:
    """What this machine lacks for a sandbox, in words; None if it has everything."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    test = "mount -t tmpfs lab /run && ip link add type veth && ip link add type bridge && iptables-save"
    done = subprocess.run([*UNSHARE, "sh", "-c", test], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"no sandbox here: {done.stderr.strip()}"


def run(job: Job) -> Recording:
    """Does the job and brings back what was seen.  Raises LabError."""
    command = [*UNSHARE, sys.executable, "-m", "app.lab.inside.worker"]
    done = subprocess.run(
        command,
        input=msgspec.msgpack.encode(job),
        capture_output=True,
        cwd=ROOM,
        timeout=TIME_LIMIT,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(done.stderr.decode().strip())
    return msgspec.msgpack.decode(done.stdout, type=Recording)
