"""A scenario's network kept standing, so that one can step into it and look, capture, change, and send the probe."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import suppress

from app.controlplane.compile import compile_machines
from app.kernel.world import World
from app.lab import build, sandbox
from app.lab.build import file_name
from app.lab.programs import errands
from app.lab.record import job_of
from app.lab.script import printed, where
from app.scenario.model import Scenario

ENTER = "nsenter --target {process} --user --preserve-credentials --mount --net --pid bash"
"""Into the sandbox: as its root, where its names are known; and what is begun there ends with it."""
WATCH = "nsenter --net=/proc/{process}/root/run/netns/{name} tcpdump -lnei any"
"""From outside, since tcpdump wants to become another user, and a sandbox has but one."""


def hold(scenario: Scenario) -> Iterator[str]:
    """Says how to step in; then waits for Enter, end of input or Ctrl-C, and removes everything.

    It goes as well when this process ends, however that ends.  Raises LabError where the network cannot be built.
    """
    machines = compile_machines(scenario.cluster, scenario.infra)
    with sandbox.standing(job_of(machines, changes=build.typed(scenario.changes))) as process:
        yield from guide(scenario, machines.world, process)
        with suppress(KeyboardInterrupt):
            wait_beside(process)
    yield "It is gone."


def guide(scenario: Scenario, world: World, process: int) -> Iterator[str]:
    """What to type in another terminal."""
    names = [file_name(netns) for netns in world.netns]
    yield f"“{scenario.title}” stands.  Step in from another terminal:"
    yield from paragraph(ENTER.format(process=process))
    yield "There, step into a machine; a slash in its name is an underscore here:"
    yield from paragraph(*(f"ip netns exec {name} bash" for name in names))
    yield "Look around:"
    yield from paragraph("ip route; ip neigh; bridge fdb; iptables-save; conntrack -L")
    yield "Watch what passes, as root and from outside:"
    yield from paragraph(WATCH.format(process=process, name=names[0]))
    for errand in errands(scenario.acts):
        yield f"Send what the journey sends, on {file_name(errand.netns)}:"
        yield from paragraph(f"{printed(errand.octets)} | /run/ends ask {where(errand)}")
    for own in scenario.chosen_breaks:
        yield f"Broken: {own.label}." + "  What was typed:" * bool(own.changes)
        yield from paragraph(
            *(f"ip netns exec {file_name(change.netns)} {change.command}" for change in own.changes)
        )
    yield "Enter, here, removes it all."


def paragraph(*commands: str) -> Iterator[str]:
    yield from ("", *(f"    {command}" for command in commands), "")


def wait_beside(process: int) -> None:
    """Until there is something to read here, or that process ends."""
    ended = os.pidfd_open(process)
    try:
        select.select([sys.stdin, ended], [], [])
    finally:
        os.close(ended)
