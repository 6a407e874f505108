"""The kernel's own account of the rules that packets hit, told as positions in iptables' chains."""

import subprocess
import sys

import pytest

from app.lab import sandbox
from app.lab.inside import netlink
from app.lab.job import Command, Errand, Hit, Job, Reading, Recording, Server
from app.lab.sandbox import UNSHARE
from tests.lab.cable import CABLE

kernel = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]
RULES = """*mangle
-A PREROUTING -p tcp
-A PREROUTING -p udp -j MARK --set-xmark 0x4/0x4
COMMIT
*filter
:INPUT DROP
:OWN -
-A INPUT -p icmp
-A INPUT -j OWN
-A INPUT -m mark --mark 0x4/0x4 -j ACCEPT
-A OWN -p udp -j RETURN
-A OWN -j DROP
COMMIT
"""
SAVED = "iptables-save"


def record(*, traced: bool = True, change: str = "", protocol: str = "udp") -> Recording:
    """`a` asks an echo in `b`, which has rules."""
    return sandbox.run(
        Job(
            ("a", "b"),
            (),
            (*CABLE, Command("b", ("iptables-restore",), RULES)),
            (Server("b", "echo", "udp", 5353),),
            (Errand("a", protocol, 40001, "10.0.0.2", 5353, b"hello", 0.2),),
            (Reading("b", SAVED),),
            (Command("b", tuple(change.split())),) if change else (),
            (Reading("b", SAVED),),
            traced,
        )
    )


def told(hits: tuple[Hit, ...]) -> list[str]:
    return [
        f"{hit.table} {hit.chain} {'-' if hit.position is None else hit.position} {hit.verdict}"
        for hit in hits
        if hit.table != "mangle" or hit.chain == "PREROUTING"
    ]


class TestInTheKernel:
    pytestmark = kernel

    def test_every_hit_is_told_by_its_position_with_its_verdict(self) -> None:
        recording = record()
        assert recording.answers[0].octets == b"hello"
        assert recording.untraced is None
        assert told(recording.hits) == [
            "mangle PREROUTING 1 continue",
            "mangle PREROUTING - continue",
            "mangle PREROUTING - accept",
            "filter INPUT 1 jump",
            "filter OWN 0 return",
            "filter INPUT 2 accept",
        ]

    def test_the_first_hit_in_a_table_says_which_packet_and_by_which_device(self) -> None:
        first, *more = record().hits
        assert (first.netns, first.iif, first.oif, first.mark) == ("b", "b0", None, 4)
        assert first.octets[12:20].hex(".") == "0a.00.00.01.0a.00.00.02", "from 10.0.0.1 to 10.0.0.2"
        assert int.from_bytes(first.octets[20:22], "big") == 40001
        assert not more[0].octets and more[0].skb == first.skb, "the same packet, told of before"

    def test_a_policy_is_told_as_one(self) -> None:
        recording = record(change="iptables -D INPUT 3")
        assert recording.answers[0].error == "ETIMEDOUT"
        assert told(recording.hits)[-1] == "filter INPUT - drop"

    def test_positions_are_those_after_the_changes(self) -> None:
        hits = told(record(change="iptables -I INPUT 1 -p tcp").hits)
        assert "filter INPUT 2 jump" in hits, "every rule of the chain is one place further down"

    def test_tracing_is_in_no_reading_of_the_rules(self) -> None:
        recording = record()
        before, after = (recording.before["b"][SAVED], recording.texts["b"][SAVED])
        assert "-A OWN -p udp -j RETURN" in after
        assert "lab" not in after and "nftrace" not in after
        lines = [[line for line in text.splitlines() if line.startswith("-A")] for text in (before, after)]
        assert lines[0] == lines[1]

    def test_where_it_was_not_asked_for_there_are_none_and_the_recording_says_so(self) -> None:
        recording = record(traced=False)
        assert (recording.hits, recording.untraced) == ((), "rule hits were not asked for")

    def test_lost_messages_are_an_error(self) -> None:
        """The kernel keeps what fits into the socket's buffer, and says ENOBUFS once when it had more."""
        script = """
import socket
from app.lab.inside import nftrace
from app.lab.inside.namespaces import execute
from app.lab.job import Command
execute(Command(None, ("ip", "link", "set", "lo", "up")))
execute(Command(None, ("iptables", "-A", "INPUT", "-p", "udp")))
nftrace.RECEIVE_BUFFER = 4096
listening = nftrace.listening()
execute(Command(None, ("nft", "-f", "-"), nftrace.SWITCH_ON))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(100):
    sender.sendto(b"hello", ("127.0.0.1", 5353))
try:
    print(len(list(nftrace.waiting(listening))))
except OverflowError as fault:
    print(fault)
"""
        done = subprocess.run(
            [*UNSHARE, sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=False,
            cwd=sandbox.ROOM,
        )
        assert done.stdout == "the kernel had more rule hits to tell than it would keep\n", done.stderr


def test_attributes_are_read_whatever_flags_their_types_bear_and_padded_to_four_octets() -> None:
    nested = b"\x05\x00\x01\x80" + b"x" + bytes(3)
    octets = b"\x06\x00\x02\x40" + b"ab" + bytes(2) + nested
    assert netlink.attributes(octets) == {2: b"ab", 1: b"x"}


def test_one_recv_may_bring_several_messages() -> None:
    first = netlink.MESSAGE.pack(netlink.MESSAGE.size + 3, 7, 0, 1, 0) + b"abc" + b"\0"
    second = netlink.MESSAGE.pack(netlink.MESSAGE.size, 8, 0, 1, 0)
    assert list(netlink.messages(first + second)) == [(7, b"abc"), (8, b"")]


def test_text_and_numbers_are_as_nf_tables_writes_them() -> None:
    assert netlink.text(b"nat\0") == "nat"
    assert netlink.number(b"\0\0\0\x0a") == 10
