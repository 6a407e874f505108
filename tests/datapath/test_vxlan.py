"""VXLAN: the frame inside a datagram of the node's own, and what ends at either end of the tunnel (section 4)."""

import pytest
from msgspec.structs import replace

from app.datapath.drop import DropReason
from app.datapath.events import (
    ArpAsked,
    Decapsulated,
    DeliveredLocally,
    Encapsulated,
    FdbLookedUp,
    HookPassed,
    IcmpSent,
)
from app.datapath.vxlan import PORTS, source_port, vxlan_rcv, vxlan_xmit
from app.kernel.conntrack import Conn, FlowTuple
from app.wire.addr import mac_of
from app.wire.packet import Icmp, IPv4, Udp, Vxlan
from tests.iptables import rules
from tests.journeys import Walked, about, send
from tests.stages import frame, packet, run, tcp, udp
from tests.worlds import VTEP, cloud, tunnelled, world

POD1, POD4 = "10.244.1.2", "10.244.2.3"
EVERY_HOOK = rules("*mangle\n -A PREROUTING\n -A INPUT\n -A FORWARD\n -A OUTPUT\n -A POSTROUTING")
INNER = frame(packet(POD1, POD4, tcp(), ttl=63), src=VTEP[1], dst=VTEP[2])


def across(**settings: bool | int) -> Walked:
    return send(tunnelled(**settings), "node1/pod1", f"{POD4}:8080")  # type: ignore[arg-type]


def test_the_outer_packet_goes_from_node_to_node_with_a_ttl_of_its_own_and_df_0() -> None:
    """TTL 64, not inherited; DF 0; UDP 8472; VNI 1."""
    ran = run(tunnelled()["node1"], vxlan_xmit, INNER, "flannel.1")
    outer = ran.one(Encapsulated).skb
    assert outer is not None
    assert (outer.ip.src, outer.ip.dst, outer.ip.ttl, outer.ip.df) == (
        "192.168.1.10",
        "192.168.2.10",
        64,
        False,
    )
    datagram = outer.ip.payload
    assert isinstance(datagram, Udp) and isinstance(datagram.payload, Vxlan)
    assert (datagram.dport, datagram.payload.vni) == (8472, 1)
    assert datagram.payload.payload == INNER.eth, "the frame inside is as it was sent"


def test_fifty_octets_more_for_the_frame_thirty_six_for_the_ip_length() -> None:
    """A SYN of 74 octets becomes 124."""
    walked = across()
    inner, outer = walked.at("SYN", "node1:flannel.1>"), walked.at("SYN", "node1:eth0>")
    assert (inner.eth.size, outer.eth.size) == (74, 124)
    assert outer.ip.size == inner.eth.size + 36


def test_a_wrapped_packet_keeps_its_id_and_its_mark_but_not_its_connection() -> None:
    """skb_scrub_packet with xnet false; the outer packet is a new local one for conntrack (R11)."""
    flow = FlowTuple("tcp", POD1, 40001, POD4, 8080)
    marked = replace(
        INNER,
        mark=0x4000,
        ct=Conn(flow, flow.reversed, "SYN_SENT"),
        ctinfo="NEW",
        dev="cbr0",
        physin="vethxxx",
    )
    outer = run(tunnelled()["node1"], vxlan_xmit, marked, "flannel.1").one(Encapsulated).skb
    assert outer is not None
    assert (outer.id, outer.mark) == (INNER.id, 0x4000)
    assert (outer.ct, outer.ctinfo, outer.physin) == (None, None, None)


def test_a_wrapped_packet_leaves_as_one_that_came_in_by_the_tunnel() -> None:
    """Found by the lab: it is the same skb, whose device ip_output gives to POSTROUTING; to OUTPUT it starts here."""
    node = tunnelled()["node1"]
    ruled = node.configure(rules=EVERY_HOOK)
    passed = run(ruled, vxlan_xmit, INNER, "flannel.1").all(HookPassed)
    assert [(event.hook, event.iif, event.oif) for event in passed] == [
        ("OUTPUT", None, "eth0"),
        ("POSTROUTING", "flannel.1", "eth0"),
    ]


def test_the_fdb_says_which_node_has_the_vtep() -> None:
    ran = run(tunnelled()["node1"], vxlan_xmit, INNER, "flannel.1")
    found = ran.one(FdbLookedUp)
    assert (found.mac, found.entry.dst if found.entry else "") == (VTEP[2], "192.168.2.10")


