"""UDP and ping sockets: who listens, who is told, and whose answer is taken."""

import pytest

from app.datapath.events import IcmpSent, MessageRead, SegmentSent, SocketFound, SocketOpened
from app.datapath.udp import ping, udp_connect, udp_err, udp_rcv, udp_sendmsg
from app.kernel.netns import Netns, netns
from app.kernel.socket import Socket, SocketKey
from app.wire.packet import Icmp, Text
from tests.iptables import rules
from tests.journeys import send
from tests.stages import Ran, frame, packet, run, udp
from tests.worlds import LISTENERS, LO, device, knows, on_one_bridge

CLIENT, SERVER = "10.244.1.2", "10.244.1.3"
CONNECTED = SocketKey("udp", SERVER, 5353, CLIENT, 40001)


def host(*sockets: Socket) -> Netns:
    eth0 = device("eth0", "veth", f"{SERVER}/24")
    return netns("host", (LO, eth0), neigh=[knows("eth0", CLIENT)], sockets=(*LISTENERS, *sockets))


def test_connect_fixes_both_ends_and_sends_nothing() -> None:
    ran = run(host(), udp_connect, "curl", CLIENT, 53, 40001)
    assert ran.result == SocketKey("udp", SERVER, 40001, CLIENT, 53)
    assert ran.names == ["RouteLookedUp", "SocketOpened"]


@pytest.mark.parametrize(("stage", "args"), [(udp_connect, (53, 40001)), (ping, (7,))], ids=["udp", "ping"])
def test_without_a_way_out_nothing_is_opened(stage: object, args: tuple[int, ...]) -> None:
    ran = run(host(), stage, "curl", "198.51.100.7", *args)  # type: ignore[arg-type]
    assert (ran.result, ran.all(SocketOpened)) == (None, [])


def test_a_datagram_leaves_with_df_set() -> None:
    ran = run(host(), udp_sendmsg, CONNECTED, Text("hello"))
    sent = ran.one(SegmentSent).skb
    assert sent and sent.ip.df, "path MTU discovery wants it"


def test_a_datagram_that_has_no_route_is_never_made() -> None:
    """Recorded (tracepoint fib_table_lookup, and no kfree_skb): send(2) fails before there is a packet to drop."""
    ran = run(host(), udp_sendmsg, SocketKey("udp", SERVER, 5353, "198.51.100.7", 40001), Text("hello"))
    assert ran.names == ["RouteLookedUp"]
    assert not ran.drop


def test_a_datagram_to_everybody_that_nobody_listens_for_is_dropped_without_a_word() -> None:
    """Recorded: NOT_SPECIFIED in __udp4_lib_rcv, and no ICMP error about a broadcast."""
    ran = run(host(), udp_rcv, frame(packet(CLIENT, "10.244.1.255", udp(dport=99))), "eth0")
    assert ran.death == "__udp4_lib_rcv NOT_SPECIFIED"
    assert not ran.all(IcmpSent)


def test_a_datagram_finds_who_listens_on_its_port() -> None:
    ran = run(host(), udp_rcv, frame(packet(CLIENT, SERVER, udp())), "eth0")
    assert ran.one(SocketFound).before.process == "echo"
    assert len(ran.armed) == 1, "the process wakes later, in a pass of its own"


def test_a_connected_socket_is_found_before_one_that_takes_all() -> None:
    ran = run(host(Socket(CONNECTED, "mine")), udp_rcv, frame(packet(CLIENT, SERVER, udp())), "eth0")
    assert ran.one(SocketFound).before.process == "mine"


def test_a_port_where_nobody_listens_is_told_to_the_sender() -> None:
    """Section 9 (closed port): port-unreachable from the server."""
    ran = run(host(), udp_rcv, frame(packet(CLIENT, SERVER, udp(dport=99))), "eth0")
    assert ran.death == "__udp4_lib_rcv NO_SOCKET"
    message = ran.one(IcmpSent).skb
    assert message and isinstance(message.ip.payload, Icmp)
    assert (message.ip.src, message.ip.payload.type, message.ip.payload.code) == (SERVER, 3, 3)


def test_a_whole_exchange_the_server_echoes() -> None:
    walked = send(on_one_bridge(), "node1/pod1", f"{SERVER}:5353", "udp")
    assert [e.process for e in walked.all(MessageRead)] == ["echo", "curl"]
    assert walked.end.message == Text("hello")
    assert walked.seen("udp") == ["pod1:eth0>", "node1:vethxxx<", "node1:vethyyy>", "pod2:eth0<"]


