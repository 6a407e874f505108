"""What `show` prints, compared with what the real commands print about the same world in the running kernel."""

import re

import pytest

from app.kernel.conntrack import Conn
from app.kernel.netfilter import Ruleset
from app.kernel.netns import IP_FORWARD, netns
from app.kernel.show import RulePosition, UnknownCommand, commands_for, show
from app.kernel.world import World
from app.lab import build, sandbox
from app.lab.job import Command, Job, Reading, Recording, Server
from tests.kernel.small_world import CONNECTIONS, LO, small_world


def remember(netns: str, conn: Conn) -> Command:
    """`conntrack -I` for a connection that nobody opened."""
    original, reply = conn.original, conn.reply
    ends = f"-p {original.protocol} -s {original.src} -d {original.dst} -r {reply.src} -q {reply.dst} -t 100"
    if original.protocol == "icmp":
        ends += f" --icmp-type {conn.type} --icmp-code 0 --icmp-id {original.sport}"
    else:
        ends += f" --sport {original.sport} --dport {original.dport}"
        ends += f" --reply-port-src {reply.sport} --reply-port-dst {reply.dport}"
    if original.protocol == "tcp":
        ends += f" --state {conn.state}"
    status = [name for name, on in (("SEEN_REPLY", conn.seen_reply), ("ASSURED", conn.assured)) if on]
    ends += f" -u {','.join(status)}" if status else ""
    return Command(netns, ("conntrack", "-I", *ends.split()))


DESTINATIONS = (
    "10.244.1.3",
    "10.244.2.3",
    "8.8.8.8",
    "10.244.1.1",
    "10.244.1.255",
    "10.244.9.7",
    "10.5.0.1",
    "10.7.0.1",
    "10.8.0.1",
    "10.9.0.1",
    "127.0.0.1",
    "192.168.1.10",
)
DEVICES = ("lo", "cbr0", "vethxxx", "vethyyy", "vethdown", "vethlone", "eth0", "flannel.1")
QUESTIONS = {
    "node": (
        "ip addr",
        "ip link",
        *(f"ip -d link show {name}" for name in DEVICES),
        "ip -d link show nothing",
        "ip route",
        "ip route show table local",
        "route -n",
        *(f"ip route get {address}" for address in DESTINATIONS),
        *(f"ip route get {address} from 10.244.1.2 iif cbr0" for address in DESTINATIONS),
        "ip neigh",
        "bridge link",
        "bridge fdb",
        "brctl show",
        "iptables-save",
        "iptables-save -t nat",
        "iptables-save -t security",
        "conntrack -L",
        "ss -tln",
        "ss -tan",
        "ss -uln",
        "sysctl net.ipv4.ip_forward",
        "sysctl net.bridge.bridge-nf-call-iptables",
    ),
    "node/a": (
        "ip addr",
        "ip route",
        "ip route get 10.244.1.1 from 10.244.1.9 iif eth0",
        "ip neigh",
        "bridge link",
        "bridge fdb",
        "brctl show",
        "iptables-save",
        "conntrack -L",
        "ss -tln",
        "ss -uln",
        "route -n",
        "sysctl net.ipv4.ip_forward",
    ),
    "far": ("ip route get 8.8.8.8", "ip addr"),
}

CASES = [(netns, command) for netns, commands in QUESTIONS.items() for command in commands]
UNORDERED = ("ip neigh", "conntrack -L", "ss -tan", "ss -tln", "ss -uln")
"""The kernel prints these in the order of a hash with a random seed."""

OPEN = (
    (r"^#.*\n", ""),  # dates
    (r"(gc_timer) +[\d.]+", r"\1"),
    (r"(num[tr]xqueues) \d+", r"\1"),  # as many as the machine has processors
    (r"^((?:tcp|udp|icmp) +\d+) \d+", r"\1"),  # seconds left
    (r"[ \t]+$", ""),
)
"""What may differ between two kernels, and between two moments of one."""


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture(scope="module")
def kernel(world: World) -> Recording:
    """The running kernel's answers to all questions."""
    if why := sandbox.why_not():
        pytest.skip(f"cannot compare with the kernel, {why}")
    servers = (Server("node", "http", "tcp", 8080), Server("node", "echo", "udp", 5353))
    setup = (*build.setup(world), *(remember("node", conn) for conn in CONNECTIONS))
    readings = tuple(Reading(netns, command) for netns, command in CASES)
    return sandbox.run(Job(tuple(world.netns), tuple(build.sysctls(world)), setup, servers, (), readings))


def settled(command: str, text: str) -> str:
    """The text without what is open; lines in order of the alphabet where the kernel's order means nothing."""
    for pattern, instead in OPEN:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    lines = text.strip().splitlines()
    return "\n".join(sorted(lines) if command in UNORDERED else lines)


@pytest.mark.kernel
@pytest.mark.parametrize(("netns", "command"), CASES, ids=str)
def test_the_real_command_prints_the_same(world: World, kernel: Recording, netns: str, command: str) -> None:
    assert settled(command, show(world, netns, command).text) == settled(command, kernel.text(netns, command))


def test_each_route_stands_for_itself(world: World) -> None:
    listing = show(world, "node", "ip route")
    for route in world["node"].config.fib.main:
        assert len(listing.stands_for(route)) == 1, f"{route} is not exactly one line of {listing.command}"


def test_a_rule_is_found_by_its_place(world: World) -> None:
    listing = show(world, "node", "iptables-save -t nat")
    (number,) = listing.stands_for(RulePosition("nat", "ONE-OF", 1))
    assert listing.lines[number].text.endswith("--probability 0.50000000000 -j END-B"), (
        "the second rule of ONE-OF"
    )


def test_a_connection_is_one_line_though_it_has_two_keys(world: World) -> None:
    listing = show(world, "node", "conntrack -L")
    assert [listing.stands_for(conn) for conn in CONNECTIONS] == [(0,), (1,), (2,), (3,)]


@pytest.mark.parametrize("command", ["", "ip", "reboot", "ip route get nowhere", "iptables-save -t none"])
def test_a_command_that_cannot_be_shown_is_refused(world: World, command: str) -> None:
    with pytest.raises(UnknownCommand, match="none of the commands"):
        show(world, "node", command)


@pytest.mark.parametrize("netns", QUESTIONS)
def test_every_command_on_offer_can_be_shown(world: World, netns: str) -> None:
    for command in commands_for(world[netns]):
        assert show(world, netns, command).command == command


def test_a_namespace_offers_only_what_it_has(world: World) -> None:
    assert "bridge link" in commands_for(world["node"])
    assert "ip -d link show flannel.1" in commands_for(world["node"])
    plain = commands_for(netns("plain", [LO], rules=Ruleset(), sysctl={IP_FORWARD: 0}))
    assert not {"bridge link", "bridge fdb", "brctl show", "iptables-save", "conntrack -L"} & set(plain)
