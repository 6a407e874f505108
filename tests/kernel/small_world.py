"""A small world with a bit of everything that a command can print."""

from typing import Any

from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.device import Device, Interface, Peer, VxlanLink
from app.kernel.neigh import FdbEntry, Neighbour
from app.kernel.netfilter import (
    AddressMatch,
    AddrTypeMatch,
    Chain,
    CommentMatch,
    CtStateMatch,
    DeviceMatch,
    Dnat,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    PhysdevMatch,
    PortMatch,
    Reject,
    Rule,
    Ruleset,
    SetMark,
    Snat,
    StatisticMatch,
    Target,
    Verdict,
)
from app.kernel.netns import BRIDGE_NF, IP_FORWARD, Netns, netns
from app.kernel.route import Route
from app.kernel.socket import Socket, SocketKey
from app.kernel.world import World
from app.wire.addr import ANY, DEFAULT, Mac, Prefix

LO = Device("lo", "loopback", addresses=(Interface.parse("127.0.0.1/8"),), mtu=65536)


def interfaces(*cidrs: str) -> tuple[Interface, ...]:
    return tuple(Interface.parse(cidr) for cidr in cidrs)


def rule(
    target: Target = None, *matches: Match, src: str | None = None, dst: str | None = None, **others: Any
) -> Rule:
    """A rule; `!` before a prefix inverts it."""
    return Rule(target, address(src), address(dst), matches=matches, **others)


def address(text: str | None) -> AddressMatch | None:
    if text is None:
        return None
    return AddressMatch(Prefix.parse(text.lstrip("!")), invert=text.startswith("!"))


RULES = Ruleset(
    {
        "nat": {
            "PREROUTING": Chain("PREROUTING", [rule(Jump("FRONT"), CommentMatch("all of them"))], "ACCEPT"),
            "POSTROUTING": Chain(
                "POSTROUTING",
                [
                    rule(Verdict("RETURN"), MarkMatch(0x4000, 0x4000, invert=True)),
                    rule(SetMark(0x4000, 0)),
                    rule(Masquerade(random_fully=True), CommentMatch('it said "so"')),
                    rule(Masquerade(), AddrTypeMatch("dst", invert=True), dst="!10.0.0.0/8"),
                    rule(Snat("192.168.1.10"), src="10.9.0.0/16", oif=DeviceMatch("eth+")),
                ],
                "ACCEPT",
            ),
            "FRONT": Chain(
                "FRONT",
                [
                    rule(
                        Jump("ONE-OF"),
                        CommentMatch("ns/web:http"),
                        PortMatch(80),
                        dst="10.96.0.80/32",
                        protocol="tcp",
                    ),
                    rule(
                        Jump("ONE-OF"),
                        CommentMatch("nodeports-last"),
                        AddrTypeMatch("dst"),
                        dst="!127.0.0.0/8",
                    ),
                ],
            ),
            "ONE-OF": Chain(
                "ONE-OF",
                [
                    rule(Jump("END-B"), StatisticMatch(1 / 3)),
                    rule(Jump("END-B"), StatisticMatch(0.5)),
                    rule(Jump("END-A")),
                ],
            ),
            "END-B": Chain(
                "END-B", [rule(Dnat("10.244.1.3", 8080), CommentMatch("b"), PortMatch(None), protocol="tcp")]
            ),
            "END-A": Chain(
                "END-A", [rule(SetMark(0x4000, 0x4000), src="10.244.1.2/32"), rule(Dnat("10.244.1.2"))]
            ),
        },
        "filter": {
            "INPUT": Chain("INPUT", [rule(Verdict("ACCEPT"), iif=DeviceMatch("lo"))], "ACCEPT"),
            "FORWARD": Chain(
                "FORWARD",
                [
                    rule(Verdict("ACCEPT"), CtStateMatch(("RELATED", "ESTABLISHED"))),
                    rule(Verdict("DROP"), CtStateMatch(("DNAT", "NEW"), invert=True), MarkMatch(7)),
                    rule(Verdict("ACCEPT"), PhysdevMatch(), iif=DeviceMatch("cbr0", invert=True)),
                    rule(Reject(), PortMatch(53, "sport"), protocol="udp"),
                    rule(None, AddrTypeMatch("src"), protocol="icmp"),
                ],
                "DROP",
            ),
        },
        "raw": {"PREROUTING": Chain("PREROUTING", [rule(Verdict("ACCEPT"), src="10.0.0.1")], "ACCEPT")},
        "mangle": {"FORWARD": Chain("FORWARD", [rule(SetMark(1, 0xFF))], "ACCEPT"), "EMPTY": Chain("EMPTY")},
    }
)


def port(name: str, mac: Mac, child: str, **others: Any) -> Device:
    return Device(name, "veth", mac=mac, peer=Peer(child, "eth0"), master="cbr0", **others)


def cable(name: str, mac: Mac, cidr: str, peer: Peer, up: bool = True) -> Device:
    return Device(name, "veth", mac=mac, addresses=interfaces(cidr), peer=peer, up=up)


