"""A recording as a capture file: tshark, which knows nothing of this project, reads in it what was recorded."""

import subprocess
from pathlib import Path

import pytest

from app.controlplane.compile import compile_machines
from app.lab.compare import decode
from app.lab.job import Frame, Recording
from app.lab.pcapng import capture
from app.lab.record import record
from app.scenario.load import load
from app.wire.packet import Ethernet, IPv4, Udp, Vxlan
from tests.tshark import is_here

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
VXLAN = "udp.port==8472,vxlan"  # flannel's port is not the registered one


@pytest.fixture(scope="module")
def overlay(kernel: None) -> Recording:
    is_here()
    scenario = load("overlay")
    return record(compile_machines(scenario.cluster, scenario.infra), scenario.acts)


def tshark(recording: Recording, folder: Path, *fields: str) -> list[list[str]]:
    """For each frame of the file, what tshark finds in it; a field that is there twice has its values joined by commas."""
    file = folder / "recording.pcapng"
    file.write_bytes(capture(recording.frames))
    asked = [word for field in fields for word in ("-e", field)]
    command = ["tshark", "-r", file, "-d", VXLAN, "-T", "fields", *asked]
    read = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in read.stdout.splitlines()]


def test_devices_directions_and_times_are_those_of_the_capture(overlay: Recording, tmp_path: Path) -> None:
    fields = ("frame.interface_name", "frame.packet_flags_direction", "frame.time_epoch", "frame.len")
    assert tshark(overlay, tmp_path, *fields) == [
        [
            f"{frame.netns}/{frame.device}",
            "0x00000002" if frame.outgoing else "0x00000001",
            f"{frame.time // 10**9}.{frame.time % 10**9:09}",
            str(len(frame.octets)),
        ]
        for frame in overlay.frames
    ]


def test_no_frame_is_malformed_and_every_address_is_what_we_decode(
    overlay: Recording, tmp_path: Path
) -> None:
    fields = ("_ws.malformed", "eth.src", "eth.dst", "ip.src", "ip.dst", "vxlan.vni")
    read = tshark(overlay, tmp_path, *fields)
    assert read == [["", *map(",".join, layers(frame))] for frame in overlay.frames]
    assert any(vni for *_, vni in read), "some frames went through the tunnel"


def layers(frame: Frame) -> tuple[list[str], ...]:
    """MACs, addresses and VNIs of a frame and of the one inside it, the outer first."""
    found: tuple[list[str], ...] = ([], [], [], [], [])
    ethernet: object = decode.frame(frame.octets)
    while isinstance(ethernet, Ethernet):
        found[0].append(ethernet.src)
        found[1].append(ethernet.dst)
        inside, ethernet = ethernet.payload, None
        if isinstance(inside, IPv4):
            found[2].append(inside.src)
            found[3].append(inside.dst)
            if isinstance(inside.payload, Udp) and isinstance(inside.payload.payload, Vxlan):
                found[4].append(str(inside.payload.payload.vni))
                ethernet = inside.payload.payload.payload
    return found
