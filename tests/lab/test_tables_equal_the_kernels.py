"""A compiled world, printed, against the same world in the running kernel printed by the real commands: before any packet.

What a journey changes is compared with every journey; here are the many questions that need none.
"""

from collections.abc import Iterator

import pytest

from app.kernel.show import commands_for
from app.kernel.world import World
from app.lab import sandbox
from app.lab.compare.outputs import output_rows
from app.lab.compare.rows import differences
from app.lab.job import Reading
from app.lab.record import job_of
from tests.lab import matrix, typed
from tests.lab.matrix import NOBODY_HERE, OUTSIDE, SERVICES

CASES = matrix.CASES | typed.CASES
WORLDS = (
    "cloud, with rules: to its neighbour",
    "switch, without rules: to its neighbour",
    "vxlan: out",
    "host-gw, with rules: to its neighbour",
    "kubenet: out",
    "in by a balancer to pod4",
    "a strict reverse path",
    "a bridge that listens to all",
    "no room in the tunnel",
)
FOREIGN = (NOBODY_HERE, OUTSIDE, SERVICES["remote"], "10.244.1.255", "255.255.255.255", "127.0.0.1")
SENDERS = ("10.244.1.2", "192.168.2.10", OUTSIDE)
DETAILS = ("ip -d link", "bridge -d link", "iptables -S", "iptables -t nat -S", "ss -tln")


def questions(world: World) -> Iterator[Reading]:
    """Every command, and the way to every address, for one's own packets and for those that come in by each device."""
    devices = {netns.id: netns.config.devices.values() for netns in world.netns.values()}
    own = [address.address for every in devices.values() for device in every for address in device.addresses]
    for netns in world.netns.values():
        yield from (Reading(netns.id, command) for command in (*commands_for(netns), *DETAILS))
        ways_in = [d.name for d in devices[netns.id] if d.kind != "loopback" and not d.master]
        for address in sorted({*own, *FOREIGN}):
            yield Reading(netns.id, f"ip route get {address}")
            for sender in SENDERS:
                for iif in ways_in:
                    yield Reading(netns.id, f"ip route get {address} from {sender} iif {iif}")


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", WORLDS)
def test_every_command_prints_the_same_in_every_namespace(name: str) -> None:
    machines = CASES[name].machines()
    world = machines.world
    asked = tuple(questions(world))
    assert len(asked) > 200, "there is something to compare"
    recording = sandbox.run(job_of(machines, before=asked))
    found = differences(output_rows(world, recording.before, "before"))
    assert not found, "\n".join(("the kernel prints something else:", *found))
