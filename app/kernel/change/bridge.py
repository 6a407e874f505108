"""`bridge fdb add|append|replace|del`, `bridge link set`  (bridge/fdb.c, net/bridge/br_fdb.c, vxlan_core.c)."""

from typing import NamedTuple

from app.kernel.carrier import forwards
from app.kernel.change.bridging import br_setport
from app.kernel.change.command import CommandRefused, UnknownCommand, device_of, mac, options
from app.kernel.change.notifiers import entry_of, with_fdb, without_fdb
from app.kernel.device import Device
from app.kernel.neigh import FdbEntry
from app.kernel.netns import Netns
from app.kernel.world import World
from app.wire.addr import ZERO_MAC, Mac

EXISTS = "RTNETLINK answers: File exists"
MISSING = "RTNETLINK answers: No such file or directory"
FLAGS = ("self", "master", "permanent", "static", "dynamic", "local")


class EntryAsked(NamedTuple):
    """`MAC dev D [dst A] [self|master] [permanent|static|dynamic]`"""

    mac: Mac
    device: Device
    said: dict[str, str]


def asked_for(netns: Netns, words: list[str]) -> EntryAsked:
    address, *rest = words or [""]
    said = options(rest, valued=("dev", "dst"), flags=FLAGS)
    if "dev" not in said:
        raise CommandRefused("Device and address are required arguments.")
    return EntryAsked(mac(address), device_of(netns, said["dev"]), said)


def entry_in(netns: Netns, words: list[str]) -> FdbEntry:
    """An entry of a VXLAN device (`self`) or of the bridge that the device is a port of (`master`)."""
    address, device, said = asked_for(netns, words)
    if device.vxlan and "master" not in said:
        if "dst" not in said:
            raise CommandRefused("RTNETLINK answers: Invalid argument")
        return FdbEntry(address, device.name, dst=said["dst"], permanent=True)
    if "master" not in said:
        raise UnknownCommand("only a VXLAN device has entries of its own here; say master for the bridge")
    if not device.master:
        raise CommandRefused("RTNETLINK answers: Operation not supported")
    local = not {"static", "dynamic"} & set(said)
    return FdbEntry(address, device.master, device.name, permanent="dynamic" not in said, local=local)


def fdb_add(world: World, netns: Netns, words: list[str]) -> World:
    entry = entry_in(netns, words)
    if (entry.dev, entry.mac) in netns.learned.fdb:
        raise CommandRefused(EXISTS)
    if entry.port and not entry.permanent and not forwards(world, netns, netns.config.devices[entry.port]):
        raise CommandRefused("RTNETLINK answers: Operation not permitted")
    return world.replace(with_fdb(netns, entry))


def fdb_append(world: World, netns: Netns, words: list[str]) -> World:
    """A second VTEP can be had for a group's MAC and for 00:…:00 only (vxlan_fdb_update_existing); for another, nothing happens."""
    entry = entry_in(netns, words)
    if entry.dst is None:
        return fdb_replace(world, netns, words)
    if (entry.dev, entry.mac) not in netns.learned.fdb:
        return fdb_add(world, netns, words)
    if int(entry.mac[:2], 16) & 1 or entry.mac == ZERO_MAC:
        raise UnknownCommand("a MAC with several VTEPs is not known here")
    return world


def fdb_replace(world: World, netns: Netns, words: list[str]) -> World:
    """In the place of the older entry."""
    entry = entry_in(netns, words)
    return world.replace(netns.learn(fdb={**netns.learned.fdb, (entry.dev, entry.mac): entry}))


def fdb_del(world: World, netns: Netns, words: list[str]) -> World:
    address, device, said = asked_for(netns, words)
    dev = device.name if device.vxlan and "master" not in said else device.master or device.name
    found = netns.learned.fdb.get((dev, address))
    if found is None or found.port not in (None, device.name):
        raise CommandRefused(MISSING)
    if said.get("dst") not in (None, found.dst):
        return world  # the kernel finds nothing to delete, and is content
    return world.replace(without_fdb(netns, entry_of(found)))


def link_set(world: World, netns: Netns, words: list[str]) -> World:
    """`bridge link set dev P hairpin on|off`"""
    said = options(words, valued=("dev", "hairpin"))
    if "dev" not in said:
        raise CommandRefused("Device is required argument.")
    port = netns.config.devices.get(said["dev"])
    if port is None:
        raise CommandRefused(f'Cannot find bridge device "{said["dev"]}"')
    return world.replace(br_setport(netns, port, said))
