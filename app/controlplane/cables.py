"""Cables that end at the cloud's router: which machine, which port of the router, which MACs."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from app.controlplane import macs
from app.controlplane.infrastructure import Infrastructure
from app.kernel.device import Interface
from app.kernel.origin import Origin
from app.kube.objects import Cluster, Node
from app.wire.addr import Address, Mac, Prefix, text

CLOUD = "cloud"
SWITCH = "switch"


class Cable(Struct, frozen=True):
    """From `machine` to `port`, the router's device; `mtu` in octets, `delay` in microseconds on leaving the machine.

    `length` is 24, or 32 where several cables share a network: then every machine is alone on its cable and
    reaches even its neighbours by the router, as in Google's cloud.
    """

    machine: str
    address: Address
    mac: Mac
    port: str
    port_mac: Mac
    origin: Origin
    mtu: int = 1500
    delay: int = 0
    length: int = 24

    @property
    def gateway(self) -> Address:
        return gateway_of(self.address)


def network_of(address: Address) -> Prefix:
    """The /24 around a machine: no object says how long the prefix of a node's network is."""
    return Interface(address, 24).prefix


def gateway_of(address: Address) -> Address:
    return text(network_of(address).network + 1)


def node_mac(node: Node, usual: Mac) -> Mac:
    """The MAC of a node's NIC: as annotated, otherwise the usual one of its fabric."""
    return dict(node.annotations).get("packet-journeys/mac", usual)


def cables_of(cluster: Cluster, infra: Infrastructure) -> tuple[Cable, ...]:
    """Nodes (on fabric `cloud`; on `l2` a switch joins them), hosts outside and balancers, in this order."""
    nodes = node_cables(cluster, infra) if infra.fabric.kind == "cloud" else ()
    laid = (*nodes, *host_cables(infra), *balancer_cables(infra))
    users = Counter(network_of(cable.address) for cable in laid)
    return tuple(
        cable if users[network_of(cable.address)] == 1 else replace(cable, length=32) for cable in laid
    )


def node_cables(cluster: Cluster, infra: Infrastructure) -> Iterator[Cable]:
    for at, node in enumerate(cluster.nodes, 1):
        yield Cable(
            node.name,
            node.address,
            node_mac(node, macs.nic(node.address)),
            f"to-{node.name}",
            macs.tailed("52:54:00:00", at >> 8, at & 0xFF),
            Origin("cloud", f"Node/{node.name}"),
            infra.fabric.mtu,
            infra.fabric.delay,
        )


def host_cables(infra: Infrastructure) -> Iterator[Cable]:
    for at, host in enumerate(infra.hosts):
        yield Cable(
            host.name,
            host.address,
            host.mac or macs.outside(host.address),
            f"inet{at}",
            macs.tailed("52:54:00:00:00", 0xFE - at),
            Origin("internet", f"Host/{host.name}"),
        )


def balancer_cables(infra: Infrastructure) -> Iterator[Cable]:
    for at, balancer in enumerate(infra.balancers):
        yield Cable(
            balancer.name,
            balancer.address,
            balancer.mac or macs.nic(balancer.address),
            f"to-{balancer.name}",
            macs.tailed("52:54:00:00:00", 0x1B + at),
            Origin("cloud", f"LoadBalancer/{balancer.name}"),
        )
