"""The open list: what a command may print otherwise in a sandbox, or a moment later.  All the rest must be equal.

Each entry says why it is open.  Whoever adds one says that the engine cannot know it.
"""

import re
from collections.abc import Iterator, Set

from app.kernel.netns import Netns
from app.lab.compare.sightings import OPEN

ANYWHERE = (
    (r"^#.*\n", "", "iptables-save dates its output"),
    (
        r"\[\d+:\d+\]",
        "[0:0]",
        "a chain's counters grow with every packet, also with those before the first probe",
    ),
    (r"(gc_timer) +[\d.]+", r"\1", "a clock that runs"),
    (r"(num[tr]xqueues) \d+", r"\1", "as many as the machine has processors"),
    (r"^((?:tcp|udp|icmp) +\d+) \d+", r"\1", "seconds left to a connection"),
    (
        r"(<NO-CARRIER.*? state) LOWERLAYERDOWN",
        r"\1 DOWN",
        "whether link watch asked while another device was down",
    ),
    (r"(cache.* expires) \d+sec", r"\1", "seconds left to what an ICMP error taught"),
    (r" use=\d+$", "", "references that the kernel happens to hold"),
    (r"[ \t]+$", "", "blanks that nobody sees"),
)
"""Patterns, what stands in their place, and why."""

CABLES = (
    (r"^(\d+: {nic})@[^:\s]+", r"\1", "its index there is no NIC's to have"),
    (r"^(\d+: {nic}: .*\n.*) link-netnsid \d+", r"\1", "nor has it a namespace behind it"),
    (r"^(\d+: {nic}: .*\n.*)\n    veth\b", r"\1", "nor is it one of a pair"),
    (r"^(\d+: {nic}: .* state) LOWERLAYERDOWN ", r"\1 DOWN ", "nor can it blame another device"),
)
"""A cable between two machines is a NIC at each end in the world, and a pair of veth in the sandbox."""

UNORDERED = ("ip neigh", "ip n", "conntrack -L", "ss ")
"""Commands that print in the order of a hash with a random seed, by how they begin."""

PORTS = {
    "conntrack": r"(?P<word>sport=|dport=|id=)(?P<number>\d+)",
    "ss": r"(?P<word>\d:)(?P<number>\d+)",
}
"""Where a port number stands.  One that nobody wrote down is chance: a masqueraded one, a tunnel's source."""


def settled(command: str, text: str, nics: Set[str] = frozenset(), ports: Set[int] | None = None) -> str:
    """The text without what is open.  `nics` are the NICs of the namespace, `ports` those that somebody wrote down."""
    for pattern, instead, _ in (*ANYWHERE, *of_cables(nics)):
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    if ports is not None:
        text = without_chance(command, text, ports)
    lines = text.strip().splitlines()
    return "\n".join(sorted(lines) if command.startswith(UNORDERED) else lines)


def of_cables(nics: Set[str]) -> Iterator[tuple[str, str, str]]:
    for nic in sorted(nics):
        yield from ((p.replace("{nic}", re.escape(nic)), instead, why) for p, instead, why in CABLES)


def without_chance(command: str, text: str, ports: Set[int]) -> str:
    """`ss` pads its columns to the longest number, so where one is chance, the blanks are too."""

    def known(found: re.Match[str]) -> str:
        return found["word"] + (found["number"] if int(found["number"]) in ports else OPEN)

    program = command.partition(" ")[0]
    if program not in PORTS:
        return text
    named = re.sub(PORTS[program], known, text)
    return re.sub(" +", " ", named) if program == "ss" else named


def nics_of(netns: Netns) -> Set[str]:
    return {device.name for device in netns.config.devices.values() if device.kind == "physical"}
