"""What a command makes of our world, compared with what the real one makes of the same world in the running kernel."""

import pytest

from app.kernel.change import COMMANDS, Change, CommandRefused, UnknownCommand, change
from app.kernel.show import show
from app.kernel.world import World
from app.lab import sandbox
from app.lab.compare.open_list import settled
from app.lab.job import Command, Reading, Recording
from app.lab.record import job_of
from app.process.programs import Machines
from tests.kernel.changes import ACCEPTED, REFUSED, REFUSED_LATER
from tests.kernel.small_world import small_world

TABLES = (
    "ip -d link",
    "ip addr",
    "ip route",
    "ip route show table local",
    "ip neigh",
    "bridge link",
    "bridge fdb",
    "iptables-save",
)


def changed(world: World, commands: tuple[str, ...]) -> World:
    """The world after these commands, each `netns: command`."""
    for text in commands:
        netns, command = text.split(": ", 1)
        world = change(world, Change(netns, command))
    return world


def in_the_kernel(world: World, commands: tuple[str, ...]) -> Recording:
    """The same world in the running kernel after the same commands."""
    typed = (text.split(": ", 1) for text in commands)
    changes = tuple(Command(netns, ("sh", "-c", command)) for netns, command in typed)
    readings = tuple(Reading(netns, command) for netns in world.netns for command in TABLES)
    return sandbox.run(job_of(Machines(world, {}), (), readings, changes))


def differences(world: World, kernel: Recording) -> list[str]:
    """Every table that differs, as the real command prints it and as we do."""
    pairs = {
        (netns, command): (
            settled(command, kernel.text(netns, command)),
            settled(command, show(world, netns, command).text),
        )
        for netns in world.netns
        for command in TABLES
    }
    return [
        f"{netns}: {command}\n- the kernel:\n{real}\n- computed:\n{ours}"
        for (netns, command), (real, ours) in pairs.items()
        if real != ours
    ]


def is_changed_in_the_same_way(commands: tuple[str, ...]) -> None:
    world = small_world()
    kernel = in_the_kernel(world, commands)
    assert not (found := differences(changed(world, commands), kernel)), "\n\n".join(found)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("commands", ACCEPTED[::3], ids="; ".join)
def test_the_kernel_is_changed_in_the_same_way(commands: tuple[str, ...]) -> None:
    is_changed_in_the_same_way(commands)


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("commands", [*ACCEPTED[1::3], *ACCEPTED[2::3]], ids="; ".join)
def test_so_it_is_by_all_the_others(commands: tuple[str, ...]) -> None:
    is_changed_in_the_same_way(commands)


@pytest.fixture(scope="module")
def refusals(kernel: None) -> dict[str, dict[str, str]]:
    """What the real commands say, by namespace and command; as all are refused, one sandbox does for them all."""
    readings = (Reading(*text.split(": ", 1)) for text in REFUSED)
    return sandbox.run(job_of(Machines(small_world(), {}), (), readings)).texts


@pytest.mark.kernel
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_is_refused_by_the_real_command_in_the_same_words(
    refusals: dict[str, dict[str, str]], text: str
) -> None:
    netns, command = text.split(": ", 1)
    with pytest.raises(CommandRefused) as refusal:
        change(small_world(), Change(netns, command))
    assert " ".join(str(refusal.value).split()) in " ".join(refusals[netns][command].split())


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("commands", REFUSED_LATER, ids="; ".join)
def test_what_was_possible_before_is_refused_after_another_command(commands: tuple[str, ...]) -> None:
    world = small_world()
    with pytest.raises(CommandRefused) as refusal:
        changed(world, commands)
    with pytest.raises(sandbox.LabError) as failure:
        in_the_kernel(world, commands)
    assert str(refusal.value) in str(failure.value)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "reboot",
        "ip",
        "ip route",
        "ip link set eth0 vf 1",
        "ip link set eth0 mtu",
        "ip route add 10.1.0.0/16 via 192.168.1.1 metric 5",
        "iptables -A FORWARD -m nfacct --nfacct-name x -j DROP",
        "iptables -L",
        "sysctl -w net.ipv4.tcp_sack=0",
        "ip link add x type veth",
        'iptables -A FORWARD -m comment --comment "unfinished',
    ],
)
def test_what_is_not_understood_is_not_carried_out(command: str) -> None:
    with pytest.raises(UnknownCommand):
        change(small_world(), Change("node", command))


def test_a_stranger_is_told_what_is_known() -> None:
    with pytest.raises(UnknownCommand) as told:
        change(small_world(), Change("node", "reboot"))
    assert all(known in str(told.value) for known in COMMANDS)


def test_a_namespace_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(KeyError):
        change(small_world(), Change("nowhere", "ip link set eth0 down"))


def test_every_command_is_among_the_compared() -> None:
    typed = {text.split(": ", 1)[1] for commands in ACCEPTED for text in commands}
    missing = [known for known in COMMANDS if not any(command.startswith(known) for command in typed)]
    assert not missing, f"never compared with the kernel: {missing}"
