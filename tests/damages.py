"""What can be wrong with a world, as what somebody typed: each damage is a few commands in one namespace."""

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import TypeAlias

from msgspec.structs import replace

from app.kernel.change import Change, CommandRefused, change
from app.kernel.device import Device
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, ROUTE_LOCALNET, RP_FILTER, Netns
from app.kernel.world import World
from app.lab.build import configuration, fdb
from app.wire.addr import Address, mac_of

Damage: TypeAlias = tuple[Change, ...]
MASKS = (8, 16, 25, 30, 31, 32)
MTUS = (600, 1000, 1280, 1400)
SPECIAL = ("blackhole", "unreachable", "prohibit")
BLOCKS = ("10.244.1.0/24", "10.244.2.0/24", "10.244.2.2/32", "10.96.0.0/12", "203.0.113.0/24")
STRANGER = "02:00:00:00:00:99"
SETTINGS = (
    *(f"{RP_FILTER}={mode}" for mode in (1, 2)),
    *(f"{IP_FORWARD}={on}" for on in (0, 1)),
    f"{ROUTE_LOCALNET}=1",
    f"{BRIDGE_NF}=0",
)


def typed(*lines: str) -> Damage:
    """Commands, each behind the namespace where it is typed: `node1/pod1: ip link set eth0 down`."""
    places = (line.partition(": ") for line in lines)
    return tuple(Change(netns, command) for netns, _, command in places)


def after(world: World, changes: Iterable[Change]) -> World:
    return reduce(change, changes, world)


def accepted(world: World, changes: Iterable[Change]) -> Damage:
    """Those that the kernel does not refuse: what one damage took away, the next one cannot break."""
    kept: list[Change] = []
    for each in changes:
        try:
            world = change(world, each)
        except CommandRefused:
            continue
        kept.append(each)
    return tuple(kept)


def damages_of(world: World, netns: Netns) -> list[list[Damage]]:
    """Everything that can be done to this namespace, one list for each kind of damage."""
    near = [device for device in netns.config.devices.values() if device.addresses and leads_out(device)]
    everybody = [
        interface.address
        for each in world.netns.values()
        for device in each.config.devices.values()
        if leads_out(device)
        for interface in device.addresses
    ]
    kinds = [*device_damages(netns), *table_damages(netns), list(wrong_neighbours(near, everybody))]
    damages: list[list[Damage]] = [
        [(Change(netns.id, command),) for command in commands] for commands in kinds
    ]
    damages += made_anew(netns, near, everybody)
    return [kind for kind in damages if kind]


def leads_out(device: Device) -> bool:
    return device.kind != "loopback"


def device_damages(netns: Netns) -> Iterator[list[str]]:
    devices = netns.config.devices.values()
    yield [f"ip link set {device.name} down" for device in devices]
    yield [f"ip link set {device.name} mtu {mtu}" for device in devices if leads_out(device) for mtu in MTUS]
    yield [f"ip link set {device.name} promisc on" for device in devices if device.kind == "bridge"]
    yield [
        f"ip link set {device.name} address {STRANGER}"
        for device in devices
        if device.addresses and leads_out(device)
    ]
    yield [f"ip link del {device.name}" for device in devices if device.kind == "veth"]
    yield [f"bridge link set dev {device.name} hairpin off" for device in devices if device.hairpin]


def table_damages(netns: Netns) -> Iterator[list[str]]:
    yield [f"sysctl -w {setting}" for setting in SETTINGS]
    yield [f"ip route del {route.prefix}" for route in netns.config.fib.main]
    yield [f"ip route replace {kind} {block}" for kind in SPECIAL for block in BLOCKS]
    yield [f"ip neigh del {entry.address} dev {entry.dev}" for entry in netns.learned.neigh.values()]
    yield [f"bridge fdb del {e.mac} dev {e.dev}" for e in netns.learned.fdb.values() if e.dst]
    yield [f"iptables -P {chain} DROP" for chain in ("INPUT", "FORWARD", "OUTPUT")]


def made_anew(netns: Netns, near: list[Device], everybody: list[Address]) -> Iterator[list[Damage]]:
    """Damages of several commands each."""
    yield [readdressed(netns, device, f"{device.addresses[0].address}/{n}") for device in near for n in MASKS]
    if "/" in netns.id and near:
        eth0 = netns.config.devices["eth0"]
        yield [readdressed(netns, eth0, f"{other}/{n}") for other in everybody for n in (16, 24)]
    yield [another_vni(netns, device) for device in netns.config.devices.values() if device.vxlan]


def wrong_neighbours(near: list[Device], everybody: list[Address]) -> Iterator[str]:
    """An entry for ever that nobody answers to, or another machine does."""
    for device in near:
        own = {interface.address for interface in device.addresses}
        for address in everybody:
            if address not in own and any(address in interface.prefix for interface in device.addresses):
                for mac in (STRANGER, mac_of("10.244.1.2")):
                    yield f"ip neigh replace {address} lladdr {mac} dev {device.name}"


def readdressed(netns: Netns, device: Device, cidr: str) -> Damage:
    """Another address or mask; then every route over the device is typed again."""
    commands = (
        f"ip addr del {device.addresses[0]} dev {device.name}",
        f"ip addr add {cidr} dev {device.name}",
        *routes_over(netns, device),
    )
    return tuple(Change(netns.id, command) for command in commands)


def another_vni(netns: Netns, device: Device) -> Damage:
    """The tunnel is made anew with another number, and everything that was written about it as before."""
    assert device.vxlan, f"{device.name} is no VXLAN device"
    other = replace(device, vxlan=replace(device.vxlan, vni=device.vxlan.vni + 1))
    wanted = [
        line.text for line in configuration(netns.with_device(other)) if device.name in line.text.split()
    ]
    entries = [f"bridge {line.text}" for line in fdb(netns) if device.name in line.text.split()]
    commands = (f"ip link del {device.name}", *(f"ip {text}" for text in wanted), *entries)
    return tuple(Change(netns.id, command) for command in commands)


def routes_over(netns: Netns, device: Device) -> Iterator[str]:
    for line in configuration(netns):
        words = line.text.split()
        if words[:2] == ["route", "add"] and device.name in words:
            yield f"ip {line.text}"
