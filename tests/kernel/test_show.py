"""What `show` prints, compared with what the real commands print about the same world in the running kernel."""

import pytest

from app.kernel.conntrack import Conn
from app.kernel.netfilter import Ruleset
from app.kernel.netns import IP_FORWARD, netns
from app.kernel.show import RulePosition, UnknownCommand, commands_for, show
from app.kernel.show.listing import Entry, Listing
from app.kernel.world import World
from app.lab import sandbox
from app.lab.compare.open_list import settled
from app.lab.job import Command, Reading, Recording
from app.lab.record import job_of
from app.process.programs import EchoServer, HttpServer, Machines
from tests.kernel.small_world import CONNECTIONS, LO, small_world


def remember(netns: str, conn: Conn) -> Command:
    """`conntrack -I` for a connection that nobody opened."""
    original, reply = conn.original, conn.reply
    ends = f"-p {original.protocol} -s {original.src} -d {original.dst} -r {reply.src} -q {reply.dst} -t 100"
    if original.protocol == "icmp":
        ends += f" --icmp-type {original.type} --icmp-code 0 --icmp-id {original.sport}"
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
SPELLINGS = (
    "ip a",
    "ip a s dev eth0",
    "ip address list lo",
    "ip l ls eth0",
    "ip -details l show dev eth0",
    "ip r",
    "ip ro ls",
    "ip route show table main",
    "ip route list table 255",
    "ip r g 10.244.1.1 iif eth0 from 10.244.1.9",
    "ip n",
    "ip neighbour list",
    "bridge l",
    "bridge f show",
    "bridge fdb show brport eth0",
    "iptables -S -t nat",
    "iptables --list-rules",
    "ss -l -nt",
    "ss -nat",
)
"""As people type them."""

QUESTIONS = {
    "node": (
        "ip addr",
        "ip link",
        *(f"ip -d link show {name}" for name in DEVICES),
        "ip -d link show nothing",
        "ip -d link",
        "ip addr show eth0",
        "ip addr show nothing",
        "ip link show vethdown",
        "ip route",
        "ip route show table local",
        "route -n",
        *(f"ip route get {address}" for address in DESTINATIONS),
        *(f"ip route get {address} from 10.244.1.2 iif cbr0" for address in DESTINATIONS),
        *(f"ip route get {address} from 10.244.1.1" for address in DESTINATIONS),
        "ip route get 10.244.1.3 from 10.9.9.9",
        "ip route get 255.255.255.255",
        "ip route get 255.255.255.255 from 10.244.1.2 iif cbr0",
        "ip route get 127.0.0.1 from 10.244.1.2 iif cbr0",
        "ip route get 10.244.1.1 from 10.244.1.1 iif eth0",
        "ip route get 10.244.1.3 from 10.244.1.1 iif cbr0",
        "ip route get 10.244.1.3 from 10.244.1.255 iif cbr0",
        "ip route get 10.244.1.3 from 10.244.1.2 iif nothing",
        "ip neigh",
        "ip neigh show dev cbr0",
        "ip neigh show dev eth0",
        "ip neigh show dev nothing",
        "bridge link",
        "bridge -d link",
        "bridge link show dev vethxxx",
        "bridge link show dev eth0",
        "bridge link show dev nothing",
        "bridge fdb",
        *(f"bridge fdb show dev {name}" for name in ("cbr0", "vethxxx", "flannel.1", "nothing")),
        *(f"bridge fdb show br {name}" for name in ("cbr0", "br1", "eth0", "nothing")),
        "brctl show",
        "iptables-save",
        "iptables-save -t nat",
        "iptables-save -t security",
        "iptables -S",
        "iptables -t nat -S",
        "iptables -t nat -S FRONT",
        "iptables -S NOTHING",
        "conntrack -L",
        *(f"conntrack -L -p {protocol}" for protocol in ("tcp", "udp", "icmp")),
        "ss -tln",
        "ss -tan",
        "ss -tn",
        "ss -uln",
        "ss -uan",
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
        "iptables -t nat -S",
        "conntrack -L",
        "ss -tln",
        "ss -uln",
        "route -n",
        "sysctl net.ipv4.ip_forward",
    ),
    "node/b": SPELLINGS,
    "far": ("ip route get 8.8.8.8", "ip addr"),
}

CASES = [(netns, command) for netns, commands in QUESTIONS.items() for command in commands]
AGAIN = [Command("node/d", ("ip", "link", "set", "eth0", state)) for state in ("up", "down")]
"""vethlone asks about its other end when its carrier comes or goes: before, the bridge, of the same index, was not ready."""


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture(scope="module")
def kernel(kernel: None, world: World) -> Recording:
    """The running kernel's answers to all questions, where it can be asked at all."""
    servers = {("node", "server"): HttpServer("hello"), ("node", "echo"): EchoServer()}
    readings = (Reading(netns, command) for netns, command in CASES)
    changes = (*(remember("node", conn) for conn in CONNECTIONS), *AGAIN)
    return sandbox.run(job_of(Machines(world, servers), (), readings, changes))


@pytest.mark.kernel
@pytest.mark.parametrize(("netns", "command"), CASES, ids=str)
def test_the_real_command_prints_the_same(world: World, kernel: Recording, netns: str, command: str) -> None:
    assert settled(command, show(world, netns, command).text) == settled(command, kernel.text(netns, command))


def lines_of(listing: Listing, entry: Entry) -> list[int]:
    return [number for number, line in enumerate(listing.lines) if line.entry == entry]


def test_each_route_stands_for_itself(world: World) -> None:
    listing = show(world, "node", "ip route")
    for route in world["node"].config.fib.main:
        assert len(lines_of(listing, route)) == 1, f"{route} is not exactly one line of {listing.command}"


def test_a_rule_is_found_by_its_place(world: World) -> None:
    listing = show(world, "node", "iptables-save -t nat")
    (number,) = lines_of(listing, RulePosition("nat", "ONE-OF", 1))
    assert listing.lines[number].text.endswith("--probability 0.50000000000 -j END-B"), (
        "the second rule of ONE-OF"
    )


def test_a_connection_is_one_line_though_it_has_two_keys(world: World) -> None:
    listing = show(world, "node", "conntrack -L")
    assert [lines_of(listing, conn) for conn in CONNECTIONS] == [[0], [1], [2], [3]]


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