DEVICES = (
    LO,
    Device("cbr0", "bridge", mac="0a:58:0a:f4:01:01", addresses=interfaces("10.244.1.1/24")),
    port("vethxxx", "2e:00:00:00:01:02", "node/a", hairpin=True),
    port("vethyyy", "2e:00:00:00:01:03", "node/b", promiscuous=True),
    port("vethdown", "2e:00:00:00:01:09", "node/c", up=False),
    port("vethlone", "2e:00:00:00:01:0a", "node/d"),
    cable("eth0", "52:54:00:00:01:0a", "192.168.1.10/24", Peer("far", "to-node")),
    Device(
        "flannel.1",
        "vxlan",
        mac="4e:f1:a0:00:01:00",
        addresses=interfaces("10.244.1.0/32"),
        mtu=1450,
        vxlan=VxlanLink(1, "192.168.1.10", "eth0"),
    ),
    Device("br1", "bridge", mac="0a:58:0a:f4:09:01", addresses=interfaces("10.244.9.1/24")),
)
ROUTES = (
    Route(DEFAULT, "eth0", via="192.168.1.1"),
    Route(Prefix.parse("10.244.2.0/24"), "flannel.1", via="10.244.2.0", onlink=True),
    Route(Prefix.parse("10.244.3.0/24"), "eth0", via="192.168.1.7", proto="static"),
    Route(Prefix.parse("10.5.0.1/32"), "cbr0", src="192.168.1.10", scope="link"),
    Route(Prefix.parse("10.7.0.0/16"), "", "prohibit"),
    Route(Prefix.parse("10.8.0.0/16"), "", "unreachable"),
    Route(Prefix.parse("10.9.0.0/16"), "", "blackhole"),
)
NEIGHBOURS = (
    Neighbour("10.244.2.0", "flannel.1", "PERMANENT", "4e:f1:a0:00:02:00"),
    Neighbour("10.244.1.2", "cbr0", "STALE", "0a:58:0a:f4:01:02"),
    Neighbour("10.244.1.3", "cbr0", "REACHABLE", "0a:58:0a:f4:01:03"),
    Neighbour("10.244.1.77", "cbr0", "FAILED"),
)
FDB = (
    FdbEntry("4e:f1:a0:00:02:00", "flannel.1", dst="192.168.2.10", permanent=True),
    FdbEntry("0a:58:0a:f4:01:02", "cbr0", "vethxxx"),
    FdbEntry("0a:58:0a:f4:01:03", "cbr0", "vethyyy"),
)
SOCKETS = (
    Socket(SocketKey("tcp", ANY, 8080), "server", "LISTEN"),
    Socket(SocketKey("udp", ANY, 5353), "echo"),
)


def node() -> Netns:
    built = netns(
        "node",
        DEVICES,
        routes=ROUTES,
        rules=RULES,
        sysctl={IP_FORWARD: 1, BRIDGE_NF: 1},
        neigh=NEIGHBOURS,
        fdb=FDB,
        sockets=SOCKETS,
    )
    both = {key: conn for conn in CONNECTIONS for key in (conn.original, conn.reply)}
    return built.learn(conntrack=both)


CONNECTIONS = (
    Conn(
        FlowTuple("tcp", "10.244.1.2", 40001, "10.96.0.80", 80),
        FlowTuple("tcp", "10.244.1.3", 8080, "10.244.1.2", 40001),
        "ESTABLISHED",
        confirmed=True,
        seen_reply=True,
        assured=True,
    ),
    Conn(
        FlowTuple("tcp", "10.244.1.2", 40002, "10.96.0.20", 80),
        FlowTuple("tcp", "10.244.1.3", 8080, "10.244.1.2", 40002),
        "SYN_SENT",
        confirmed=True,
    ),
    Conn(
        FlowTuple("udp", "10.244.1.2", 40003, "10.244.2.3", 5353),
        FlowTuple("udp", "10.244.2.3", 5353, "192.168.1.10", 40003),
        "REPLIED",
        confirmed=True,
        seen_reply=True,
    ),
    Conn(
        FlowTuple("icmp", "10.244.1.2", 7, "10.244.2.3", 7, type=8),
        FlowTuple("icmp", "10.244.2.3", 7, "10.244.1.2", 7),
        "UNREPLIED",
        confirmed=True,
    ),
)


def child(letter: str, number: int, veth: str, up: bool = True) -> Netns:
    address = f"10.244.1.{number}/24"
    eth0 = cable("eth0", f"0a:58:0a:f4:01:{number:02x}", address, Peer("node", veth), up)
    default = Route(DEFAULT, "eth0", via="10.244.1.1")
    return netns(f"node/{letter}", [LO, eth0], routes=[default] if up else [])


def far() -> Netns:
    return netns("far", [LO, cable("to-node", "52:54:00:00:00:01", "192.168.1.1/24", Peer("node", "eth0"))])


def small_world() -> World:
    """A bridge with four ports, one of them down and one without a carrier; a tunnel; a cable; an empty bridge."""
    children = (
        child("a", 2, "vethxxx"),
        child("b", 3, "vethyyy"),
        child("c", 9, "vethdown"),
        child("d", 10, "vethlone", up=False),
    )
    return World({found.id: found for found in (node(), *children, far())})