def test_fail_vxlan_no_fdb_is_silence() -> None:
    """Section 9: vxlan_xmit NO_TX_TARGET, after `flannel.1>`."""
    walked = across(fdb=False)
    assert walked.drops[0] == "node1 vxlan_xmit NO_TX_TARGET"
    assert walked.seen("SYN")[-1] == "node1:flannel.1>"
    assert walked.end.error == "ETIMEDOUT"
    assert not walked.all(IcmpSent)


def test_fail_vxlan_no_neighbour_each_question_dies_in_the_tunnel() -> None:
    """Section 9: node1 ARPs for 10.244.2.0 on flannel.1; host-unreachable from 10.244.1.1 at 3.05 s."""
    walked = across(neighbour=False)
    asked = [e for e in walked.all(ArpAsked, "node1") if e.dev == "flannel.1"]
    assert [e.entry.address for e in asked][:3] == ["10.244.2.0"] * 3
    assert walked.drops[:3] == ["node1 vxlan_xmit NO_TX_TARGET"] * 3
    assert walked.at("icmp 3/1", "pod1:eth0<").ip.src == "10.244.1.1"
    assert walked.end.error == "EHOSTUNREACH"
    assert [walked.ended_at] == about(3.05)


def test_without_a_way_to_the_other_node_the_wrapped_packet_ends() -> None:
    built = tunnelled()["node1"]
    lost = built.configure(fib=replace(built.config.fib, main=type(built.config.fib.main)()))
    assert run(lost, vxlan_xmit, INNER, "flannel.1").death == "vxlan_xmit_one IP_OUTNOROUTES"


def test_a_tunnel_that_sends_into_itself_comes_to_an_end() -> None:
    """Found by a rule that translates the outer packet too: RECURSION_LIMIT in vxlan_xmit_one."""
    into_itself = rules("*nat\n-A OUTPUT -p udp --dport 8472 -j DNAT --to-destination 10.244.2.3")
    ran = run(tunnelled(rules=into_itself)["node1"], vxlan_xmit, INNER, "flannel.1")
    assert ran.death == "vxlan_xmit_one RECURSION_LIMIT"


def test_one_flow_has_one_source_port_from_the_local_range() -> None:
    """udp_flow_src_port; the kernel's hash is keyed, so only that it is steady and in range."""
    low, high = PORTS
    assert low <= source_port(INNER) <= high
    assert source_port(INNER) == source_port(replace(INNER, id=2))
    other = frame(packet(POD1, POD4, tcp(40002)))
    assert source_port(INNER) != source_port(other)


def test_lab_a_repeated_syn_is_another_flow_to_the_fabric() -> None:
    """Found by `conntrack -L` after the journey: tcp_timer.c has the socket throw its hash anew (sk_rethink_txhash)."""
    walked = across(far_vni=2)
    outer = [event.skb.ip.payload for event in walked.all(Encapsulated, "node1") if event.skb]
    ports = [datagram.sport for datagram in outer if isinstance(datagram, Udp)]
    assert len(ports) == len(set(ports)) == 4, f"one SYN and three repetitions left by {ports}"


@pytest.mark.parametrize("l4", [udp(), Icmp(8, 0, id=3)], ids=["udp", "ping"])
def test_other_protocols_have_a_source_port_too(l4: Udp | Icmp) -> None:
    low, high = PORTS
    assert low <= source_port(frame(packet(POD1, POD4, l4))) <= high


def received(vni: int) -> IPv4:
    return IPv4("192.168.2.10", "192.168.1.10", Udp(50000, 8472, Vxlan(vni, INNER.eth)), df=False)


def test_the_outer_headers_come_off_and_the_frame_arrives_by_the_device_of_its_vni() -> None:
    at = tunnelled()["node1"]
    outer = replace(frame(received(1)), ctinfo="NEW", id=9)
    ran = run(at, vxlan_rcv, outer, at.config.devices["flannel.1"])
    inner = ran.one(Decapsulated).skb
    assert inner and (inner.id, inner.eth, inner.dev, inner.ctinfo) == (9, INNER.eth, "flannel.1", None)


def test_fail_vxlan_wrong_vni_is_silence_after_pre_and_in() -> None:
    """Section 9: node2 vxlan_rcv VXLAN_VNI_NOT_FOUND."""
    walked = across(far_vni=2)
    assert walked.drops[0] == "node2 vxlan_rcv VXLAN_VNI_NOT_FOUND"
    assert len(walked.all(DeliveredLocally, "node2")) == 4, "the UDP socket got the SYN and each repetition"
    assert walked.end.error == "ETIMEDOUT"


