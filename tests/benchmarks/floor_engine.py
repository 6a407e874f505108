"""The floor of the engine: the least that a data-driven walk of 45 steps costs in pure Python.

A request from one machine to a virtual address, translated, routed to a second host and answered. Nothing is scripted:
every step is decided by a look-up in FIB, FDB, neighbour, conntrack or translation table, all plain dicts.
`walk_tuples` is the physical limit; `walk_frozen` makes a frozen dataclass of each step, which is what the goals are
stated against. Run as a program it is the floor of the command line as well: build, walk, print.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

CLIENT_PORT, SERVER_PORT, VIRTUAL_PORT = 40000, 8080, 80
VIRTUAL = 10 << 24 | 96 << 16
STEPS = 45

Packet = tuple[
    str, str, int, int, int, int, int
]  # source and destination MAC, source, destination, ports, TTL
Tuple = tuple[int, int, int, int]  # source, destination, ports: the key of conntrack
Place = tuple[str, str]  # stack and device
Step = tuple[str, str, str, Any, Any, Packet]


class Stack(NamedTuple):
    """One network stack; a host's bridge has ports, a machine's is None. The FIB is one dict for each prefix length."""

    name: str
    addresses: set[int]
    macs: dict[str, str]
    fib: dict[int, dict[int, tuple[str, int | None]]]
    neigh: dict[int, str]
    fdb: dict[str, str] | None
    links: dict[str, tuple[str, str]]
    conntrack: dict[Tuple, Tuple]


@dataclass(frozen=True, slots=True)
class FrozenStep:
    stack: str
    device: str
    function: str
    key: Any
    found: Any
    packet: Packet


class Lab(NamedTuple):
    stacks: dict[str, Stack]
    translations: dict[tuple[int, int], list[tuple[int, int]]]


def subnet(host: int) -> int:
    return 10 << 24 | 244 << 16 | host << 8


def uplink(host: int) -> int:
    return 192 << 24 | host


def machine(host: int, number: int) -> Stack:
    """A machine with one device, wired to a port of its host's bridge."""
    name, gateway = f"h{host}/m{number}", subnet(host) | 1
    return Stack(
        name=name,
        addresses={subnet(host) | number + 2},
        macs={"eth0": f"mac-{name}"},
        fib={0: {0: ("eth0", gateway)}},
        neigh={gateway: f"mac-h{host}-br0"},
        fdb=None,
        links={"eth0": (f"h{host}", f"veth{number}")},
        conntrack={},
    )


def bridge_host(host: int, others: list[int], machines: int) -> Stack:
    """A host: a route for each other host's machines and for its own bridge."""
    mine = {number: f"h{host}/m{number}" for number in range(machines)}
    routes: dict[int, tuple[str, int | None]] = {subnet(other): ("eth0", uplink(other)) for other in others}
    return Stack(
        name=f"h{host}",
        addresses={subnet(host) | 1, uplink(host)},
        macs={"eth0": f"mac-h{host}", "br0": f"mac-h{host}-br0"},
        fib={24: routes | {subnet(host): ("br0", None)}},
        neigh={uplink(other): f"mac-h{other}" for other in others}
        | {subnet(host) | number + 2: f"mac-{name}" for number, name in mine.items()},
        fdb={f"mac-{name}": f"veth{number}" for number, name in mine.items()},
        links={f"veth{number}": (name, "eth0") for number, name in mine.items()}
        | {f"mac-h{other}": (f"h{other}", "eth0") for other in others},
        conntrack={},
    )


def build(hosts: int = 2, machines: int = 2) -> Lab:
    """Hosts on one wire; a virtual address leads to the first machine of the second."""
    every = range(hosts)
    stacks = [bridge_host(host, [other for other in every if other != host], machines) for host in every]
    stacks += [machine(host, number) for host in every for number in range(machines)]
    return Lab(
        {stack.name: stack for stack in stacks}, {(VIRTUAL, VIRTUAL_PORT): [(subnet(1) | 2, SERVER_PORT)]}
    )


def fib_lookup(stack: Stack, address: int) -> tuple[str, int | None]:
    for length, prefixes in stack.fib.items():
        route = prefixes.get(address >> (32 - length) << (32 - length))
        if route is not None:
            return route
    raise LookupError(address)


