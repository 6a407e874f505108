"""`ip link set`, `ip link del`  (net/core/rtnetlink.c: do_setlink, rtnl_dellink)."""

from msgspec.structs import replace

from app.kernel.change.bridging import br_add_if, br_del_if, br_mtu_auto_adjust, br_setport, with_own_mac
from app.kernel.change.command import CommandRefused, UnknownCommand, device_of, mac, named, options, whole
from app.kernel.change.notifiers import (
    dev_close,
    dev_open,
    follow_carriers,
    without_fdb,
    without_neighbours,
    without_routes,
)
from app.kernel.device import Device
from app.kernel.netns import Netns
from app.kernel.world import World
from app.wire.addr import ZERO_MAC, Mac

SMALLEST_MTU, LARGEST_MTU = 68, 65535
VXLAN_HEADROOM = 50
GROUP_BIT = 1


def ip_link_set(world: World, netns: Netns, words: list[str]) -> World:
    """`ip link set [dev] DEV [up|down] [mtu N] [address MAC] [master BR|nomaster] [promisc on|off] [type bridge_slave …]`"""
    name, rest = named(words)
    device_of(netns, name)
    if rest[:2] == ["type", "bridge_slave"]:
        return world.replace(
            br_setport(netns, device_of(netns, name), options(rest[2:], valued=("hairpin",)))
        )
    wanted = options(rest, valued=("mtu", "address", "master", "promisc"), flags=("up", "down", "nomaster"))
    for option, value in wanted.items():
        netns = set_one(netns, netns.config.devices[name], option, value)
    return follow_carriers(world, world.replace(netns))


def set_one(netns: Netns, device: Device, option: str, value: str) -> Netns:
    match option:
        case "up":
            return netns if device.up else dev_open(netns, device)
        case "down":
            return dev_close(netns, device) if device.up else netns
        case "mtu":
            return set_mtu(netns, device, whole(value))
        case "address":
            return set_address(netns, device, mac(value))
        case "master":
            return br_add_if(netns, device, value)
        case "nomaster":
            return br_del_if(netns, device) if device.master else netns
    if value not in ("on", "off"):
        raise CommandRefused(f'Error: argument of "promisc" must be "on" or "off", not "{value}"')
    return netns.with_device(replace(device, promiscuous=value == "on"))


def set_mtu(netns: Netns, device: Device, mtu: int) -> Netns:
    """A bridge that was told its MTU no longer follows its ports (net/bridge/br_device.c: br_change_mtu)."""
    if device.kind == "loopback":
        raise UnknownCommand("the MTU of a loopback device is always 65536 here")
    if mtu < SMALLEST_MTU:
        raise CommandRefused("Error: mtu less than device minimum.")
    if mtu > LARGEST_MTU:
        raise CommandRefused("Error: mtu greater than device maximum.")
    if device.vxlan and mtu > netns.config.devices[device.vxlan.lower].mtu - VXLAN_HEADROOM:
        raise CommandRefused("RTNETLINK answers: Invalid argument")
    by_hand = (device.kind == "bridge" and mtu != device.mtu) or device.mtu_by_hand
    changed = netns.with_device(replace(device, mtu=mtu, mtu_by_hand=by_hand))
    return br_mtu_auto_adjust(changed, device.master) if device.master else changed


def set_address(netns: Netns, device: Device, mac: Mac) -> Netns:
    """Its neighbours have to be asked again (neigh_changeaddr); a bridge's FDB follows (br_fdb_changeaddr)."""
    if int(mac[:2], 16) & GROUP_BIT or mac == ZERO_MAC:
        raise CommandRefused("RTNETLINK answers: Cannot assign requested address")
    if mac == device.mac:
        return netns
    changed = netns.with_device(replace(device, mac=mac))
    changed = without_neighbours(changed, lambda entry: entry.dev == device.name)
    if not device.master and device.kind != "bridge":
        return changed
    old = without_fdb(
        changed, lambda entry: entry.local and (entry.port, entry.mac) == (device.name, device.mac)
    )
    return with_own_mac(old, device.name)


def ip_link_del(world: World, netns: Netns, words: list[str]) -> World:
    """`ip link del [dev] DEV`: a veth takes its other end along, a lower device its tunnels, and a bridge lets its ports go."""
    name, rest = named(words)
    options(rest)
    device = device_of(netns, name)
    if device.kind in ("loopback", "physical"):
        raise CommandRefused("RTNETLINK answers: Operation not supported")
    after = world.replace(unregister(netns, device))
    if device.peer and device.peer.netns in after.netns:
        other = after[device.peer.netns]
        after = after.replace(unregister(other, other.config.devices[device.peer.device]))
    return follow_carriers(world, after)


def unregister(netns: Netns, device: Device) -> Netns:
    """net/core/dev.c: unregister_netdevice_many"""
    for tunnel in [d for d in netns.config.devices.values() if d.vxlan and d.vxlan.lower == device.name]:
        netns = unregister(netns, tunnel)
    for port in netns.config.ports.get(device.name, ()):
        netns = br_del_if(netns, netns.config.devices[port])
    if device.master:
        netns = br_del_if(netns, device)
    netns = dev_close(netns, netns.config.devices[device.name])
    own = {interface.address for interface in device.addresses}
    netns = without_routes(netns, lambda route: route.dev == device.name or route.src in own)
    netns = without_fdb(netns, lambda entry: device.name in (entry.dev, entry.port))
    devices, ports = dict(netns.config.devices), dict(netns.config.ports)
    del devices[device.name]
    ports.pop(device.name, None)
    return netns.configure(devices=devices, ports=ports)
