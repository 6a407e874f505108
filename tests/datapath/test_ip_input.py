"""Packets in: whose is it, may it come by this device, and what if no way leads on?"""

import pytest
from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import (
    DeliveredLocally,
    Dropped,
    ErrorWithheld,
    HookPassed,
    IcmpSent,
    RouteLookedUp,
)
from app.datapath.ip_input import ip_rcv, ip_rcv_finish
from app.kernel.neigh import Neighbour
from app.kernel.netns import IP_FORWARD, ROUTE_LOCALNET, RP_FILTER, Netns, netns
from app.kernel.socket import Socket, SocketKey
from app.wire.addr import BROADCAST_MAC
from app.wire.packet import Fragment, Icmp
from tests.iptables import rules
from tests.journeys import send
from tests.stages import Ran, frame, packet, run, tcp, udp
from tests.worlds import LO, WAYS, cloud, device, knows, node, on_one_bridge, routed, routes, world

EAST, WEST = device("east", "physical", "10.1.0.1/24"), device("west", "physical", "10.2.0.1/24")
SENDER, RECEIVER = "10.1.0.9", "10.2.0.9"


def router(*lines: str, **sysctl: int) -> Netns:
    """Two links and whatever routes are asked for; both neighbours are known."""
    settings = {IP_FORWARD: 1, **{name.replace("__", "."): value for name, value in sysctl.items()}}
    known: list[Neighbour] = [knows("east", SENDER), knows("west", RECEIVER)]
    return netns("router", (LO, EAST, WEST), routes=routes(*lines), sysctl=settings, neigh=known)


def arrives(at: Netns, dst: str = RECEIVER, *, src: str = SENDER, by: str = "east", **more: object) -> Ran:
    mac = {"east": EAST.mac, "west": WEST.mac}[by]
    return run(at, ip_rcv, frame(packet(src, dst, udp()), dst=mac, **more), by)  # type: ignore[arg-type]


def test_a_packet_for_an_address_of_the_machine_goes_up() -> None:
    ran = arrives(router(), "10.2.0.1")
    looked_up = ran.one(RouteLookedUp)
    assert looked_up.route and looked_up.route.type == "local", "whatever device it came in by"
    assert ran.one(DeliveredLocally).dev == "east"


def test_the_longest_prefix_decides_whatever_the_order_of_writing() -> None:
    at = router(
        "default via 10.1.0.254 dev east",
        "10.2.0.9/32 via 10.1.0.77 dev east",
        "10.0.0.0/8 via 10.1.0.88 dev east",
    )
    chosen = arrives(at).one(RouteLookedUp).route
    assert chosen and (str(chosen.prefix), chosen.via) == ("10.2.0.9/32", "10.1.0.77")


def test_the_connected_route_beats_the_default_route() -> None:
    chosen = arrives(router("default via 10.1.0.254 dev east")).one(RouteLookedUp).route
    assert chosen and (str(chosen.prefix), chosen.via) == ("10.2.0.0/24", None)


def test_a_frame_for_another_mac_dies_before_any_rule() -> None:
    """R2: a promiscuous copy dies in ip_rcv_core."""
    ran = run(router(), ip_rcv, frame(packet(SENDER, RECEIVER), dst="02:00:00:00:00:99"), "east")
    assert ran.death == "ip_rcv_core OTHERHOST"
    assert not ran.events


def test_a_broadcast_frame_is_read() -> None:
    ran = run(router(), ip_rcv, frame(packet(SENDER, "10.1.0.1"), dst=BROADCAST_MAC), "east")
    assert ran.did(DeliveredLocally)


def test_fail_no_route_the_sender_is_told_and_no_forward_rule_sees_it() -> None:
    """Section 9: ip_error IP_INNOROUTES, ICMP net-unreachable quoting the packet with its TTL as it came; R9."""
    ran = arrives(router(), "10.9.9.9")
    assert ran.death == "ip_error IP_INNOROUTES"
    message = ran.one(IcmpSent).skb
    assert message and isinstance(message.ip.payload, Icmp) and message.ip.payload.quoted
    assert (message.ip.src, message.ip.payload.type, message.ip.payload.code) == ("10.1.0.1", 3, 0)
    assert message.ip.payload.quoted.ttl == 64
    assert not [event for event in ran.all(HookPassed) if event.hook == "FORWARD"]


def test_of_a_later_fragment_without_a_way_nobody_is_told_and_it_counts() -> None:
    """Found by fuzzing: each fragment uses up what ip_error lets the sender be told; net/ipv4/route.c."""
    later = replace(packet(SENDER, "10.9.0.1", udp()), fragment=Fragment(1480, 20, more=False, datagram=1))
    ran = run(router(), ip_rcv, frame(later, dst=EAST.mac), "east")
    assert ran.all(IcmpSent) == []
    assert ran.one(ErrorWithheld).peer.address == SENDER
    assert ran.netns.learned.peers[SENDER].tokens == 4_000_000, "of five errors at once one is gone"


