"""What is installed in a world, and what its clients do, as processes of the sandbox."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

from app.kernel.socket import Socket
from app.lab.job import Errand, Server
from app.process.programs import (
    Act,
    EchoServer,
    HttpServer,
    Machines,
    Probe,
    Program,
    ReverseProxy,
    Upstream,
)
from app.wire.packet import HttpRequest, HttpResponse, Message, Text

NOTHING = Text("")


def servers(machines: Machines) -> Iterator[Server]:
    """One for each listening socket whose program is known."""
    for netns in machines.world.netns.values():
        for socket in netns.learned.sockets.values():
            if program := machines.programs.get((netns.id, socket.process)):
                yield server(netns.id, socket, program)


def server(netns: str, socket: Socket, program: Program) -> Server:
    """Raises TypeError for a program that does not listen."""
    protocol: Literal["tcp", "udp"] = "udp" if socket.key.protocol == "udp" else "tcp"
    match program:
        case HttpServer(body):
            return Server(netns, "http", protocol, socket.key.lport, (body,))
        case EchoServer():
            return Server(netns, "echo", protocol, socket.key.lport)
        case ReverseProxy(upstreams):
            table = tuple(chain.from_iterable(map(line, upstreams)))
            return Server(netns, "proxy", protocol, socket.key.lport, table)
    raise TypeError(f"{program} does not listen")


def line(upstream: Upstream) -> tuple[str, str, str]:
    """Of the table of `ends.proxy`."""
    to = ":".join(map(str, upstream.endpoints[0])) if upstream.endpoints else "-"
    return upstream.host or "*", "=" * upstream.exact + upstream.path, to


def errands(acts: Iterable[Act]) -> Iterator[Errand]:
    """The probes, in order.  A restart changes no namespace, so there is nothing of it to build."""
    for act in acts:
        if isinstance(act, Probe):
            yield errand(act)


def errand(probe: Probe) -> Errand:
    content = bytes(probe.octets) if probe.protocol == "icmp" else octets(probe.message or NOTHING)
    seconds = probe.timeout / 1e6
    return Errand(
        probe.netns, probe.protocol, probe.sport, probe.address, probe.port, content, seconds, probe.pmtudisc
    )


def octets(message: Message) -> bytes:
    """A message as it is on the wire (RFC 9112)."""
    match message:
        case HttpRequest(method, host, path, headers):
            lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in headers)]
            return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()
        case HttpResponse(status, reason, body):
            return f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        case Text(data):
            return data.encode()
