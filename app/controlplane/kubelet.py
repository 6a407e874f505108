"""kubelet starts containers.  All those of a pod share one network namespace, where what they listen on is seen."""

from collections.abc import Iterator

from app.controlplane import ingress
from app.controlplane.cni_bridge import netns_of
from app.controlplane.site import Piece, Site
from app.kernel.socket import Socket, SocketKey
from app.kube.objects import Container, Node, Pod
from app.process.programs import EchoServer, HttpServer, Program
from app.wire.addr import ANY


def start_containers(site: Site, node: Node) -> Iterator[Piece]:
    """A process for each container, a listening socket for each of its ports."""
    for pod in site.index.pods_on[node.name]:
        for container in pod.containers:
            yield run(site, pod, container)


def run(site: Site, pod: Pod, container: Container) -> Piece:
    """The container's name is the process's; its UDP half, if it has both, is a process of its own."""
    tcp = tuple(port.container_port for port in container.ports if port.protocol == "TCP")
    udp = tuple(port.container_port for port in container.ports if port.protocol == "UDP")
    echo = f"{container.name}-udp" if tcp else container.name
    programs: list[tuple[str, Program]] = []
    if tcp:
        programs.append(
            (container.name, ingress.controller(site, pod) or HttpServer(f"hello from {pod.name}"))
        )
    if udp:
        programs.append((echo, EchoServer()))
    return Piece(
        netns_of(pod),
        sockets=(
            *(Socket(SocketKey("tcp", ANY, port), container.name, "LISTEN") for port in tcp),
            *(Socket(SocketKey("udp", ANY, port), echo) for port in udp),
        ),
        programs=tuple(programs),
    )
