"""The kernel says why it dropped a packet and what its tables answered, of these very namespaces and no others."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.lab import sandbox
from app.lab.compare import decode
from app.lab.job import Command, Errand, Job, KernelDrop, Recording, Sysctl
from app.lab.sandbox import ROOM
from app.lab.tracing.tracepoints import recorded
from tests.lab.cable import CABLE

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
CLOSED = 9999


@pytest.fixture
def tracepoints() -> None:
    """Skips loudly where the kernel may not be asked; fails where root must be able to and KERNEL_TESTS=required is set."""
    with recorded() as listening:
        why = listening.unseen
    if why is None:
        return
    if os.environ.get("KERNEL_TESTS") == "required" and os.geteuid() == 0:
        pytest.fail(f"root must be able to ask the kernel here, but {why}")
    pytest.skip(f"THE KERNEL'S REASONS WERE NOT SEEN: {why}")


def send(address: str, port: int = CLOSED, *more: Command, forward: bool = False) -> Recording:
    """A datagram from a, and b at the other end of the cable."""
    sysctls = (Sysctl("b", "net.ipv4.ip_forward", str(int(forward))),)
    errand = Errand("a", "udp", 40001, address, port, b"hello", 0.3)
    return sandbox.run(Job(("a", "b"), sysctls, (*CABLE, *more), errands=(errand,)))


def drops(recording: Recording) -> list[KernelDrop]:
    """Those that a journey knows: sockets are emptied when they are closed."""
    assert recording.drops is not None, recording.unseen
    return [drop for drop in recording.drops if drop.reason != "QUEUE_PURGE"]


@pytest.mark.usefixtures("tracepoints")
def test_a_closed_port_is_a_drop_with_its_reason_and_its_function() -> None:
    (drop,) = drops(send("10.0.0.2"))
    assert (drop.netns, drop.reason, drop.function) == ("b", "NO_SOCKET", "__udp4_lib_rcv")
    packet = decode.ipv4(drop.octets)
    assert (packet.src, packet.dst, packet.payload.dport) == ("10.0.0.1", "10.0.0.2", CLOSED)  # type: ignore[union-attr]


@pytest.mark.usefixtures("tracepoints")
def test_every_answer_of_a_table_is_seen_with_its_device_and_gateway() -> None:
    way = Command("a", ("ip", "route", "add", "10.9.0.0/16", "via", "10.0.0.2"))
    recording = send("10.9.0.1", CLOSED, way, forward=True)
    assert recording.lookups is not None
    answers = {
        (lookup.netns, lookup.device, lookup.gateway)
        for lookup in recording.lookups
        if lookup.dst == "10.9.0.1"
    }
    assert ("a", "a0", "10.0.0.2") in answers


@pytest.mark.usefixtures("tracepoints")
def test_a_look_up_that_finds_nothing_belongs_to_the_packet_that_died_of_it() -> None:
    way = Command("a", ("ip", "route", "add", "10.9.0.0/16", "via", "10.0.0.2"))
    recording = send("10.9.0.1", CLOSED, way, forward=True)
    (drop,) = drops(recording)
    assert (drop.netns, drop.reason, drop.function) == ("b", "IP_INNOROUTES", "ip_error")
    assert recording.lookups is not None
    (nothing,) = [lookup for lookup in recording.lookups if lookup.error]
    assert (nothing.netns, nothing.dst) == ("b", "10.9.0.1")


@pytest.mark.usefixtures("tracepoints")
def test_sandboxes_side_by_side_see_each_their_own() -> None:
    """Same names, same addresses, same moment: only the port says whose packet it was."""
    ports = range(9001, 9005)
    with ThreadPoolExecutor() as pool:
        recordings = list(pool.map(lambda port: send("10.0.0.2", port), ports))
    for port, recording in zip(ports, recordings, strict=True):
        seen = [decode.ipv4(drop.octets).payload.dport for drop in drops(recording)]  # type: ignore[union-attr]
        assert seen == [port]


@pytest.mark.usefixtures("tracepoints")
def test_nothing_is_held_when_the_block_has_ended() -> None:
    def held() -> set[str]:
        links = (Path(path).readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
        return {str(link) for link in links if "bpf" in str(link)}

    before = held()
    with recorded():
        assert held() - before, "programs and ring are open files"
    assert held() == before


def test_without_the_right_to_ask_nothing_fails_and_it_is_said() -> None:
    """In a user namespace of its own a process is nobody's root."""
    script = "from app.lab.tracing.tracepoints import recorded\nwith recorded() as it: print(it.unseen, it.drops, it.lookups)"
    command = ["unshare", "--user", sys.executable, "-c", script]
    told = subprocess.run(command, cwd=ROOM, capture_output=True, text=True, check=True).stdout
    assert (
        told == "drop reasons and route look-ups were not recorded: only root may ask the kernel None None\n"
    )
