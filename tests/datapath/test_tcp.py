"""TCP: handshake, request, answer, close; refusal, silence and repetition."""

import pytest
from msgspec.structs import replace

from app.datapath.events import (
    ProbeEnded,
    SegmentSent,
    SocketFound,
    SocketOpened,
    Transmitted,
)
from app.datapath.tcp import lookup, tcp_connect, tcp_v4_err, tcp_v4_rcv
from app.kernel.netns import Netns, netns
from app.kernel.socket import Socket, SocketKey
from app.process.programs import HttpServer, Machines
from app.wire.packet import Icmp, Tcp, Text
from tests.iptables import rules
from tests.journeys import Walked, kind_of, send
from tests.stages import frame, kernel, packet, run, tcp
from tests.worlds import LISTENERS, LO, device, knows, on_one_bridge, routes

CLIENT, SERVER = "10.244.1.2", "10.244.1.3"
TO_POD2 = f"{SERVER}:8080"


def host(*sockets: Socket) -> Netns:
    eth0 = device("eth0", "veth", f"{SERVER}/24")
    return netns("host", (LO, eth0), neigh=[knows("eth0", CLIENT)], sockets=(*LISTENERS, *sockets))


def connection(state: str, **more: object) -> Socket:
    return Socket(SocketKey("tcp", SERVER, 8080, CLIENT, 40001), "web", state, seq=1, ack=1, **more)  # type: ignore[arg-type]


def arriving(*flags: str, **more: object) -> Tcp:
    return tcp(40001, 8080, *flags, **more)


def said(walked: Walked, by: str) -> list[str]:
    """What the transport layer of a namespace sent, in order."""
    return [kind_of(event.skb.packet) for event in walked.all(SegmentSent, by) if event.skb]


def test_a_whole_connection_from_syn_to_the_last_ack() -> None:
    """Section 2: SYN, SYN|ACK, ACK, data, FINs."""
    walked = send(on_one_bridge(), "node1/pod1", TO_POD2)
    assert said(walked, "node1/pod1") == ["SYN", "ACK", "PSH+ACK", "ACK", "FIN+ACK", "ACK"]
    assert said(walked, "node1/pod2") == ["SYN+ACK", "ACK", "PSH+ACK", "FIN+ACK"]
    assert (walked.end.error, walked.ended_at) == (None, 0)


def test_after_the_close_the_client_waits_and_the_server_has_forgotten() -> None:
    world = send(on_one_bridge(), "node1/pod1", TO_POD2).world
    (kept,) = (s for s in world["node1/pod1"].learned.sockets.values() if s.state not in ("LISTEN", None))
    assert kept.state == "TIME_WAIT"
    assert all(s.state in ("LISTEN", None) for s in world["node1/pod2"].learned.sockets.values())


def test_sequence_numbers_add_up() -> None:
    walked = send(on_one_bridge(), "node1/pod1", TO_POD2)
    sent = [e.skb.ip.payload for e in walked.all(SegmentSent) if e.skb]
    request = next(s for s in sent if isinstance(s, Tcp) and s.payload)
    confirming = next(s for s in sent if isinstance(s, Tcp) and s.sport == 8080 and s.flags == ("ACK",))
    assert request.payload is not None
    assert confirming.ack == request.seq + request.payload.size
    goodbye = next(s for s in sent if isinstance(s, Tcp) and "FIN" in s.flags)
    assert goodbye.seq == confirming.ack


def test_the_syn_announces_what_fits_into_the_mtu() -> None:
    ran = run(host(), tcp_connect, "curl", CLIENT, 80, 40001, None)
    syn = ran.one(SegmentSent).skb
    assert syn and isinstance(syn.ip.payload, Tcp)
    assert (syn.ip.payload.flags, syn.ip.payload.mss) == (("SYN",), 1460)
    assert ran.one(SocketOpened).socket.state == "SYN_SENT"


def test_only_a_syn_says_what_fits() -> None:
    sent = [e.skb.ip.payload for e in send(on_one_bridge(), "node1/pod1", TO_POD2).all(SegmentSent) if e.skb]
    assert {segment.flags for segment in sent if isinstance(segment, Tcp) and segment.mss} == {
        ("SYN",),
        ("SYN", "ACK"),
    }


def test_without_a_way_out_connect_fails_and_sends_nothing() -> None:
    ran = run(host(), tcp_connect, "curl", "198.51.100.7", 80, 40001, None)
    assert (ran.result, ran.all(SegmentSent)) == (None, [])