def test_a_datagram_without_a_vxlan_header_is_no_frame() -> None:
    at = tunnelled()["node1"]
    ran = run(at, vxlan_rcv, frame(packet(POD4, POD1, udp(dport=8472))), at.config.devices["flannel.1"])
    assert ran.drop and ran.drop.reason is DropReason.VXLAN_VNI_NOT_FOUND


def test_vxlan_captures_of_the_syn() -> None:
    """Section 4: two full passes on each node, and the cloud sees nodes only."""
    walked = send(tunnelled(rules=EVERY_HOOK), "node1/pod1", f"{POD4}:8080")
    assert walked.seen("SYN") == [
        "pod1:eth0>", "node1:vethxxx<", "node1:cbr0<", "node1:flannel.1>", "node1:eth0>", "cloud:to-node1<",
        "cloud:to-node2>", "node2:eth0<", "node2:flannel.1<", "node2:cbr0>", "node2:vethyyy>", "pod4:eth0<",
    ]  # fmt: skip
    assert walked.hooks("SYN", "node1") == [
        "[PRE cbr0->]", "FWD cbr0->flannel.1", "POST ->flannel.1", "OUT ->eth0", "POST ->eth0",
    ]  # fmt: skip
    assert walked.at("SYN", "cloud:to-node2>").ip.dst == "192.168.2.10"


def test_vxlan_hooks_where_the_frame_comes_out() -> None:
    """Section 4: node2 PRE, IN on the outer packet, then PRE, FWD, POST on the inner one."""
    from_node2 = send(tunnelled(rules=EVERY_HOOK), "node1/pod1", f"{POD4}:8080")
    assert from_node2.hooks("SYN+ACK", "node1") == [
        "PRE eth0->", "IN eth0->", "PRE flannel.1->", "FWD flannel.1->cbr0", "POST ->cbr0",
    ]  # fmt: skip


def test_r8_inner_ttl_falls_once_by_routing_into_the_tunnel_and_once_out_of_it() -> None:
    walked = across()
    assert walked.at("SYN", "node1:flannel.1>").ip.ttl == 63
    assert walked.at("SYN", "cloud:to-node2>").ip.ttl == 63, "the outer one, 64 less the cloud's hop"
    assert walked.at("SYN", "node2:flannel.1<").ip.ttl == 63, "untouched on its way"
    assert walked.at("SYN", "node2:cbr0>").ip.ttl == 62


def test_the_inner_macs_are_those_of_the_vteps_written_in_advance() -> None:
    frame_out = across().at("SYN", "node1:flannel.1>").eth
    assert (frame_out.src, frame_out.dst) == (VTEP[1], VTEP[2])
    assert across().held() == [
        "node1/pod1 10.244.1.1",
        "node1 192.168.1.1",
        "cloud 192.168.2.10",
        f"node2 {POD4}",
    ]


def test_fail_vxlan_blocked_by_the_cloud_is_silence() -> None:
    """Section 9: a rule on UDP 8472; no inner ICMP ever arises."""
    blocking = cloud(rules=rules("*filter\n -A FORWARD -p udp --dport 8472 -j DROP"))
    built = tunnelled()
    walked = send(world(*{**built.netns, "cloud": blocking}.values()), "node1/pod1", f"{POD4}:8080")
    assert walked.drops[0] == "cloud nf_hook_slow NETFILTER_DROP"
    assert not walked.all(IcmpSent)
    assert walked.end.error == "ETIMEDOUT"


def test_an_input_firewall_applies_to_the_tunnels_port() -> None:
    closed = rules("*filter\n -A INPUT -p udp --dport 8472 -j DROP")
    walked = send(tunnelled(rules=closed), "node1/pod1", f"{POD4}:8080")
    assert "node1 nf_hook_slow NETFILTER_DROP" in walked.drops, "the answer could not come out of the tunnel"


def test_the_pods_and_the_tunnel_leave_room_for_the_outer_headers() -> None:
    """MTU 1450, so that an MSS of 1410 is announced."""
    syn = across().at("SYN", "pod1:eth0>").ip.payload
    assert syn.mss == 1410  # type: ignore[union-attr]
    assert mac_of(POD1) == "0a:58:0a:f4:01:02"
