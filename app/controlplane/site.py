"""What every component is given, and what it gives back: a piece of one network namespace."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from app.controlplane.cables import Cable, cables_of
from app.controlplane.infrastructure import Infrastructure
from app.kernel.device import Device, Interface
from app.kernel.iptables import Line, ruleset
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netns import Netns, netns
from app.kernel.route import Route
from app.kernel.socket import Socket
from app.kernel.world import World
from app.kube.cluster import ClusterIndex
from app.kube.objects import Cluster, Node
from app.process.programs import Machines, Program

LO = Device("lo", "loopback", addresses=(Interface("127.0.0.1", 8),), mtu=65536)


class Site(Struct, frozen=True):
    """The objects of the cluster, everything around them that Kubernetes does not say, and how machines are wired."""

    index: ClusterIndex
    infra: Infrastructure
    cables: Mapping[str, Cable]

    @classmethod
    def of(cls, cluster: Cluster, infra: Infrastructure) -> "Site":
        return cls(
            ClusterIndex(cluster), infra, {cable.machine: cable for cable in cables_of(cluster, infra)}
        )

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.index.cluster.nodes


class Piece(Struct, frozen=True):
    """What one component writes into one namespace; the pieces of a namespace add up in the order of the components."""

    netns: str
    devices: tuple[Device, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Line, ...] = ()
    sysctl: Mapping[str, int] = {}
    neigh: tuple[Neighbour, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    sockets: tuple[Socket, ...] = ()
    programs: tuple[tuple[str, Program], ...] = ()


def assemble(pieces: Iterable[Piece]) -> Machines:
    """Namespaces in order of first mention, each with the `lo` that the kernel makes, and the programs in them."""
    by_netns: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_netns.setdefault(piece.netns, []).append(piece)
    programs = {
        (netns, process): program
        for netns, own in by_netns.items()
        for piece in own
        for process, program in piece.programs
    }
    return Machines(World({netns: namespace(netns, own) for netns, own in by_netns.items()}), programs)


def namespace(id: str, pieces: list[Piece]) -> Netns:
    """One namespace from all that was written into it."""
    return netns(
        id,
        (LO, *(device for piece in pieces for device in piece.devices)),
        routes=(route for piece in pieces for route in piece.routes),
        rules=ruleset(line for piece in pieces for line in piece.rules),
        sysctl={name: value for piece in pieces for name, value in piece.sysctl.items()},
        neigh=(entry for piece in pieces for entry in piece.neigh),
        fdb=(entry for piece in pieces for entry in piece.fdb),
        sockets=(socket for piece in pieces for socket in piece.sockets),
    )
