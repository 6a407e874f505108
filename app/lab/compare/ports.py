"""The port numbers that are the same on both sides."""

from collections.abc import Set

from app.kernel.netfilter import Dnat, PortMatch
from app.process.programs import FIRST_PORT, Act, Machines, Probe


def fixed_ports(machines: Machines, acts: tuple[Act, ...]) -> Set[int]:
    """Every port that somebody wrote down; all others are chosen by chance."""
    ports = {FIRST_PORT}
    for act in acts:
        if isinstance(act, Probe):
            ports |= {act.sport, act.port}
    for netns in machines.world.netns.values():
        ports |= {device.vxlan.port for device in netns.config.devices.values() if device.vxlan}
        ports |= {socket.key.lport for socket in netns.learned.sockets.values()}
        for chains in netns.config.rules.tables.values():
            for rule in (rule for chain in chains.values() for rule in chain.rules):
                ports |= {match.port for match in rule.matches if isinstance(match, PortMatch) and match.port}
                if isinstance(rule.target, Dnat) and rule.target.port:
                    ports.add(rule.target.port)
    return ports