@pytest.mark.parametrize(("kind", "code"), [("unreachable", 1), ("prohibit", 13)])
def test_a_route_may_say_that_there_is_no_way(kind: str, code: int) -> None:
    """route.c ip_error: EHOSTUNREACH is host-unreachable, EACCES administratively filtered."""
    ran = arrives(router(f"{kind} 10.9.0.0/16"), "10.9.9.9")
    message = ran.one(IcmpSent).skb
    assert message and isinstance(message.ip.payload, Icmp)
    assert (message.ip.payload.type, message.ip.payload.code) == (3, code)


@pytest.mark.parametrize(("kind", "error"), [("unreachable", "EHOSTUNREACH"), ("prohibit", "EHOSTUNREACH")])
def test_what_such_a_route_is_to_a_client(kind: str, error: str) -> None:
    """icmp_err_convert: both are "no route to host"."""
    walked = send(on_one_bridge(more_routes=routes(f"{kind} 10.9.0.0/16")), "node1/pod1", "10.9.9.9:80")
    assert (walked.end.error, walked.ended_at) == (error, 0)


def test_a_blackhole_tells_nobody() -> None:
    ran = arrives(router("blackhole 10.9.0.0/16"), "10.9.9.9")
    assert ran.drop and not ran.all(IcmpSent)


def test_fail_no_forwarding_is_silence() -> None:
    """Section 9: ip_error IP_INADDRERRORS, after PRE, and nobody is told."""
    ran = arrives(router(**{IP_FORWARD: 0}))
    assert ran.death == "ip_error IP_INADDRERRORS"
    assert not ran.all(IcmpSent)


def test_without_forwarding_an_unroutable_packet_is_silence_too() -> None:
    ran = arrives(router(**{IP_FORWARD: 0}), "10.9.9.9")
    assert ran.drop and ran.drop.reason is DropReason.IP_INADDRERRORS
    assert not ran.all(IcmpSent)


@pytest.mark.parametrize(
    ("mode", "src", "passes"),
    [
        (0, RECEIVER, True),
        (1, SENDER, True),
        (1, RECEIVER, False),
        (1, "10.9.9.9", False),
        (2, RECEIVER, True),
        (2, "10.9.9.9", False),
    ],
    ids=[
        "off",
        "strict, right link",
        "strict, wrong link",
        "strict, no way back",
        "loose, wrong link",
        "loose, no way back",
    ],
)
def test_fail_rp_filter_would_an_answer_leave_by_where_this_came_in(
    mode: int, src: str, passes: bool
) -> None:
    """Section 9: ip_rcv_finish_core IP_RPFILTER; loose (2) passes.  RFC 3704."""
    ran = arrives(router(**{RP_FILTER: mode}), "10.2.0.77", src=src)
    refused = ran.drop is not None and ran.drop.reason is DropReason.IP_RPFILTER
    assert refused is not passes


def test_rp_filter_guards_the_machines_own_addresses_too() -> None:
    ran = arrives(router(**{RP_FILTER: 1}), "10.1.0.1", src=RECEIVER)
    assert ran.drop and ran.drop.reason is DropReason.IP_RPFILTER


@pytest.mark.parametrize(("src", "dst"), [(SENDER, "127.0.0.1"), ("127.0.0.1", RECEIVER)])
def test_a_loopback_address_never_comes_by_a_wire(src: str, dst: str) -> None:
    ran = arrives(router(), dst, src=src)
    assert ran.drop and ran.drop.reason is DropReason.IP_LOCALNET


def test_route_localnet_lets_it() -> None:
    assert arrives(router(**{ROUTE_LOCALNET: 1}), "127.0.0.1").did(DeliveredLocally)


def test_a_packet_from_this_machines_own_address_cannot_come_by_a_wire() -> None:
    """Measured: in a routing loop a node's own packet comes back once and dies there, rp_filter=0 (fib_validate_source)."""
    ran = arrives(router(), RECEIVER, src="10.1.0.1")
    assert ran.drop, "a machine's own address as source, from outside, is a martian"
    assert "IP_LOCAL_SOURCE" in ran.drop.reason


def test_on_lo_the_machine_may_speak_to_itself() -> None:
    walked = send(on_one_bridge(), "node1/pod1", "10.244.1.2:8080")
    assert walked.end.error is None
    assert set(walked.seen("SYN")) == {"pod1:lo>", "pod1:lo<"}


