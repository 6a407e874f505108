"""The bridge: it learns from source MACs, forwards by destination MAC, and floods what it does not know."""

import pytest
from msgspec.structs import replace

from app.datapath.bridge import br_dev_xmit, br_handle_frame
from app.datapath.drop import DropReason
from app.datapath.events import Dropped, FdbLearned, FdbLookedUp, PassedUp, Received, Transmitted
from app.kernel.neigh import FdbEntry
from app.kernel.netns import Netns
from app.wire.addr import mac_of
from tests.journeys import send
from tests.stages import frame, packet, run, who_has
from tests.worlds import on_one_bridge

POD1, POD2, GATEWAY = "10.244.1.2", "10.244.1.3", "10.244.1.1"


def node1(*, hairpin: bool = True, promiscuous: bool = False) -> Netns:
    return on_one_bridge(brnf=False, hairpin=hairpin, promiscuous=promiscuous)["node1"]


def knowing(netns: Netns, **ports: str) -> Netns:
    """The same bridge after it learnt these: `vethyyy="10.244.1.3"`."""
    learnt = {("cbr0", mac_of(ip)): FdbEntry(mac_of(ip), "cbr0", port) for port, ip in ports.items()}
    return netns.learn(fdb={**netns.learned.fdb, **learnt})


def test_r3_a_broadcast_is_flooded_newest_port_first_back_to_the_asker_by_hairpin_then_up() -> None:
    ran = run(node1(), br_handle_frame, who_has(POD2, tell=POD1), "vethxxx")
    assert ran.sent_by == ["vethzzz", "vethyyy", "vethxxx"], (
        "newest first, the ingress port too with hairpin on"
    )
    assert ran.one(Received).dev == "cbr0", "a broadcast is for the machine itself as well"
    assert ran.names.index("PassedUp") > ran.names.index("Transmitted"), "flood before passing up"


def test_r3_without_hairpin_the_asker_gets_no_copy_back() -> None:
    ran = run(node1(hairpin=False), br_handle_frame, who_has(POD2, tell=POD1), "vethxxx")
    assert ran.sent_by == ["vethzzz", "vethyyy"]


def test_every_copy_of_a_flood_is_a_clone_with_an_id_of_its_own() -> None:
    ran = run(node1(), br_handle_frame, who_has(POD2, tell=POD1, id=1), "vethxxx")
    copies = [event.skb for event in ran.all(Transmitted) if event.skb]
    assert len({skb.id for skb in copies}) == 3
    assert {skb.clone_of for skb in copies} == {1}


def test_a_bridge_that_is_down_has_disabled_ports() -> None:
    """Found by fuzzing: whatever comes in by one of them ends there."""
    netns = node1()
    down = netns.with_device(replace(netns.config.devices["cbr0"], up=False))
    ran = run(down, br_handle_frame, who_has(POD2, tell=POD1), "vethxxx")
    assert ran.death == "br_handle_frame BRIDGE_INGRESS_STP_STATE"


def test_a_pod_whose_device_is_down_leaves_its_port_without_a_carrier() -> None:
    """Found by fuzzing: such a port is disabled, and a flood passes it by."""
    built = on_one_bridge()
    pod2 = built["node1/pod2"]
    asleep = built.replace(pod2.with_device(replace(pod2.config.devices["eth0"], up=False)))
    walked = send(asleep, "node1/pod1", "10.244.1.3:8080")
    assert "node1:vethyyy>" not in walked.seen("arp request")
    assert "node1:vethzzz>" in walked.seen("arp request")


def test_a_port_that_is_down_gets_no_copy() -> None:
    netns = node1()
    down = {**netns.config.devices, "vethyyy": replace(netns.config.devices["vethyyy"], up=False)}
    ran = run(
        netns.configure(devices=down),
        br_handle_frame,
        who_has(POD2, tell=POD1),
        "vethxxx",
    )
    assert ran.sent_by == ["vethzzz", "vethxxx"]


