"""`sysctl -w NAME=VALUE`, of the settings that the datapath asks for."""

from app.kernel.change.command import UnknownCommand, whole
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, ROUTE_LOCALNET, RP_FILTER, Netns
from app.kernel.world import World

KNOWN = (IP_FORWARD, BRIDGE_NF, RP_FILTER, ROUTE_LOCALNET)


def sysctl(world: World, netns: Netns, words: list[str]) -> World:
    """`sysctl [-w] NAME=VALUE …`.  Raises UnknownCommand for a setting that would change nothing here."""
    values = dict(netns.config.sysctl)
    for word in words[1:] if words[:1] == ["-w"] else words:
        name, equals, value = word.partition("=")
        if not equals or name.replace("/", ".") not in KNOWN:
            raise UnknownCommand(f"{word!r} is not NAME=VALUE with one of the names {', '.join(KNOWN)}")
        values[name.replace("/", ".")] = whole(value)
    return world.replace(netns.configure(sysctl=values))
