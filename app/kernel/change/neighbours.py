"""`ip neigh add|replace|del|flush`  (net/core/neighbour.c: neigh_add, neigh_delete; ip/ipneigh.c)."""

from typing import cast, get_args

from app.kernel.change.command import CommandRefused, UnknownCommand, device_of, mac, options
from app.kernel.change.notifiers import dynamic_on, without_neighbours
from app.kernel.neigh import Neighbour, NeighState
from app.kernel.netns import Netns
from app.kernel.world import World
from app.wire.addr import Address, number, text


def address_in(words: list[str]) -> tuple[Address, list[str]]:
    """The address, with or without `to` before it, and the words behind."""
    given, *rest = (words[1:] if words[:1] == ["to"] else words) or [""]
    try:
        return text(number(given)), rest
    except ValueError as fault:
        raise CommandRefused(f'Error: any valid address is expected rather than "{given}".') from fault


def entry_in(netns: Netns, words: list[str]) -> Neighbour:
    """`A lladdr M dev D [nud STATE]`; an entry that somebody writes is permanent unless he says otherwise."""
    address, rest = address_in(words)
    said = options(rest, valued=("lladdr", "dev", "nud"))
    if "dev" not in said:
        raise CommandRefused("Device and destination are required arguments.")
    device = device_of(netns, said["dev"])
    state = cast("NeighState", said.get("nud", "permanent").upper())
    if state not in get_args(NeighState):
        raise UnknownCommand(f"{state!r} is none of {', '.join(get_args(NeighState))}")
    if "lladdr" not in said and state not in ("FAILED", "INCOMPLETE"):
        raise CommandRefused("Error: No link layer address given.")
    return Neighbour(address, device.name, state, mac(said["lladdr"]) if "lladdr" in said else None)


def ip_neigh_add(world: World, netns: Netns, words: list[str]) -> World:
    entry = entry_in(netns, words)
    if (entry.dev, entry.address) in netns.learned.neigh:
        raise CommandRefused("RTNETLINK answers: File exists")
    return world.replace(written(netns, entry))


def ip_neigh_replace(world: World, netns: Netns, words: list[str]) -> World:
    return world.replace(written(netns, entry_in(netns, words)))


def written(netns: Netns, entry: Neighbour) -> Netns:
    return netns.learn(neigh={**netns.learned.neigh, (entry.dev, entry.address): entry})


def ip_neigh_del(world: World, netns: Netns, words: list[str]) -> World:
    address, rest = address_in(words)
    said = options(rest, valued=("dev", "lladdr"))
    if "dev" not in said:
        raise CommandRefused("Device and destination are required arguments.")
    device = device_of(netns, said["dev"])
    if (device.name, address) not in netns.learned.neigh:
        raise CommandRefused("RTNETLINK answers: No such file or directory")
    return world.replace(
        without_neighbours(netns, lambda entry: (entry.dev, entry.address) == (device.name, address))
    )


def ip_neigh_flush(world: World, netns: Netns, words: list[str]) -> World:
    """`ip neigh flush dev D`: what somebody wrote for ever stays."""
    said = options(words, valued=("dev",))
    if "dev" not in said:
        raise UnknownCommand("ip neigh flush is known with dev DEV only")
    return world.replace(without_neighbours(netns, dynamic_on(device_of(netns, said["dev"]))))
