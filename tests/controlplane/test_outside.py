"""Hosts on the internet side."""

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Infrastructure
from app.kernel.socket import SocketKey
from app.process.programs import HttpServer
from app.wire.addr import ANY
from tests.controlplane.reference import CLIENT, cluster, lines

MACHINES = compile_machines(cluster(), Infrastructure(hosts=(CLIENT,)))


def test_a_host_has_a_default_route_by_the_cloud() -> None:
    assert "default via 203.0.113.1 dev eth0" in lines(MACHINES.world, "client", "ip route")


def test_it_serves_what_the_file_says() -> None:
    assert MACHINES.programs["client", "http-80"] == HttpServer("hello from outside")
    assert MACHINES.world["client"].learned.sockets[SocketKey("tcp", ANY, 80)].process == "http-80"
