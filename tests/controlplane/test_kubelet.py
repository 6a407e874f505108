"""Containers become processes that listen in their pod's one namespace."""

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Infrastructure
from app.kernel.socket import SocketKey
from app.kube.objects import Container, ContainerPort, Pod
from app.process.programs import EchoServer, HttpServer
from app.wire.addr import ANY
from tests.controlplane.reference import cluster

WEB = Container("web", ports=(ContainerPort(8080), ContainerPort(5353, protocol="UDP")))
DNS = Container("dns", ports=(ContainerPort(53, protocol="UDP"),))
IDLE = Container("idle")
SHOP = Pod("shop", "store", "node1", "10.244.1.9", (WEB, DNS, IDLE))
MACHINES = compile_machines(cluster(pods=(SHOP,)), Infrastructure())
NETNS = "node1/store.shop"


def test_two_containers_share_one_namespace_and_all_their_ports_are_seen_there() -> None:
    sockets = MACHINES.world[NETNS].learned.sockets
    assert {key: (s.process, s.state) for key, s in sockets.items()} == {
        SocketKey("tcp", ANY, 8080): ("web", "LISTEN"),
        SocketKey("udp", ANY, 5353): ("web-udp", None),
        SocketKey("udp", ANY, 53): ("dns", None),
    }


def test_ports_decide_what_a_container_does() -> None:
    assert MACHINES.programs == {
        (NETNS, "web"): HttpServer("hello from shop"),
        (NETNS, "web-udp"): EchoServer(),
        (NETNS, "dns"): EchoServer(),
    }
