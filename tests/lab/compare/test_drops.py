"""Drops side by side: reasons strictly, functions but for a documented few, order where it can be told."""

import pytest

from app.lab.compare.drops import NO_DROPS, OTHERWISE, Death, computed, decoded, drop_rows, recorded
from app.lab.compare.rows import Row
from app.lab.job import KernelDrop
from app.simulate import walk
from tests.lab.typed import CASES

PORTS = {40001, 8080}
IPV4, ARP = 0x0800, 0x0806
SYN = bytes.fromhex(
    "4500003c0001400040060000" "0af40102" "0af40203"  # 10.244.1.2 > 10.244.2.3
    "9c411f90" "00000001" "00000000" "a002ffff00000000" "020405b40402080a0000000000000000" "01030307"
)  # fmt: skip
RST = SYN[:33] + b"\x04" + SYN[34:]
ACK = SYN[:33] + b"\x10" + SYN[34:]
WHO_HAS = bytes.fromhex("0001080006040001" "0a580af40102" "0af40102" "000000000000" "0af40103")  # fmt: skip
SYN_WORDS = "SYN 10.244.1.2:40001 > 10.244.2.3:8080"


def kernel(
    reason: str, function: str, octets: bytes = SYN, netns: str = "node2", protocol: int = IPV4
) -> KernelDrop:
    return KernelDrop(netns, 0, reason, function, protocol, octets)


def dead(reason: str, function: str, name: str = SYN_WORDS, *, firm: bool = True) -> Death:
    return Death("node2", reason, function, name, firm)


def differences(ours: list[Death], theirs: list[KernelDrop]) -> list[str]:
    rows = drop_rows("node2", ours, recorded(theirs, PORTS))
    return [row.difference for row in rows if row.difference]


def test_the_same_end_on_both_sides_is_no_difference() -> None:
    ours = [dead("IP_RPFILTER", "ip_rcv_finish_core")]
    theirs = list(recorded([kernel("IP_RPFILTER", "ip_rcv_finish_core")], PORTS))
    text = f"{SYN_WORDS}: IP_RPFILTER in ip_rcv_finish_core"
    assert list(drop_rows("node2", ours, theirs)) == [Row("drops", "node2", text, text)]


def test_another_reason_is_told_with_both() -> None:
    assert differences(
        [dead("IP_RPFILTER", "ip_rcv_finish_core")], [kernel("IP_INNOROUTES", "ip_error")]
    ) == [
        f"node2: computed drop IP_RPFILTER in ip_rcv_finish_core of {SYN_WORDS},"
        " the kernel dropped it with IP_INNOROUTES in ip_error"
    ]


def test_another_function_is_told() -> None:
    (found,) = differences([dead("NO_SOCKET", "tcp_v4_rcv")], [kernel("NO_SOCKET", "tcp_v6_rcv")])
    assert found.endswith("the kernel dropped it with NO_SOCKET in tcp_v6_rcv")


def test_a_drop_that_one_side_lacks_is_told() -> None:
    assert differences([dead("NO_SOCKET", "tcp_v4_rcv")], []) == [
        f"node2: computed drop NO_SOCKET in tcp_v4_rcv of {SYN_WORDS}, the kernel did not drop it"
    ]
    assert differences([], [kernel("NO_SOCKET", "tcp_v4_rcv")]) == [
        f"node2: the kernel dropped {SYN_WORDS} with NO_SOCKET in tcp_v4_rcv, not computed"
    ]


def test_every_one_of_several_drops_counts() -> None:
    one = dead("NO_SOCKET", "tcp_v4_rcv")
    assert len(differences([one, one], [kernel("NO_SOCKET", "tcp_v4_rcv")])) == 1


def test_what_happens_elsewhere_is_another_namespaces_affair() -> None:
    assert not differences([], [kernel("NO_SOCKET", "tcp_v4_rcv", netns="node1")])


@pytest.mark.parametrize("theirs", OTHERWISE)
def test_a_place_that_the_kernel_calls_otherwise_is_the_same_place(theirs: str) -> None:
    ours, why = OTHERWISE[theirs]
    assert not differences([dead("NETFILTER_DROP", ours)], [kernel("NETFILTER_DROP", theirs)])
    assert why


def test_what_was_left_in_a_queue_is_no_drop() -> None:
    assert not differences([], [kernel("QUEUE_PURGE", "sk_stream_kill_queues")])


def test_what_a_connection_half_made_took_note_of_is_no_drop_and_other_segments_there_are() -> None:
    assert not differences([], [kernel("NOT_SPECIFIED", "tcp_v4_rcv", RST)])
    assert not differences([], [kernel("NOT_SPECIFIED", "tcp_v4_rcv", SYN)])
    assert differences([], [kernel("NOT_SPECIFIED", "tcp_v4_rcv", ACK)])
    assert all(why for _, _, why in NO_DROPS)


def test_an_arp_message_is_named_as_one() -> None:
    (ended,) = recorded([kernel("NO_TX_TARGET", "vxlan_xmit", WHO_HAS + bytes(100), protocol=ARP)], PORTS)
    assert ended.name == "ARP who-has 10.244.1.3 tell 10.244.1.2"


def test_a_packet_of_a_protocol_that_no_journey_has_is_left_out() -> None:
    igmp = SYN[:9] + b"\x02" + SYN[10:]
    assert decoded(kernel("NOT_SPECIFIED", "igmp_rcv", igmp)) is None


def test_the_drops_of_a_walk_are_those_of_its_steps() -> None:
    case = CASES["another VNI"]
    ended = list(computed(walk(case.machines(), case.probes, 0), PORTS))
    assert [(dead.netns, dead.why) for dead in ended] == [("node2", "VXLAN_VNI_NOT_FOUND in vxlan_rcv")] * 4
    assert ended[0].name == f"VXLAN 192.168.1.10 > 192.168.2.10 [{SYN_WORDS}]"
