"""Whole journeys through NAT: services, egress, clashes, the node's own connections (sections 5 and 6)."""

from app.datapath.events import HookPassed, Received, Translated
from app.kernel.netns import netns
from app.kernel.world import World
from tests.iptables import rules
from tests.journeys import Walked, perform, probe, send
from tests.worlds import POD1, WAYS, cloud, device, machines, node, on_one_bridge, routed, world

TO_POD4 = "-d 10.96.0.40/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080"


def kinds(walked: Walked, at: str, kind: str) -> list[str]:
    """What a namespace translated of the first packet of this kind."""
    first = walked.first(kind)
    return [event.kind for event in walked.all(Translated, at) if event.skb and event.skb.id == first]


def test_three_namespaces_see_three_truths_of_one_syn() -> None:
    """Section 5: pod1 `>10.96.0.40:80`, node1 after PRE and pod4 `>10.244.2.3:8080`."""
    walked = send(routed(rules=rules(f"*nat\n-A PREROUTING {TO_POD4}")), "node1/pod1", "10.96.0.40:80")
    asked, real = "10.96.0.40", "10.244.2.3"
    places = {"pod1:eth0>": asked, "node1:vethxxx<": asked, "node1:cbr0<": real, "pod4:eth0<": real}
    assert {place: walked.at("SYN", place).ip.dst for place in places} == places
    assert walked.at("SYN+ACK", "node1:eth0<").ip.src == real
    assert walked.at("SYN+ACK", "node1:cbr0>").ip.src == asked


def egress(*, masquerade: bool) -> World:
    """Section 6: the cloud gives node1 a public address, and lets no pod's address out."""
    one_to_one = """
        *nat
        -A POSTROUTING -s 192.168.1.10/32 -o to-client -j SNAT --to-source 198.51.100.11
        *filter
        -A FORWARD -s 10.244.0.0/16 -o to-client -j DROP
    """
    plain = cloud(*WAYS)
    outside = device("to-client", "physical", "203.0.113.1/24")
    wired = netns(
        "cloud",
        (*plain.config.devices.values(), outside),
        rules=rules(one_to_one),
        sysctl=plain.config.sysctl,
    )
    rule = "*nat\n-A POSTROUTING ! -d 10.0.0.0/8 -m addrtype ! --dst-type LOCAL -j MASQUERADE"
    return world(*node(1, POD1, rules=rules(rule) if masquerade else None), wired)


def test_egress_the_source_is_rewritten_twice_on_the_way_out() -> None:
    walked = send(egress(masquerade=True), "node1/pod1", "203.0.113.50:80")
    assert walked.at("SYN", "node1:cbr0<").ip.src == "10.244.1.2"
    assert walked.at("SYN", "node1:eth0>").ip.src == "192.168.1.10"
    assert (kinds(walked, "node1", "SYN"), kinds(walked, "cloud", "SYN")) == (["SNAT"], ["SNAT"])
    assert [conn.reply.dst for conn in walked.conntrack("cloud")] == ["198.51.100.11"]


def test_egress_no_masquerade_dies_in_the_clouds_forward_and_leaves_no_trace_there() -> None:
    walked = send(egress(masquerade=False), "node1/pod1", "203.0.113.50:80")
    assert set(walked.drops) == {"cloud nf_hook_slow NETFILTER_DROP"}
    assert walked.end.error == "ETIMEDOUT"
    assert not walked.conntrack("cloud")


def test_two_senders_with_one_port_to_one_server_both_get_their_answers() -> None:
    """A masquerade clash: the second one's port is changed on the way out and changed back for it."""
    hidden = rules("*nat\n-A POSTROUTING -o eth0 -j MASQUERADE")
    two = {"pod1": "10.244.1.2", "pod2": "10.244.1.3"}
    built = machines(world(*node(1, two, rules=hidden), cloud(*WAYS), *node(2, {"pod4": "10.244.2.3"})))
    first = perform(built, probe("node1/pod1", "10.244.2.3:8080"))
    second = send(machines(first.world), "node1/pod2", "10.244.2.3:8080")
    assert (first.end.error, second.end.error) == (None, None)
    one, other = (conn.reply for conn in second.conntrack("node1"))
    assert one.dst == other.dst == "192.168.1.10"
    assert one.dport == 40001 != other.dport


def test_from_the_node_itself_destinations_are_rewritten_in_output_and_answers_in_input() -> None:
    """Section 5 and R7: nat OUT instead of PRE; the reply ends on the node, so un-DNAT is in IN."""
    local = rules(f"*nat\n-A OUTPUT {TO_POD4}\n*mangle\n-A INPUT")
    walked = send(routed(rules=local), "node1", "10.96.0.40:80")
    assert walked.end.error is None
    assert kinds(walked, "node1", "SYN") == ["DNAT"]
    assert walked.at("SYN", "node1:eth0>").ip.dst == "10.244.2.3"
    back = next(s for s in walked.steps if isinstance(s.event, Translated) and s.event.kind == "un-DNAT")
    before = walked.steps[back.seq - 1].event
    assert isinstance(before, HookPassed) and before.hook == "INPUT"


def test_a_udp_answer_from_the_wrong_address_is_what_a_bypassed_un_dnat_looks_like() -> None:
    """Section 5, brnf=0: the answer comes from 10.244.1.3:5353, and a connected socket refuses it."""
    to_pod2 = rules(
        "*nat\n-A PREROUTING -d 10.96.0.20/32 -p udp --dport 53 -j DNAT --to-destination 10.244.1.3:5353"
    )
    walked = send(on_one_bridge(rules=to_pod2, brnf=False), "node1/pod1", "10.96.0.20:53", "udp")
    arrived = [
        event.skb.ip.src for event in walked.all(Received, "node1/pod1") if event.skb and not event.skb.is_arp
    ]
    assert "10.244.1.3" in arrived
    assert "node1/pod1 __udp4_lib_rcv NO_SOCKET" in walked.drops
