"""A compiled world, printed, against the same world in the running kernel printed by the real commands: before any packet."""

import pytest

from app.kernel.netns import Netns
from app.kernel.show import commands_for, show
from app.lab.record import record
from tests.kernel.test_show import settled
from tests.lab.matrix import CASES

WORLDS = (
    "cloud, with rules: to its neighbour",
    "switch, without rules: to its neighbour",
    "vxlan: out",
    "host-gw, with rules: to its neighbour",
    "kubenet: out",
    "in by a balancer to pod4",
)


def questions(netns: Netns) -> list[str]:
    """All but those that show a NIC: a cable is a NIC in the world, and one end of a veth pair in the sandbox."""
    nics = [device for device in netns.config.devices.values() if device.kind == "physical"]
    left_out = {"ip addr", "ip link"} if nics else set()
    if any(nic.master for nic in nics):
        left_out.add("bridge link")
    return [command for command in commands_for(netns) if command not in left_out]


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", WORLDS)
def test_every_command_prints_the_same_in_every_namespace(name: str) -> None:
    machines = CASES[name].machines()
    asked = {netns.id: questions(netns) for netns in machines.world.netns.values()}
    every = dict.fromkeys(command for commands in asked.values() for command in commands)
    recording = record(machines, (), every)
    for netns, commands in asked.items():
        for command in commands:
            ours, theirs = show(machines.world, netns, command).text, recording.text(netns, command)
            assert settled(command, ours) == settled(command, theirs), f"{command} in {netns}"
