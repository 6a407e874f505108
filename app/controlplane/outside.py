"""Machines on the internet side: a NIC, a default route, and perhaps a web server."""

from collections.abc import Iterator

from app.controlplane import cloud
from app.controlplane.infrastructure import OutsideHost
from app.controlplane.site import Piece, Site
from app.kernel.socket import Socket, SocketKey
from app.process.programs import HttpServer
from app.wire.addr import ANY


def run_hosts(site: Site) -> Iterator[Piece]:
    for host in site.infra.hosts:
        yield cloud.plug_in(site.cables[host.name])
        yield serve(host)


def serve(host: OutsideHost) -> Piece:
    """A process `http-80` for port 80, and so on."""
    return Piece(
        host.name,
        sockets=tuple(
            Socket(SocketKey("tcp", ANY, port), f"http-{port}", "LISTEN") for port, _ in host.serves
        ),
        programs=tuple((f"http-{port}", HttpServer(body)) for port, body in host.serves),
    )