def output(stack: Stack, packet: Packet) -> Generator[Step, None, tuple[Packet, Place]]:
    """Route, resolve and transmit; returns the packet and where it arrives."""
    _, _, source, target, sport, dport, ttl = packet
    device, gateway = fib_lookup(stack, target)
    yield stack.name, device, "fib_lookup", target, (device, gateway), packet
    mac = stack.neigh[gateway or target]
    packet = (stack.macs[device], mac, source, target, sport, dport, ttl)
    yield stack.name, device, "neigh_lookup", gateway or target, mac, packet
    if device == "br0" and stack.fdb is not None:
        device = stack.fdb[mac]
        yield stack.name, device, "br_dev_xmit", mac, device, packet
    else:
        yield stack.name, device, "dev_queue_xmit", None, None, packet
    return packet, stack.links.get(device) or stack.links[mac]


def conntrack(lab: Lab, stack: Stack, packet: Packet) -> Generator[Step, None, Packet]:
    """Find the connection, or make one: translated where a translation is known for its destination."""
    smac, dmac, source, target, sport, dport, ttl = packet
    key = (source, target, sport, dport)
    known = stack.conntrack.get(key)
    yield stack.name, "", "nf_conntrack_in", key, known, packet
    if known is None:
        choices = lab.translations.get((target, dport))
        address, port = choices[0] if choices else (target, dport)
        known = (source, address, sport, port)
        stack.conntrack[key] = known
        stack.conntrack[address, source, port, sport] = (target, source, dport, sport)
        yield stack.name, "", "nf_nat_inet_fn", (target, dport), (address, port), packet
    return (smac, dmac, *known, ttl)


def host(lab: Lab, stack: Stack, device: str, packet: Packet) -> Generator[Step, None, tuple[Packet, Place]]:
    """A frame arrives at a host: bridge, conntrack, forward, output."""
    yield stack.name, device, "netif_receive_skb", None, None, packet
    if device != "eth0" and stack.fdb is not None:
        stack.fdb[packet[0]] = device
        yield stack.name, device, "br_fdb_update", packet[0], device, packet
        local = packet[1] == stack.macs["br0"]
        yield stack.name, device, "br_handle_frame", packet[1], local, packet
    yield stack.name, device, "ip_rcv", None, None, packet
    packet = yield from conntrack(lab, stack, packet)
    packet = (*packet[:6], packet[6] - 1)
    yield stack.name, device, "ip_forward", None, packet[6], packet
    return (yield from output(stack, packet))


def transfer(lab: Lab, stack: Stack, packet: Packet) -> Generator[Step, None, Packet]:
    """From the socket that sends to the stack that owns the destination."""
    yield stack.name, "", "sock_sendmsg", None, None, packet
    packet, (name, device) = yield from output(stack, packet)
    stack = lab.stacks[name]
    while packet[3] not in stack.addresses:
        packet, (name, device) = yield from host(lab, stack, device, packet)
        stack = lab.stacks[name]
    yield stack.name, device, "ip_local_deliver", packet[3], True, packet
    return packet


def walk(lab: Lab, source: str) -> Iterator[Step]:
    """A request to the virtual address and its answer: 45 steps on a fresh pair of hosts."""
    stack = lab.stacks[source]
    (address,) = stack.addresses
    for name in ("h0", "h1"):
        lab.stacks[name].conntrack.clear()
    asked = yield from transfer(lab, stack, ("", "", address, VIRTUAL, CLIENT_PORT, VIRTUAL_PORT, 64))
    server = lab.stacks["h1/m0"]
    answer = ("", "", asked[3], asked[2], asked[5], asked[4], 64)
    answered = yield from transfer(lab, server, answer)
    yield source, "", "sock_recvmsg", None, answered[2] == VIRTUAL, answered


def walk_tuples(lab: Lab) -> list[Step]:
    return list(walk(lab, "h0/m0"))


def walk_frozen(lab: Lab) -> list[FrozenStep]:
    return [FrozenStep(*step) for step in walk(lab, "h0/m0")]


if __name__ == "__main__":
    print(*walk_tuples(build()), sep="\n")
