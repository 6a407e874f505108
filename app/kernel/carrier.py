"""Is there anybody at the other end?  (include/linux/netdevice.h: netif_carrier_ok; net/bridge/br_stp_if.c)"""

from app.kernel.device import Device
from app.kernel.netns import Netns
from app.kernel.world import World


def far_end(world: World, device: Device) -> Device | None:
    """The device at the other end; None for a kind that has none, and where the other machine is not in the world."""
    if device.peer is None or device.peer.netns not in world.netns:
        return None
    return world[device.peer.netns].config.devices.get(device.peer.device)


def carrier(world: World, netns: Netns, device: Device) -> bool:
    """A cable has one when both ends are up, a bridge when one of its ports forwards."""
    if not device.up:
        return False
    if device.kind == "bridge":
        ports = (netns.config.devices[port] for port in netns.config.ports[device.name])
        return any(carrier(world, netns, port) for port in ports)
    other = far_end(world, device)
    return other is None or other.up


def forwards(world: World, netns: Netns, port: Device) -> bool:
    """The state of a bridge port, `forwarding` or `disabled` (br_stp_enable_port, br_stp_disable_bridge)."""
    assert port.master, f"{port.name} is no port of a bridge"
    return netns.config.devices[port.master].up and carrier(world, netns, port)
