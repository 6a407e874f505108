"""`ip link add … type bridge|vxlan`  (net/core/rtnetlink.c: rtnl_newlink, vxlan_core.c: vxlan_config_apply)."""

from msgspec.structs import replace

from app.kernel.change.bridging import ETH_DATA_LEN, with_own_mac
from app.kernel.change.command import CommandRefused, UnknownCommand, device_of, mac, options, whole
from app.kernel.change.link import VXLAN_HEADROOM
from app.kernel.device import Device, VxlanLink
from app.kernel.netns import Netns
from app.kernel.world import World
from app.wire.addr import number, text


def ip_link_add(world: World, netns: Netns, words: list[str]) -> World:
    """`ip link add [name] DEV address MAC [mtu N] [index N] type bridge | type vxlan id VNI local A dev D dstport P nolearning`

    The MAC must be said: without it the kernel takes one at random.
    """
    if "type" not in words:
        raise CommandRefused('Not enough information: "type" argument is required')
    at = words.index("type")
    kind, *details = words[at + 1 :] or [""]
    name, *general = words[1:at] if words[:1] == ["name"] else words[:at]
    said = options(general, valued=("address", "mtu", "index"))
    if "address" not in said:
        raise UnknownCommand("a new device is known with address MAC only")
    index = whole(said["index"]) if "index" in said else free_index(netns)
    device = of_kind(netns, Device(name, "bridge", index, mac(said["address"]), up=False), kind, details)
    if name in netns.config.devices or index in {d.index for d in netns.config.devices.values()}:
        raise CommandRefused("RTNETLINK answers: File exists")
    mtu = (
        min(device.mtu, whole(said["mtu"]))
        if device.vxlan and "mtu" in said
        else whole(said.get("mtu", f"{device.mtu}"))
    )
    return world.replace(registered(netns, device, mtu))


def registered(netns: Netns, device: Device, mtu: int) -> Netns:
    made = netns.with_device(replace(device, mtu=mtu))
    if device.kind != "bridge":
        return made
    return with_own_mac(made.configure(ports={**netns.config.ports, device.name: ()}), device.name)


def free_index(netns: Netns) -> int:
    """The lowest number that is free, as in a namespace whose devices were all given theirs."""
    taken = {device.index for device in netns.config.devices.values()}
    return next(index for index in range(1, len(taken) + 2) if index not in taken)


def of_kind(netns: Netns, device: Device, kind: str, details: list[str]) -> Device:
    """The device with what its kind says."""
    if kind == "bridge":
        options(details)
        return replace(device, mtu=ETH_DATA_LEN)
    if kind != "vxlan":
        raise UnknownCommand(f"{kind!r} is none of the kinds that are known: bridge, vxlan")
    said = options(details, valued=("id", "local", "dev", "dstport"), flags=("nolearning",))
    if missing := [
        option for option in ("id", "local", "dev", "dstport", "nolearning") if option not in said
    ]:
        raise UnknownCommand(f"a VXLAN device is known only with {', '.join(missing)}")
    tunnel = VxlanLink(whole(said["id"]), text(number(said["local"])), said["dev"], whole(said["dstport"]))
    lower = device_of(netns, tunnel.lower)
    same = (tunnel.vni, tunnel.port)
    if any(d.vxlan and (d.vxlan.vni, d.vxlan.port) == same for d in netns.config.devices.values()):
        raise CommandRefused("Error: A VXLAN device with the specified VNI already exists.")
    return replace(device, kind="vxlan", mtu=lower.mtu - VXLAN_HEADROOM, vxlan=tunnel)