def test_a_closed_port_answers_with_rst_and_the_client_knows_at_once() -> None:
    """Section 9: tcp_v4_rcv NO_SOCKET; RST from the server."""
    walked = send(on_one_bridge(), "node1/pod1", f"{SERVER}:81")
    assert walked.drops == ["node1/pod2 tcp_v4_rcv NO_SOCKET"]
    assert walked.seen("RST+ACK") == ["pod2:eth0>", "node1:vethyyy<", "node1:vethxxx>", "pod1:eth0<"]
    assert (walked.end.error, walked.ended_at) == ("ECONNREFUSED", 0)


def test_a_reset_is_never_answered_with_a_reset() -> None:
    ran = run(host(), tcp_v4_rcv, frame(packet(CLIENT, SERVER, tcp(40001, 81, "RST"))), "eth0")
    assert ran.death == "tcp_v4_rcv NO_SOCKET"
    assert not ran.all(SegmentSent)


def test_anything_but_a_syn_finds_no_listener() -> None:
    ran = run(host(), tcp_v4_rcv, frame(packet(CLIENT, SERVER, arriving("ACK"))), "eth0")
    assert ran.death == "tcp_v4_rcv NO_SOCKET"
    reset = ran.one(Transmitted).skb
    assert reset and kind_of(reset.packet) == "RST", "to an ACK the answer is a bare RST (RFC 9293, 3.10.7.1)"


@pytest.mark.parametrize(
    ("came", "answer"),
    [
        (tcp(40001, 81, "SYN", seq=7), (("RST", "ACK"), 0, 8)),
        (tcp(40001, 81, "SYN", "ACK", seq=7, ack=9), (("RST",), 9, 0)),
    ],
    ids=["to a SYN", "to anything with an ACK"],
)
def test_a_resets_numbers_make_it_believable(came: Tcp, answer: tuple[tuple[str, ...], int, int]) -> None:
    """RFC 9293, 3.10.7.1: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>, or <SEQ=SEG.ACK><CTL=RST>."""
    sent = run(host(), tcp_v4_rcv, frame(packet(CLIENT, SERVER, came)), "eth0").one(SegmentSent).skb
    assert sent and isinstance(sent.ip.payload, Tcp)
    assert (sent.ip.payload.flags, sent.ip.payload.seq, sent.ip.payload.ack) == answer


def test_an_ack_takes_what_was_under_way_off_the_socket() -> None:
    waiting, ack = (
        connection("ESTABLISHED", unacked=Text("hello")),
        frame(packet(CLIENT, SERVER, arriving("ACK"))),
    )
    assert run(host(waiting), tcp_v4_rcv, ack, "eth0").one(SocketFound).after == replace(
        waiting, unacked=None
    )
    nothing = run(host(connection("ESTABLISHED")), tcp_v4_rcv, ack, "eth0").one(SocketFound)
    assert nothing.after is nothing.before, "an ACK of nothing changes nothing"


def test_a_reset_in_the_middle_closes_the_socket_and_wakes_its_owner() -> None:
    ran = run(
        host(connection("ESTABLISHED")), tcp_v4_rcv, frame(packet(CLIENT, SERVER, arriving("RST"))), "eth0"
    )
    assert ran.one(SocketFound).after is None
    assert len(ran.armed) == 1


@pytest.mark.parametrize(
    ("state", "flags", "after", "answer"),
    [
        ("SYN_RECV", ("ACK",), "ESTABLISHED", []),
        ("ESTABLISHED", ("FIN", "ACK"), "CLOSE_WAIT", []),
        ("FIN_WAIT1", ("FIN", "ACK"), "TIME_WAIT", ["ACK"]),
        ("LAST_ACK", ("ACK",), None, []),
        ("ESTABLISHED", ("ACK",), "ESTABLISHED", []),
    ],
    ids=["third packet", "the other closes", "both have closed", "all is said", "an ACK of ours"],
)
def test_a_segment_moves_its_socket(
    state: str, flags: tuple[str, ...], after: str | None, answer: list[str]
) -> None:
    """RFC 9293, figure 5."""
    ran = run(host(connection(state)), tcp_v4_rcv, frame(packet(CLIENT, SERVER, arriving(*flags))), "eth0")
    found = ran.one(SocketFound).after
    assert (found.state if found else None) == after
    assert [kind_of(event.skb.packet) for event in ran.all(SegmentSent) if event.skb] == answer


def test_a_request_that_arrives_with_the_third_packet_is_read() -> None:
    """The bare ACK may be lost: data carries it too."""
    data = arriving("PSH", "ACK", seq=1, payload=Text("hello"))
    ran = run(host(connection("SYN_RECV")), tcp_v4_rcv, frame(packet(CLIENT, SERVER, data)), "eth0")
    found = ran.one(SocketFound).after
    assert found and (found.state, found.ack) == ("ESTABLISHED", 6)


