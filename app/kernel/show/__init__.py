"""A network namespace printed as the real commands print it, line by line with the entry that each line stands for.

`show(world, "node1", "ip route")` gives a `Listing`; `ip r` gives the same, as with the real program.  Trailing blanks
are left out, counters and clocks stand still.
"""

import re
from collections.abc import Callable, Iterator

from app.kernel.netfilter import TABLES_AT
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, Netns
from app.kernel.show import bridge, connections, iptables, link, neighbours, route_get, routes, sockets
from app.kernel.show.listing import Entry, Line, Listing, RulePosition
from app.kernel.show.spelling import spelled_out
from app.kernel.world import World

__all__ = ["Entry", "Line", "Listing", "RulePosition", "UnknownCommand", "commands_for", "show"]


class UnknownCommand(ValueError):
    """A command line that this program does not print."""


def sysctl(world: World, netns: Netns, name: str) -> Iterator[Line]:
    """`sysctl NAME`; one that nobody wrote is 0."""
    yield Line(f"{name} = {netns.config.sysctl.get(name, 0)}")


OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
IPV4 = rf"(?!0|22[4-9]|23\d){OCTET}(?:\.{OCTET}){{3}}"
"""Of one machine: neither this network's (RFC 1122 section 3.2.1.3) nor a group's."""

TABLE = "|".join(sorted({table for tables in TABLES_AT.values() for table in tables}))

COMMANDS: dict[str, Callable[..., Iterator[Line]]] = {
    r"ip addr(?: show (?P<name>\S+))?": link.ip_addr,
    r"ip link(?: show (?P<name>\S+))?": link.ip_link,
    r"ip -d link(?: show (?P<name>\S+))?": link.ip_link_details,
    r"ip route": routes.ip_route,
    r"ip route show table local": routes.ip_route_local,
    rf"ip route get (?P<address>{IPV4})(?: from (?P<source>{IPV4})(?: iif (?P<iif>\S+))?)?": route_get.ip_route_get,
    r"route -n": routes.route_n,
    r"ip neigh(?: show dev (?P<name>\S+))?": neighbours.ip_neigh,
    r"bridge link(?: show dev (?P<name>\S+))?": bridge.bridge_link,
    r"bridge -d link(?: show dev (?P<name>\S+))?": bridge.bridge_link_details,
    r"bridge fdb": bridge.bridge_fdb,
    r"bridge fdb show dev (?P<name>\S+)": bridge.bridge_fdb_of_device,
    r"bridge fdb show br (?P<name>\S+)": bridge.bridge_fdb_of_bridge,
    r"brctl show": bridge.brctl_show,
    rf"iptables-save(?: -t (?P<table>{TABLE}))?": iptables.iptables_save,
    rf"iptables -t (?P<table>{TABLE}) -S(?: (?P<chain>\S+))?": iptables.iptables_list_rules,
    r"conntrack -L(?: -p (?P<protocol>tcp|udp|icmp))?": connections.conntrack_list,
    r"ss -(?P<protocol>t)(?P<which>[la]?)n": sockets.ss,
    r"ss -(?P<protocol>u)(?P<which>[la])n": sockets.ss,
    r"sysctl (?P<name>[\w.-]+)": sysctl,
}
"""Each command line that is known, spelled out, as a pattern; its named groups are the function's further arguments."""


def show(world: World, netns_id: str, command: str) -> Listing:
    """What `command` prints in this namespace.  Raises KeyError for an unknown namespace, UnknownCommand."""
    netns, known = world[netns_id], spelled_out(command)
    for pattern, function in COMMANDS.items():
        if found := re.fullmatch(pattern, known):
            return Listing(command, tuple(function(world, netns, **found.groupdict())))
    raise UnknownCommand(f"{command!r} is none of the commands that can be shown")


def commands_for(netns: Netns) -> tuple[str, ...]:
    """The commands that make sense here, the most telling first."""
    config = netns.config
    tunnels = [device.name for device in config.devices.values() if device.vxlan]
    kept = {
        "ip addr": True,
        "ip route": True,
        "ip neigh": True,
        "bridge link": bool(config.ports),
        "bridge fdb": bool(config.ports or tunnels),
        "brctl show": bool(config.ports),
        **{f"ip -d link show {name}": True for name in tunnels},
        "iptables-save": bool(config.rules.tables),
        "conntrack -L": config.rules.conntrack,
        "ss -tan": True,
        "ss -uln": True,
        "ip link": True,
        "ip route show table local": True,
        "route -n": True,
        f"sysctl {IP_FORWARD}": True,
        f"sysctl {BRIDGE_NF}": bool(config.ports),
    }
    return tuple(command for command, wanted in kept.items() if wanted)
