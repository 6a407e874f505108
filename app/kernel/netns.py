"""A network namespace: what was configured, and what it has learned since."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.device import Device
from app.kernel.fragments import FragmentKey
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netfilter import Ruleset
from app.kernel.nexthop import Peer, RouteException
from app.kernel.route import Fib, Route, fib_of
from app.kernel.skb import Skb
from app.kernel.socket import Socket, SocketKey
from app.wire.addr import Address, Mac
from app.wire.record import Record

IP_FORWARD = "net.ipv4.ip_forward"
RP_FILTER = "net.ipv4.conf.all.rp_filter"
BRIDGE_NF = "net.bridge.bridge-nf-call-iptables"
ROUTE_LOCALNET = "net.ipv4.conf.all.route_localnet"


class Config(Record, frozen=True):
    """What an administrator or a program wrote.  `ports` lists a bridge's ports in order of joining.

    `nsids` are the other namespaces that veth devices led to, in the order of the numbers they have here.
    """

    devices: Mapping[str, Device]
    fib: Fib
    rules: Ruleset
    sysctl: Mapping[str, int]
    ports: Mapping[str, tuple[str, ...]]
    nsids: tuple[str, ...] = ()

    def on(self, sysctl: str) -> bool:
        return self.sysctl.get(sysctl, 0) != 0


class Learned(Record, frozen=True):
    """What the datapath writes: FDB by (device, MAC), neighbours by (device, address), conntrack by either tuple, sockets.

    And `fragments` that wait for the rest of their packet, `exceptions` from the routes and the `peers` told of a better
    way, by address.
    """

    fdb: Mapping[tuple[str, Mac], FdbEntry]
    neigh: Mapping[tuple[str, Address], Neighbour]
    conntrack: Mapping[FlowTuple, Conn]
    sockets: Mapping[SocketKey, Socket]
    fragments: Mapping[FragmentKey, tuple[Skb, ...]] = {}
    exceptions: Mapping[Address, RouteException] = {}
    peers: Mapping[Address, Peer] = {}


class Netns(Record, frozen=True):
    """One network namespace: a machine's root one (`node1`) or a child of it (`node1/web`)."""

    id: str
    config: Config
    learned: Learned

    def learn(self, **tables: object) -> "Netns":
        """The same namespace with some learned tables replaced."""
        return Netns(self.id, self.config, replace(self.learned, **tables))

    def configure(self, **parts: object) -> "Netns":
        """The same namespace with some parts of its configuration replaced."""
        return replace(self, config=replace(self.config, **parts))

    def with_device(self, device: Device) -> "Netns":
        """The same namespace with this device in place of the one of its name, or as one more."""
        return self.configure(devices={**self.config.devices, device.name: device})


def netns(
    id: str,
    devices: Iterable[Device],
    *,
    routes: Iterable[Route] = (),
    rules: Ruleset | None = None,
    sysctl: Mapping[str, int] | None = None,
    neigh: Iterable[Neighbour] = (),
    fdb: Iterable[FdbEntry] = (),
    sockets: Iterable[Socket] = (),
) -> Netns:
    """A namespace just configured.  Devices are given in order of creation; indexes and connected routes follow from it."""
    numbered = {
        device.name: replace(device, index=device.index or at) for at, device in enumerate(devices, 1)
    }
    ports: dict[str, tuple[str, ...]] = {d.name: () for d in numbered.values() if d.kind == "bridge"}
    for device in [*numbered.values()]:
        if device.master:
            ports[device.master] += (device.name,)
            numbered[device.name] = replace(device, port_no=device.port_no or len(ports[device.master]))
    own = own_entries(numbered.values())
    fib, others = fib_of(numbered.values(), routes), nsids(id, numbered.values())
    return Netns(
        id,
        Config(numbered, fib, rules or Ruleset(), sysctl or {}, ports, others),
        Learned(
            fdb={(entry.dev, entry.mac): entry for entry in (*own, *fdb)},
            neigh={(entry.dev, entry.address): entry for entry in neigh},
            conntrack={},
            sockets={socket.key: socket for socket in sockets},
        ),
    )


def own_entries(devices: Iterable[Device]) -> Iterator[FdbEntry]:
    """net/bridge/br_fdb.c: a bridge knows its own MAC and its ports' (br_fdb_add_local)."""
    for device in devices:
        if device.master or device.kind == "bridge":
            yield FdbEntry(device.mac, device.master or device.name, device.name, permanent=True, local=True)


def nsids(id: str, devices: Iterable[Device]) -> tuple[str, ...]:
    """net/core/net_namespace.c peernet2id_alloc: a number for each other namespace, when a veth first leads there."""
    by_index = sorted(devices, key=lambda device: device.index)
    others = (device.peer.netns for device in by_index if device.kind == "veth" and device.peer)
    return tuple(dict.fromkeys(other for other in others if other != id))
