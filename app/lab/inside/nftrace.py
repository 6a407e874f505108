"""Every rule that a packet hits in every chain, as the kernel itself tells it (net/netfilter/nf_tables_trace.c).

iptables is a face of nf_tables where it is iptables-nft: its chains are nf_tables' chains, its rules are nf_tables' rules in
the same order.  A table of our own marks each packet before all others, and the kernel then sends a message for each rule
that matched it.
"""

import errno
import os
import select
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Iterator

from app.lab.inside import netlink
from app.lab.inside.namespaces import Namespaces, execute
from app.lab.inside.netlink import Attributes, number, text
from app.lab.job import Command, Hit

GET_TABLE, GET_RULE, TRACE = 1, 7, 17
TRACE_GROUP = 9  # NFNLGRP_NFTRACE
RECEIVE_BUFFER = 1 << 22  # octets; the kernel gives no more than net.core.rmem_max

RULE_TABLE, RULE_CHAIN, RULE_HANDLE = 1, 2, 3
TABLE, CHAIN, HANDLE, VERDICT, ID = 1, 2, 3, 5, 6
NETWORK_HEADER, TRANSPORT_HEADER, IIF, OIF, MARK, POLICY = 8, 9, 10, 12, 14, 16
VERDICT_CODE = 1
VERDICTS = {0: "drop", 1: "accept", -1: "continue", -3: "jump", -4: "goto", -5: "return"}

OWN_TABLE = "lab"
SWITCH_ON = f"""
table ip {OWN_TABLE} {{
    chain prerouting {{
        type filter hook prerouting priority -350
        meta nftrace set 1
    }}
    chain output {{
        type filter hook output priority -350
        meta nftrace set 1
    }}
}}
"""
"""Before `raw` (-300), after fragments were put together (-400).  `iptables-save` shows only tables that iptables knows."""

Positions = dict[tuple[str, int], int]
"""(table, handle) -> position in its chain"""


def why_not() -> str | None:
    """What keeps this machine from telling which rules were hit, in words; None if nothing does."""
    for program in ("iptables", "nft"):
        if shutil.which(program) is None:
            return f"rule hits are not traced: {program} is not installed"
    version = execute(Command(None, ("iptables", "-V"))).strip()
    if "nf_tables" not in version:
        return f"rule hits are not traced: {version} does not keep its rules in nf_tables, which alone tells them"
    return None


class Trace:
    """Sees every packet from its making on, in the namespaces that have a table.

    A thread reads all the while: a request through a node makes some hundred messages, and the kernel keeps few.
    """

    def __init__(self, namespaces: Namespaces) -> None:
        self.namespaces = namespaces
        self.netns_of: dict[socket.socket, str] = {}
        self.received: dict[str, list[bytes]] = {}
        self.fault: OverflowError | None = None
        for netns in namespaces.files:
            with namespaces.inside(netns):
                if has_tables():
                    self.netns_of[listening()] = netns
                    self.received[netns] = []
                    execute(Command(netns, ("nft", "-f", "-"), SWITCH_ON))
        self.end, self.stop = os.pipe()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Until `stop` is written to, and then what is left; or until something was lost."""
        watched: list[int | socket.socket] = [self.end, *self.netns_of]
        ending = False
        try:
            while not ending:
                ready, _, _ = select.select(watched, [], [])
                ending = self.end in ready
                for readable, netns in self.netns_of.items():
                    if ending or readable in ready:
                        self.received[netns] += waiting(readable)
        except OverflowError as fault:
            self.fault = fault

    def settle(self) -> tuple[Hit, ...]:
        """All hits so far, namespace by namespace, each in the kernel's order.  Raises OverflowError if any was lost."""
        os.write(self.stop, b"\0")
        self.reader.join()
        if self.fault:
            raise self.fault
        return tuple(hit for netns in self.received for hit in self.hits(netns))

    def hits(self, netns: str) -> Iterator[Hit]:
        with self.namespaces.inside(netns):
            rules, devices = positions(), dict(socket.if_nameindex())
        for octets in self.received[netns]:
            for kind, payload in netlink.messages(octets):
                found = netlink.attributes(payload[netlink.FAMILY.size :])
                if kind == netlink.NF_TABLES | TRACE and text(found[TABLE]) != OWN_TABLE:
                    yield hit(netns, found, rules, devices)


def has_tables() -> bool:
    """Has the caller's namespace any rules?  A kernel without nf_tables has none in it."""
    try:
        return any(netlink.dump(GET_TABLE))
    except OSError:
        return False


def listening() -> socket.socket:
    made = netlink.opened()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    made.setsockopt(netlink.SOL_NETLINK, netlink.ADD_MEMBERSHIP, TRACE_GROUP)
    made.setblocking(False)
    return made


def waiting(readable: socket.socket) -> Iterator[bytes]:
    """What the kernel has kept so far.  Raises OverflowError when there was more."""
    while True:
        try:
            yield readable.recv(netlink.LARGEST)
        except BlockingIOError:
            return
        except OSError as fault:
            if fault.errno != errno.ENOBUFS:
                raise
            raise OverflowError("the kernel had more rule hits to tell than it would keep") from fault


def positions() -> Positions:
    """Where each rule of the caller's namespace stands; the kernel dumps a chain in its order."""
    before: Counter[tuple[str, str]] = Counter()
    rules: Positions = {}
    for found in netlink.dump(GET_RULE):
        table, chain = text(found[RULE_TABLE]), text(found[RULE_CHAIN])
        rules[table, number(found[RULE_HANDLE])] = before[table, chain]
        before[table, chain] += 1
    return rules


def hit(netns: str, found: Attributes, rules: Positions, devices: dict[int, str]) -> Hit:
    """One message.  The kernel writes devices and headers only into the first of a packet's way through a table."""
    table = text(found[TABLE])
    position = rules[table, number(found[HANDLE])] if HANDLE in found else None
    return Hit(
        netns,
        number(found[ID]),
        table,
        text(found[CHAIN]),
        position,
        verdict_of(found),
        devices.get(number(found.get(IIF, b""))),
        devices.get(number(found.get(OIF, b""))),
        number(found.get(MARK, b"")),
        found.get(NETWORK_HEADER, b"") + found.get(TRANSPORT_HEADER, b""),
    )


def verdict_of(found: Attributes) -> str:
    if POLICY in found:
        return VERDICTS[number(found[POLICY])]
    inside = netlink.attributes(found[VERDICT])
    return VERDICTS[int.from_bytes(inside[VERDICT_CODE], "big", signed=True)]