def test_input_rules_run_after_routing_and_can_drop() -> None:
    deaf = netns("router", (LO, EAST), rules=rules("*filter\n -A INPUT -p udp -j DROP"))
    ran = run(deaf, ip_rcv_finish, frame(packet(SENDER, "10.1.0.1", udp())), "east")
    assert ran.names[:2] == ["RouteLookedUp", "HookPassed"]
    assert ran.drop and ran.drop.reason is DropReason.NETFILTER_DROP
    assert not ran.all(DeliveredLocally)


@pytest.mark.parametrize(("state", "asks"), [("ESTABLISHED", False), ("SYN_RECV", True), ("LISTEN", True)])
def test_an_established_socket_remembers_the_way_in(state: str, asks: bool) -> None:
    """tcp_v4_early_demux: from then on the FIB is not asked for what comes in."""
    mine = SocketKey("tcp", "10.1.0.1", 8080)
    key = mine if state == "LISTEN" else replace(mine, remote=SENDER, rport=40001)
    at = router().learn(sockets={key: Socket(key, "web", state)})  # type: ignore[arg-type]
    ran = run(at, ip_rcv_finish, frame(packet(SENDER, "10.1.0.1", tcp(40001, 8080, "ACK"))), "east")
    asked = [event.function for event in ran.all(RouteLookedUp)]
    assert ("ip_route_input_slow" in asked) is asks


def test_a_route_that_came_with_the_packet_is_used_once() -> None:
    """From br_netfilter, or over lo: the look-up is not repeated, and does not travel on."""
    known = replace(frame(packet(SENDER, "10.1.0.1", udp())), dst=router().config.fib.lookup("10.1.0.1"))
    ran = run(router(), ip_rcv_finish, known, "east")
    assert not [event for event in ran.all(RouteLookedUp) if event.function == "ip_route_input_slow"]
    delivered = ran.one(DeliveredLocally).skb
    assert delivered and delivered.dst is None


def test_each_protocol_finds_its_own_way_up() -> None:
    for l4, event in ((tcp(), "SegmentSent"), (udp(), "IcmpSent"), (None, "IcmpSent")):
        ran = run(router(), ip_rcv_finish, frame(packet(SENDER, "10.1.0.1", l4)), "east")
        assert event in ran.names, f"{l4} was not answered: {ran.names}"


def test_fail_no_route_as_the_client_sees_it() -> None:
    """Section 9: net-unreachable from 10.244.1.1, ENETUNREACH at once."""
    walked = send(on_one_bridge(), "node1/pod1", "10.244.2.3:8080")
    assert walked.drops == ["node1 ip_error IP_INNOROUTES"]
    assert walked.at("icmp 3/0", "pod1:eth0<").ip.src == "10.244.1.1"
    assert (walked.end.error, walked.ended_at) == ("ENETUNREACH", 0)


def test_fail_no_route_in_cloud_as_the_client_sees_it() -> None:
    """Section 9: net-unreachable from 192.168.1.1."""
    walked = send(routed(router=cloud(WAYS[0])), "node1/pod1", "10.244.2.3:8080")
    assert walked.drops == ["cloud ip_error IP_INNOROUTES"]
    assert walked.at("icmp 3/0", "pod1:eth0<").ip.src == "192.168.1.1"
    assert walked.end.error == "ENETUNREACH"


def test_fail_no_forwarding_as_the_client_sees_it() -> None:
    """Section 9: silence, retries, time-out; same-bridge traffic still works."""
    still = on_one_bridge(forwarding=False, more_routes=routes("default via 10.244.1.99 dev cbr0"))
    walked = send(still, "node1/pod1", "10.244.2.3:8080")
    assert walked.end.error == "ETIMEDOUT"
    assert set(walked.drops) == {"node1 ip_error IP_INADDRERRORS"}
    assert not walked.all(IcmpSent)
    assert send(still, "node1/pod1", "10.244.1.3:8080").end.error is None


def test_fail_routing_loop_ends_by_the_ttl() -> None:
    """Section 9: cloud ip_forward IP_INHDR at TTL 1, time-exceeded from 192.168.1.1; EHOSTUNREACH."""
    circle = "10.244.2.0/24 via 192.168.1.10 dev to-node1"
    walked = send(
        world(*node(1, {"pod1": "10.244.1.2"}), cloud(WAYS[0], circle)), "node1/pod1", "10.244.2.3:8080"
    )
    assert walked.drops == ["cloud ip_forward IP_INHDR"]
    assert walked.at("icmp 11/0", "pod1:eth0<").ip.src == "192.168.1.1"
    assert walked.end.error == "EHOSTUNREACH"
    assert walked.all(Dropped)[0].skb.ip.ttl == 1  # type: ignore[union-attr]
