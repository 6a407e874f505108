"""Entering network namespaces from inside the sandbox (man 2 setns: it moves one thread only)."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.lab.build import file_name
from app.lab.job import NOT_INSTALLED, Command, Sysctl

CLONE_NEWNET = 0x40000000
OWN_SYS = ("unshare", "--mount", "sh", "-c", 'mount -t sysfs lab /sys && exec "$@"', "sh")
"""/sys shows the namespace it was mounted in."""
READ_SYS = ("brctl",)
"""Of the programs that are asked, those that read /sys; the others ask by netlink or in /proc, whose /net is one's own."""
LIBC = ctypes.CDLL(None, use_errno=True)


class CommandFailed(Exception):
    """A command of the setup ended with an error."""


class Namespaces:
    """The namespaces of a sandbox by their ids, kept alive by open files."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        """`ip netns add` for each.  /run becomes the sandbox's own first: no name meets one of the machine's.

        -n, or mount(8) makes a folder for its notes in the machine's /run.
        """
        execute(Command(None, ("mount", "-n", "-t", "tmpfs", "lab", "/run")))
        names = "".join(f"netns add {file_name(netns)}\n" for netns in ids)
        execute(Command(None, ("ip", "-batch", "-"), names))
        self.home = open_file("/proc/self/ns/net")
        self.files = {netns: open_file(f"/run/netns/{file_name(netns)}") for netns in ids}

    def hide_names(self) -> None:
        """From here on `ip link` prints other namespaces by number, as on a machine that gave them no names."""
        execute(Command(None, ("mount", "-n", "-t", "tmpfs", "lab", "/run/netns")))

    def numbers(self) -> dict[str, int]:
        """What the kernel calls each of them (`struct net`: ns.inum)."""
        return {netns: os.fstat(descriptor).st_ino for netns, descriptor in self.files.items()}

    def enter(self, netns: str | None) -> None:
        """Moves the calling thread for good."""
        if LIBC.setns(self.home if netns is None else self.files[netns], CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {netns}")

    @contextmanager
    def inside(self, netns: str | None) -> Iterator[None]:
        """The calling thread is in that namespace for a while."""
        self.enter(netns)
        try:
            yield
        finally:
            self.enter(None)

    def write(self, sysctl: Sysctl) -> None:
        with self.inside(sysctl.netns):
            Path("/proc/sys", *sysctl.name.split(".")).write_text(sysctl.value, encoding="ascii")

    def run(self, command: Command) -> str:
        with self.inside(command.netns):
            return execute(command)

    def read(self, netns: str, command: str) -> str:
        """What a command prints on both its outputs, whether it likes its question or not."""
        words = command.split()
        if shutil.which(words[0]) is None:
            return f"{words[0]}{NOT_INSTALLED}\n"
        argv = [*OWN_SYS, *words] if words[0] in READ_SYS else words
        with self.inside(netns):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


def open_file(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def execute(command: Command) -> str:
    """Raises CommandFailed with what the command said and what it was given."""
    done = subprocess.run(command.argv, input=command.text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        where = f" in {command.netns}" if command.netns else ""
        raise CommandFailed(f"{' '.join(command.argv)}{where}: {done.stderr.strip()}\n{command.text}")
    return done.stdout
