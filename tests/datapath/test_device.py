"""Frames in and out of devices: capture points, and who gets the frame next."""

from msgspec.structs import replace

from app.datapath.device import dev_queue_xmit, netif_receive_skb
from app.datapath.events import Received, Transmitted
from tests.stages import frame, packet, run, tcp, who_has
from tests.worlds import VTEP, on_one_bridge, tunnelled

POD1, POD2 = "10.244.1.2", "10.244.1.3"


def test_r1_a_port_of_a_bridge_never_delivers_to_ip_itself() -> None:
    """Captured first, then the bridge has it, even a packet for one of the machine's own addresses."""
    ran = run(on_one_bridge()["node1"], netif_receive_skb, frame(packet(POD1, "10.244.1.1")), "vethxxx")
    assert ran.names[:4] == ["Received", "FdbLearned", "PassedUp", "Received"]
    assert [event.dev for event in ran.all(Received)] == ["vethxxx", "cbr0"]


def test_arp_and_ip_go_to_their_protocols() -> None:
    pod2 = on_one_bridge()["node1/pod2"]
    assert "ArpAnswered" in run(pod2, netif_receive_skb, who_has(POD2, tell=POD1), "eth0").names
    assert "RouteLookedUp" in run(pod2, netif_receive_skb, frame(packet(POD1, POD2, tcp())), "eth0").names


def test_a_veth_only_hands_the_frame_over() -> None:
    ran = run(on_one_bridge()["node1/pod1"], dev_queue_xmit, frame(packet(POD1, POD2)), "eth0")
    assert ran.names == ["Transmitted"], "what happens at the other end is another pass"


def test_a_device_that_is_down_sends_nothing() -> None:
    pod1 = on_one_bridge()["node1/pod1"]
    down = {**pod1.config.devices, "eth0": replace(pod1.config.devices["eth0"], up=False)}
    ran = run(
        pod1.configure(devices=down),
        dev_queue_xmit,
        frame(packet(POD1, POD2)),
        "eth0",
    )
    assert ran.death == "__dev_queue_xmit QDISC_DROP"
    assert not ran.sent_by


def test_r1_what_leaves_by_the_bridge_is_captured_there_and_on_the_port() -> None:
    ran = run(on_one_bridge()["node1"], dev_queue_xmit, who_has(POD2, tell="10.244.1.1"), "cbr0")
    assert ran.sent_by == ["cbr0", "vethzzz", "vethyyy", "vethxxx"]


def test_what_leaves_by_a_vxlan_device_is_captured_there_before_it_is_wrapped() -> None:
    inner = frame(packet(POD1, "10.244.2.3"), src=VTEP[1], dst=VTEP[2])
    ran = run(tunnelled()["node1"], dev_queue_xmit, inner, "flannel.1")
    assert ran.names.index("Transmitted") < ran.names.index("Encapsulated")
    assert ran.all(Transmitted)[0].skb == inner
