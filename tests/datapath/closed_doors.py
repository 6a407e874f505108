"""Machines that lose what is not for them to lose."""

from app.kernel.world import World
from tests.iptables import rules
from tests.worlds import on_one_bridge


def dropping(flags: str, at: str = "OUTPUT", to: str = "pod2") -> World:
    """One bridge on which the packets of a TCP port die where they start: a loss without a word."""
    built = on_one_bridge()
    deaf = built[f"node1/{to}"]
    lost = rules(f"*filter\n-A {at} -p tcp {flags} -j DROP")
    return built.replace(deaf.configure(rules=lost))
