"""A bridge gets and loses ports, and what it does of its own accord then  (net/bridge/br_if.c; all measured)."""

from msgspec.structs import replace

from app.kernel.change.command import CommandRefused
from app.kernel.change.notifiers import with_fdb, without_fdb
from app.kernel.device import Device
from app.kernel.neigh import FdbEntry
from app.kernel.netns import Netns

ETH_DATA_LEN = 1500


def br_add_if(netns: Netns, device: Device, bridge: str) -> Netns:
    """Raises CommandRefused."""
    if bridge not in netns.config.devices:
        raise CommandRefused(f'Error: argument "{bridge}" is wrong: Device does not exist')
    if bridge not in netns.config.ports:
        raise CommandRefused("RTNETLINK answers: Operation not supported")
    if device.kind == "bridge":
        raise CommandRefused("Error: Can not enslave a bridge to a bridge.")
    if device.kind == "loopback":
        raise CommandRefused("RTNETLINK answers: Invalid argument")
    if device.master == bridge:
        return netns
    netns = br_del_if(netns, device) if device.master else netns
    others = netns.config.ports[bridge]
    taken = {netns.config.devices[port].port_no for port in others}
    number = next(number for number in range(1, len(others) + 2) if number not in taken)
    joined = netns.with_device(replace(netns.config.devices[device.name], master=bridge, port_no=number))
    joined = joined.configure(ports={**netns.config.ports, bridge: (*others, device.name)})
    return br_mtu_auto_adjust(with_own_mac(joined, device.name), bridge)


def br_del_if(netns: Netns, device: Device) -> Netns:
    """What was learnt by the port is forgotten."""
    bridge = device.master
    assert bridge, f"{device.name} is no port of a bridge"
    left = tuple(port for port in netns.config.ports[bridge] if port != device.name)
    netns = netns.with_device(replace(device, master=None, port_no=0, hairpin=False))
    netns = netns.configure(ports={**netns.config.ports, bridge: left})
    return br_mtu_auto_adjust(without_fdb(netns, lambda entry: entry.port == device.name), bridge)


def with_own_mac(netns: Netns, name: str) -> Netns:
    """The FDB knows that this MAC is the machine's own (net/bridge/br_fdb.c: fdb_add_local)."""
    device = netns.config.devices[name]
    bridge = device.master or device.name
    own = FdbEntry(device.mac, bridge, name, permanent=True, local=True)
    known = netns.learned.fdb.get((bridge, device.mac))
    return netns if known is not None and known.local else with_fdb(netns, own)


def br_mtu_auto_adjust(netns: Netns, name: str) -> Netns:
    """As small as the smallest port, until somebody writes it."""
    bridge = netns.config.devices[name]
    if bridge.mtu_by_hand:
        return netns
    smallest = min((netns.config.devices[p].mtu for p in netns.config.ports[name]), default=ETH_DATA_LEN)
    return netns.with_device(replace(bridge, mtu=smallest))


def br_setport(netns: Netns, port: Device, wanted: dict[str, str]) -> Netns:
    """`hairpin on|off`.  Raises CommandRefused."""
    if not port.master:
        raise CommandRefused("RTNETLINK answers: Operation not supported")
    value = wanted.get("hairpin")
    if value not in (None, "on", "off"):
        raise CommandRefused(f'Error: argument of "hairpin" must be one of "off", "on", not "{value}"')
    return netns.with_device(replace(port, hairpin=value == "on")) if value else netns
