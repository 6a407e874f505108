"""`ss` as iproute2 6.1 prints it into a pipe (misc/ss.c): columns as wide as their widest text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from app.kernel.device import Device
from app.kernel.netns import Netns
from app.kernel.show.listing import Line
from app.kernel.socket import Socket
from app.kernel.world import World
from app.wire.addr import ANY

HEADINGS = ("State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process")
BEFORE = ("", " ", " ", " ", "", " ", "", "")
TO_THE_RIGHT = (3, 5)
BACKLOG = 4096
STATES = {
    "ESTABLISHED": "ESTAB",
    "SYN_SENT": "SYN-SENT",
    "SYN_RECV": "SYN-RECV",
    "FIN_WAIT1": "FIN-WAIT-1",
    "LAST_ACK": "LAST-ACK",
    "CLOSE_WAIT": "CLOSE-WAIT",
    "TIME_WAIT": "TIME-WAIT",
}


Which: TypeAlias = Literal["l", "a", ""]


def ss(world: World, netns: Netns, protocol: Literal["t", "u"], which: Which) -> Iterator[Line]:
    """`ss -tln`, `ss -tan`, `ss -tn`, `ss -uln`, `ss -uan`: those that listen, all, those that are connected"""
    return table(
        [holder for holder in HOLDERS[protocol](netns) if which == "a" or listens(holder) == (which == "l")]
    )


def listens(holder: Socket | Device) -> bool | None:
    """None for what is neither listening nor connected (misc/ss.c: SS_CONN)."""
    if isinstance(holder, Device):
        return True
    if holder.key.protocol == "udp":
        return holder.key.remote == ANY
    return None if holder.state in ("SYN_RECV", "TIME_WAIT") else holder.state == "LISTEN"


def tcp(netns: Netns) -> list[Socket | Device]:
    """The listening ones first."""
    every = [socket for socket in netns.learned.sockets.values() if socket.key.protocol == "tcp"]
    there = [socket for socket in every if socket.state != "CLOSE"]
    there.sort(key=lambda socket: socket.state != "LISTEN")
    return [*there]


def udp(netns: Netns) -> list[Socket | Device]:
    """With the sockets that the kernel itself holds for its VXLAN devices."""
    tunnels = [device for device in netns.config.devices.values() if device.vxlan and device.up]
    return [*tunnels, *(socket for socket in netns.learned.sockets.values() if socket.key.protocol == "udp")]


HOLDERS: Mapping[str, Callable[[Netns], list[Socket | Device]]] = {"t": tcp, "u": udp}


def table(holders: Sequence[Socket | Device]) -> Iterator[Line]:
    rows = [row(holder) for holder in holders]
    widths = [max(len(text) for text in column) for column in zip(HEADINGS, *rows, strict=True)]
    yield Line(in_columns(HEADINGS, widths))
    yield from (Line(in_columns(cells, widths), holder) for cells, holder in zip(rows, holders, strict=True))


def in_columns(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (
        text.rjust(width) if column in TO_THE_RIGHT else text.ljust(width)
        for column, (text, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "".join(map("".join, zip(BEFORE, padded, strict=True))).rstrip()


def row(holder: Socket | Device) -> tuple[str, ...]:
    if isinstance(holder, Device):
        assert holder.vxlan is not None, "only a VXLAN device holds a socket"
        return ("UNCONN", "0", "0", f"{ANY}:", str(holder.vxlan.port), f"{ANY}:", "*", "")
    key = holder.key
    unconnected = "UNCONN" if key.remote == ANY else "ESTAB"
    state = unconnected if holder.state is None else STATES.get(holder.state, holder.state)
    waiting = str(BACKLOG) if state == "LISTEN" else "0"
    return (state, "0", waiting, f"{key.local}:", str(key.lport), f"{key.remote}:", str(key.rport or "*"), "")