def test_the_bridge_learns_behind_which_port_the_sender_is() -> None:
    ran = run(node1(), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx")
    learnt = ran.one(FdbLearned)
    assert (learnt.entry.mac, learnt.entry.port, learnt.known) == (mac_of(POD1), "vethxxx", None)
    assert ran.netns.learned.fdb["cbr0", mac_of(POD1)].port == "vethxxx"


def test_a_sender_already_known_there_teaches_nothing() -> None:
    ran = run(knowing(node1(), vethxxx=POD1), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx")
    assert not ran.all(FdbLearned)


def test_a_sender_that_moved_to_another_port_is_learnt_anew() -> None:
    ran = run(knowing(node1(), vethzzz=POD1), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx")
    learnt = ran.one(FdbLearned)
    assert learnt.known and (learnt.known.port, learnt.entry.port) == ("vethzzz", "vethxxx")


def test_the_bridges_own_mac_is_never_learnt_from_outside() -> None:
    forged = frame(packet(POD1, POD2), src=mac_of(GATEWAY))
    ran = run(node1(), br_handle_frame, forged, "vethxxx")
    assert not ran.all(FdbLearned)
    assert ran.netns.learned.fdb["cbr0", mac_of(GATEWAY)].local


def test_r2_a_known_unicast_frame_leaves_by_one_port_untouched_and_never_visits_cbr0() -> None:
    sent = frame(packet(POD1, POD2, ttl=64))
    ran = run(knowing(node1(), vethyyy=POD2), br_handle_frame, sent, "vethxxx")
    assert ran.sent_by == ["vethyyy"]
    assert ran.one(Transmitted).skb == sent, "MACs and TTL unchanged, the same traveller"
    assert not ran.all(PassedUp)


def test_an_unknown_unicast_frame_is_flooded_but_not_passed_up() -> None:
    ran = run(node1(hairpin=False), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx")
    assert ran.one(FdbLookedUp).flooded_to == ("vethzzz", "vethyyy")
    assert not ran.all(PassedUp), "a MAC that nobody knows is not the machine's own"


def test_r1_a_frame_for_the_bridges_own_mac_goes_up_to_the_machine() -> None:
    ran = run(node1(), br_handle_frame, frame(packet(POD1, GATEWAY)), "vethxxx")
    assert ran.names[:3] == ["FdbLearned", "PassedUp", "Received"]
    assert ran.one(Received).dev == "cbr0"


def test_service_no_hairpin_back_to_where_it_came_from_is_a_drop() -> None:
    """Section 9: node1 br_handle_frame_finish NOT_SPECIFIED."""
    back = frame(packet(POD2, POD1))
    ran = run(knowing(node1(hairpin=False), vethxxx=POD1), br_handle_frame, back, "vethxxx")
    assert ran.death == "br_handle_frame_finish NOT_SPECIFIED"
    assert not ran.sent_by


def test_with_hairpin_a_frame_may_leave_by_the_port_it_came_in_by() -> None:
    ran = run(knowing(node1(), vethxxx=POD1), br_handle_frame, frame(packet(POD2, POD1)), "vethxxx")
    assert ran.sent_by == ["vethxxx"]


def test_r2_a_promiscuous_bridge_shows_itself_a_copy_that_dies_as_otherhost() -> None:
    ran = run(
        knowing(node1(promiscuous=True), vethyyy=POD2), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx"
    )
    assert ran.sent_by == ["vethyyy"], "the frame itself goes its way"
    dead = ran.one(Dropped)
    assert (dead.reason, dead.function) == (DropReason.OTHERHOST, "ip_rcv_core")


def test_r2_the_promiscuous_copy_comes_after_the_forwarded_frame() -> None:
    """Captured with tcpdump -i any: in by the port, out by the other, then in by cbr0 (br_input.c: local_rcv)."""
    ran = run(
        knowing(node1(promiscuous=True), vethyyy=POD2), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx"
    )
    assert ran.names.index("Transmitted") < ran.names.index("PassedUp")


def test_r2_a_promiscuous_bridge_sees_a_flooded_unicast_frame_too() -> None:
    """br_input.c: `local_rcv = promisc` comes before the look-up."""
    ran = run(node1(promiscuous=True), br_handle_frame, frame(packet(POD1, POD2)), "vethxxx")
    assert [event.dev for event in ran.all(Received)] == ["cbr0"]


def test_r1_what_the_host_sends_by_the_bridge_leaves_by_the_port_the_fdb_names() -> None:
    ran = run(knowing(node1(), vethyyy=POD2), br_dev_xmit, frame(packet(GATEWAY, POD2)), "cbr0")
    assert ran.sent_by == ["vethyyy"]


@pytest.mark.parametrize(
    "what", [frame(packet(GATEWAY, POD2)), who_has(POD2, tell=GATEWAY)], ids=["unknown", "broadcast"]
)
def test_what_the_host_floods_goes_to_every_port_hairpin_or_not(what: object) -> None:
    ran = run(node1(hairpin=False), br_dev_xmit, what, "cbr0")
    assert ran.sent_by == ["vethzzz", "vethyyy", "vethxxx"]


def test_intra_node_the_captures_of_a_cold_connection() -> None:
    """Section 2, p1 to p4: hairpin on, brnf=1."""
    walked = send(on_one_bridge(), "node1/pod1", f"{POD2}:8080")
    assert walked.seen("arp request") == [
        "pod1:eth0>", "node1:vethxxx<", "node1:vethzzz>", "node1:vethyyy>", "node1:vethxxx>", "node1:cbr0<",
        "pod5:eth0<", "pod2:eth0<", "pod1:eth0<",
    ]  # fmt: skip
    assert walked.seen("arp reply") == ["pod2:eth0>", "node1:vethyyy<", "node1:vethxxx>", "pod1:eth0<"]
    assert walked.seen("SYN") == ["pod1:eth0>", "node1:vethxxx<", "node1:vethyyy>", "pod2:eth0<"]
    assert walked.seen("SYN+ACK") == ["pod2:eth0>", "node1:vethyyy<", "node1:vethxxx>", "pod1:eth0<"]


def test_intra_node_what_is_known_afterwards() -> None:
    """Section 2: pod1 and pod2 know each other, pod5 and node1 nothing; the FDB has both MACs; nothing is tracked."""
    world = send(on_one_bridge(), "node1/pod1", f"{POD2}:8080").world
    assert world["node1/pod1"].learned.neigh["eth0", POD2].state == "REACHABLE"
    assert world["node1/pod2"].learned.neigh["eth0", POD1].mac == mac_of(POD1)
    assert not world["node1/pod5"].learned.neigh
    assert not world["node1"].learned.neigh
    assert {mac: world["node1"].learned.fdb["cbr0", mac].port for mac in (mac_of(POD1), mac_of(POD2))} == {
        mac_of(POD1): "vethxxx",
        mac_of(POD2): "vethyyy",
    }
    assert not any(netns.learned.conntrack for netns in world.netns.values())