def test_a_closed_port_refuses_at_once() -> None:
    walked = send(on_one_bridge(), "node1/pod1", f"{SERVER}:99", "udp")
    assert (walked.end.error, walked.ended_at) == ("ECONNREFUSED", 0)


def test_silence_is_a_time_out_and_no_datagram_is_sent_again() -> None:
    """fail_no_forwarding: UDP has no retries of its own."""
    silent = on_one_bridge(forwarding=False)
    walked = send(silent, "node1/pod1", "10.244.2.3:5353", "udp")
    assert len(walked.all(SegmentSent, "node1/pod1")) == 1
    assert (walked.end.error, walked.ended_at) == ("ETIMEDOUT", 3.5)


def test_a_ping_is_answered_by_the_other_kernel_no_process_there_wakes() -> None:
    walked = send(on_one_bridge(), "node1/pod1", SERVER, "icmp")
    assert walked.end.error is None
    assert [e.process for e in walked.all(MessageRead)] == ["ping"]
    asked = walked.at("icmp 8/0", "pod1:eth0>").ip.payload
    assert isinstance(asked, Icmp) and (asked.id, asked.sequence) == (40001, 1)
    assert walked.seen("icmp 0/0") == ["pod2:eth0>", "node1:vethyyy<", "node1:vethxxx>", "pod1:eth0<"]


@pytest.mark.parametrize(
    ("type", "code"),
    [(3, 3), (3, 13), (3, 4)],
    ids=["port", "prohibited", "fragmentation needed"],
)
def test_an_error_that_will_last_wakes_who_sent_a_datagram(type: int, code: int) -> None:
    assert len(told(Socket(CONNECTED, "curl"), type, code).armed) == 1


@pytest.mark.parametrize(
    ("type", "code"), [(3, 1), (3, 0), (11, 0)], ids=["host", "network", "time exceeded"]
)
def test_an_error_that_may_pass_does_not(type: int, code: int) -> None:
    """Found by fuzzing: recv(2) goes on waiting, as the socket did not ask for all errors (IP_RECVERR)."""
    ran = told(Socket(CONNECTED, "curl"), type, code)
    assert ran.did(SocketFound) and not ran.armed


def told(socket: Socket, type: int, code: int) -> Ran:
    """An ICMP error about a datagram reaches the machine that sent it."""
    error = Icmp(type, code, packet(SERVER, CLIENT, udp(5353, 40001)))
    return run(host(socket), udp_err, frame(packet(CLIENT, SERVER, error)), "eth0")


@pytest.mark.parametrize("chain", ["OUTPUT", "POSTROUTING"])
def test_a_rule_on_the_senders_own_way_out_is_an_error_of_send(chain: str) -> None:
    """Found by fuzzing: EPERM at once, not silence (nf_hook_slow)."""
    table = "filter" if chain == "OUTPUT" else "mangle"
    strict = rules(f"*{table}\n-A {chain} -p udp -j DROP")
    eth0 = device("eth0", "veth", f"{SERVER}/24")
    machine = netns("host", (LO, eth0), rules=strict, sockets=[Socket(CONNECTED, "curl")])
    ran = run(machine, udp_sendmsg, CONNECTED, Text("hello"))
    assert ran.death == "nf_hook_slow NETFILTER_DROP"
    assert [arm.stage.keywords["error"] for arm in ran.armed] == ["EPERM"]  # type: ignore[attr-defined]


def test_ping_asks_for_all_errors() -> None:
    pinger = Socket(SocketKey("icmp", "0.0.0.0", 7), "ping")
    error = Icmp(3, 1, packet(SERVER, CLIENT))
    ran = run(host(pinger), udp_err, frame(packet(CLIENT, SERVER, error)), "eth0")
    assert ran.one(SocketFound).before.process == "ping"
    assert len(ran.armed) == 1


def test_an_error_about_somebody_elses_datagram_ends_and_is_no_drop() -> None:
    """Recorded: the kernel counts it (Icmp: InErrors) and frees it as one that was read."""
    error = Icmp(3, 1, packet(SERVER, CLIENT, udp(9, 9)))
    ran = run(host(), udp_err, frame(packet(CLIENT, SERVER, error)), "eth0")
    assert ran.names == ["IcmpIgnored"]
    assert not ran.drop