def test_a_socket_of_the_connection_is_found_before_a_listener() -> None:
    k = kernel(host(connection("ESTABLISHED")))
    own, other = packet(CLIENT, SERVER, tcp(40001)), packet(CLIENT, SERVER, tcp(40002))
    assert (found := lookup(k, own, tcp(40001))) and found.state == "ESTABLISHED"
    assert (found := lookup(k, other, tcp(40002))) and found.state == "LISTEN"


def test_a_listener_of_one_address_is_found_before_one_of_any() -> None:
    mine = Socket(SocketKey("tcp", SERVER, 8080), "mine", "LISTEN")
    found = lookup(kernel(host(mine)), packet(CLIENT, SERVER, tcp()), tcp())
    assert found and found.process == "mine"


def test_a_packet_behind_a_closed_door_is_lost_even_when_the_handshake_was_not() -> None:
    """SYN-ACK came, but no later packet of the client gets in: it waits in vain."""
    built = on_one_bridge()
    server = built["node1/pod2"]
    refusing = rules("*filter\n-A INPUT -p tcp --dport 8080 -m conntrack --ctstate ESTABLISHED -j DROP")
    walked = send(built.replace(server.configure(rules=refusing)), "node1/pod1", TO_POD2)
    assert walked.end.error == "ETIMEDOUT"
    assert said(walked, "node1/pod1") == ["SYN", "ACK", "PSH+ACK"]


def test_an_icmp_error_ends_a_connection_that_was_being_made_but_not_one_that_is_up() -> None:
    """tcp_v4_err: hard while connecting, soft once established."""
    key = SocketKey("tcp", SERVER, 40001, CLIENT, 80)
    error = frame(packet("10.244.1.1", SERVER, Icmp(3, 1, packet(SERVER, CLIENT, tcp(40001, 80)))))
    connecting = run(host(Socket(key, "curl", "SYN_SENT")), tcp_v4_err, error, "eth0")
    assert connecting.one(SocketFound).after is None
    connected = run(host(Socket(key, "curl", "ESTABLISHED")), tcp_v4_err, error, "eth0")
    assert connected.one(SocketFound).after == connected.one(SocketFound).before


def test_lab_a_segment_that_was_too_large_is_sent_again_by_the_same_way_through_the_fabric() -> None:
    """Found by `conntrack -L` after the journey: only a timer throws the hash anew, not tcp_simple_retransmit."""

    ours = packet(SERVER, CLIENT, Tcp(8080, 40001, ("PSH", "ACK"), 1, 1))
    error = frame(packet("10.244.1.1", SERVER, Icmp(3, 4, ours, mtu=1400)))
    up = connection("ESTABLISHED", unacked=Text("x" * 1448))
    again = run(host(up), tcp_v4_err, error, "eth0").one(SegmentSent)
    assert again.retransmission == 1
    assert again.skb is not None and again.skb.hash == 0


def test_an_icmp_error_about_a_connection_that_is_gone_ends_and_is_no_drop() -> None:
    """Recorded: of several errors about queued SYNs the first ends the connection, and the others find nobody."""
    error = frame(packet("10.244.1.1", SERVER, Icmp(3, 1, packet(SERVER, CLIENT, tcp(40001, 80)))))
    ran = run(host(), tcp_v4_err, error, "eth0")
    assert ran.names == ["IcmpIgnored"]
    assert not ran.drop


def test_the_server_answers_by_its_own_route_and_may_have_none() -> None:
    built = on_one_bridge()
    pod2 = built["node1/pod2"]
    eth0 = replace(pod2.config.devices["eth0"])
    lost = netns("node1/pod2", (LO, eth0), sockets=LISTENERS, routes=routes("blackhole 10.99.0.0/16"))
    ran = run(lost, tcp_v4_rcv, frame(packet("10.99.0.1", SERVER, arriving("SYN"))), "eth0")
    assert not ran.drop, "the SYN was heard, and the kernel counts no drop"
    assert not ran.all(SegmentSent), "but nobody can be answered"


def test_a_large_answer_is_one_packet_between_veths() -> None:
    """R14: recorded as one frame larger than the MTU."""
    large = Machines(on_one_bridge(), {("node1/pod2", "web"): HttpServer("x" * 3000)})
    walked = send(large, "node1/pod1", TO_POD2)
    assert walked.one(ProbeEnded).error is None
    answers = [
        e.skb for e in walked.all(SegmentSent, "node1/pod2") if e.skb and kind_of(e.skb.packet) == "PSH+ACK"
    ]
    assert len(answers) == 1 and answers[0].ip.size > 3000
