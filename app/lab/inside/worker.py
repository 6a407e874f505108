"""Runs inside the sandbox: a job on standard input, a recording on standard output.  `python -m app.lab.inside.worker`"""

import json
import sys
import time

import msgspec

from app.lab.inside import clients, lifeline, nftrace, servers
from app.lab.inside.capture import Capture
from app.lab.inside.namespaces import CommandFailed, Namespaces
from app.lab.inside.nftrace import Trace
from app.lab.job import UNASKED, Command, Job, Reading, Recording, Window

CARRIER_LIMIT = 5.0  # seconds
CARRIER_POLL = 0.003
QUIET, SETTLE_LIMIT = 0.1, 5.0


def work(job: Job) -> Recording:
    """Build, break, listen, read, capture, probe, read.  Raises CommandFailed, TimeoutError where a link stays down, OverflowError."""
    namespaces = prepare(job)
    before = texts(namespaces, job.before)
    untraced = nftrace.why_not() if job.traced else UNASKED
    tracer = None if untraced else Trace(namespaces)
    capture = Capture(namespaces)
    began = time.monotonic_ns()
    answers = []
    for errand in job.errands:
        with namespaces.inside(errand.netns):
            answers.append(clients.do(errand))
    frames = capture.settle(QUIET, SETTLE_LIMIT) if job.errands else ()
    window = Window(namespaces.numbers(), began, time.monotonic_ns())
    hits = tracer.settle() if tracer else ()
    return Recording(frames, tuple(answers), texts(namespaces, job.readings), before, hits, untraced, window)


def prepare(job: Job, *, named: bool = False) -> Namespaces:
    """Build, break, listen: all before the first frame that matters.  `named`: `ip netns` goes on knowing the names."""
    namespaces = Namespaces(job.namespaces)
    for sysctl in job.sysctls:
        namespaces.write(sysctl)
    for command in job.setup:
        if command.netns and command.argv[0] == "bridge":
            await_carriers(namespaces, command.netns)  # a port learns nothing before
        namespaces.run(command)
    if not named:
        namespaces.hide_names()
    await_all_carriers(namespaces)
    for command in job.changes:
        namespaces.run(command)
    if job.changes:
        await_all_carriers(namespaces)
    for server in job.servers:
        servers.start(namespaces, server)
    return namespaces


def texts(namespaces: Namespaces, readings: tuple[Reading, ...]) -> dict[str, dict[str, str]]:
    """What each reading printed, by namespace and command."""
    printed: dict[str, dict[str, str]] = {netns: {} for netns in namespaces.files}
    for netns, command in ((reading.netns, reading.command) for reading in readings):
        printed[netns][command] = namespaces.read(netns, command)
    return printed


def await_all_carriers(namespaces: Namespaces) -> None:
    for netns in namespaces.files:
        await_carriers(namespaces, netns)


def await_carriers(namespaces: Namespaces, netns: str) -> None:
    """A port forwards only when the kernel's link watch has seen its carrier, some milliseconds after `up`; a loss may take a second."""
    deadline = time.monotonic() + CARRIER_LIMIT
    while unready := unready_links(namespaces, netns):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no carrier on {', '.join(unready)} in {netns}")
        time.sleep(CARRIER_POLL)


def unready_links(namespaces: Namespaces, netns: str) -> list[str]:
    """Devices that got or lost their carrier, and whose operational state does not know of it yet."""
    links = json.loads(namespaces.run(Command(netns, ("ip", "-json", "link"))))
    return [link["ifname"] for link in links if not knows(link["operstate"], "LOWER_UP" in link["flags"])]


def knows(operstate: str, carrier: bool) -> bool:
    return operstate in ("UP", "UNKNOWN") if carrier else operstate != "UP"


def main() -> None:
    lifeline.end_with(int(sys.argv[1]))
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    try:
        recording = work(job)
    except (CommandFailed, OverflowError, TimeoutError) as fault:
        sys.exit(str(fault))
    sys.stdout.buffer.write(msgspec.msgpack.encode(recording))


if __name__ == "__main__":
    main()
