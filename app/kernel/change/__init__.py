"""A namespace changed as the real commands change it: the mirror of `show`.

`change(world, Change("node1", "ip link set eth0 down"))` gives the world after it, with everything that the kernel does
besides: routes that go, neighbours that are forgotten, a carrier that is lost at the other end.
"""

import shlex
from collections.abc import Callable

from app.kernel.change import address, bridge, iptables, link, neighbours, newlink, routes, sysctl
from app.kernel.change.command import CommandRefused, UnknownCommand
from app.kernel.netns import Netns
from app.kernel.world import World
from app.wire.record import Record

__all__ = ["COMMANDS", "Change", "CommandRefused", "UnknownCommand", "change"]


class Change(Record, frozen=True):
    """What is typed, and in which namespace."""

    netns: str
    command: str


COMMANDS: dict[str, Callable[[World, Netns, list[str]], World]] = {
    "ip link set": link.ip_link_set,
    "ip link add": newlink.ip_link_add,
    "ip link del": link.ip_link_del,
    "ip addr add": address.ip_addr_add,
    "ip addr del": address.ip_addr_del,
    "ip route add": routes.ip_route_add,
    "ip route change": routes.ip_route_change,
    "ip route replace": routes.ip_route_replace,
    "ip route del": routes.ip_route_del,
    "ip neigh add": neighbours.ip_neigh_add,
    "ip neigh replace": neighbours.ip_neigh_replace,
    "ip neigh del": neighbours.ip_neigh_del,
    "ip neigh flush": neighbours.ip_neigh_flush,
    "bridge fdb add": bridge.fdb_add,
    "bridge fdb append": bridge.fdb_append,
    "bridge fdb replace": bridge.fdb_replace,
    "bridge fdb del": bridge.fdb_del,
    "bridge link set": bridge.link_set,
    "sysctl": sysctl.sysctl,
    "iptables": iptables.iptables,
}
"""Each command that can be interpreted, by the words that it begins with."""

SHORT = {
    "a": "addr",
    "address": "addr",
    "delete": "del",
    "l": "link",
    "n": "neigh",
    "neighbour": "neigh",
    "neighbor": "neigh",
    "r": "route",
}
"""Other spellings of the second and third word."""


def change(world: World, what: Change) -> World:
    """The world after this command.  Raises KeyError for an unknown namespace, UnknownCommand, CommandRefused."""
    netns = world[what.netns]
    try:
        program, *rest = shlex.split(what.command)
    except ValueError as fault:
        raise UnknownCommand(f"{what.command!r} is no command: {fault}") from fault
    words = [program, *(SHORT.get(word, word) for word in rest[:2]), *rest[2:]]
    for length in (3, 1):
        if function := COMMANDS.get(" ".join(words[:length])):
            return function(world, netns, words[length:])
    raise UnknownCommand(f"{what.command!r} begins with none of: {', '.join(COMMANDS)}")
