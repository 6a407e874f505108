"""A sandbox leaves nothing behind and touches nothing, and says which command failed."""

import subprocess

import pytest

from app.lab import sandbox
from app.lab.job import Command, Errand, Job, Reading, Server, Sysctl
from app.lab.sandbox import LabError
from tests.lab.cable import CABLE, PAIR

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("kernel")]


def job(**more: object) -> Job:
    return Job(("a", "b"), (), CABLE, **more)  # type: ignore[arg-type]


def links() -> str:
    return subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout


def test_a_request_and_its_answer_are_seen_from_both_ends() -> None:
    request = b"GET / HTTP/1.1\r\nHost: b\r\n\r\n"
    server = Server("b", "http", "tcp", 8080, ("hello",))
    recording = sandbox.run(
        job(servers=(server,), errands=(Errand("a", "tcp", 40001, "10.0.0.2", 8080, request, 2),))
    )
    assert recording.answers[0].error is None
    assert recording.answers[0].octets.endswith(b"hello")
    seen = {(frame.netns, frame.device, frame.outgoing) for frame in recording.frames}
    assert seen == {("a", "a0", True), ("a", "a0", False), ("b", "b0", True), ("b", "b0", False)}
    assert [frame for frame in recording.frames if request in frame.octets], "frames are captured whole"


def test_an_echo_comes_back_and_a_closed_port_is_refused() -> None:
    echo = Server("b", "echo", "udp", 5353)
    open_, closed = (Errand("a", "udp", 40001 + n, "10.0.0.2", 5353 + n, b"hi", 2) for n in (0, 1))
    recording = sandbox.run(job(servers=(echo,), errands=(open_, closed)))
    assert [(answer.error, answer.octets) for answer in recording.answers] == [
        (None, b"hi"),
        ("ECONNREFUSED", b""),
    ]


def test_a_failing_command_is_quoted_and_nothing_stays() -> None:
    before = links()
    wrong = Command("a", ("ip", "-batch", "-"), "link set nothing up\n")
    with pytest.raises(LabError, match=r"ip -batch - in a: .*nothing"):
        sandbox.run(Job(("a", "b"), (), (PAIR, wrong)))
    assert links() == before, "the machine's own devices are as they were"


def test_a_sysctl_is_written_in_one_namespace_alone() -> None:
    name = "net.ipv4.ip_forward"
    readings = tuple(Reading(netns, f"sysctl {name}") for netns in ("a", "b"))
    settings = (Sysctl("a", name, "1"), Sysctl("b", name, "0"))
    recording = sandbox.run(Job(("a", "b"), settings, (), readings=readings))
    assert recording.text("a", f"sysctl {name}") == f"{name} = 1\n"
    assert recording.text("b", f"sysctl {name}") == f"{name} = 0\n"


def test_names_of_namespaces_may_hold_a_slash() -> None:
    recording = sandbox.run(Job(("a/b",), (), (), readings=(Reading("a/b", "ip -brief link"),)))
    assert recording.text("a/b", "ip -brief link").startswith("lo"), (
        "a new namespace has a loopback and nothing else"
    )


def test_changes_break_what_was_built_before_anything_is_read() -> None:
    echo = Server("b", "echo", "udp", 5353)
    change = Command("b", ("ip", "address", "del", "10.0.0.2/24", "dev", "b0"))
    address = Reading("b", "ip -brief address show b0"), Reading("a", "ip neigh")
    recording = sandbox.run(
        job(
            servers=(echo,),
            errands=(Errand("a", "udp", 40001, "10.0.0.2", 5353, b"hi", 0.1),),
            changes=(change,),
            before=address,
            readings=address,
        )
    )
    assert "10.0.0.2" not in recording.before["b"]["ip -brief address show b0"]
    assert recording.before["a"]["ip neigh"] == "", "nobody has asked for anybody yet"
    assert "10.0.0.2 dev a0" in recording.text("a", "ip neigh"), "and after the errand somebody has"
    assert recording.answers[0].error == "ETIMEDOUT", "nobody has that address any more"


def test_a_change_that_the_machine_refuses_is_quoted() -> None:
    change = Command("b", ("ip", "route", "del", "10.9.0.0/16"))
    with pytest.raises(LabError, match=r"ip route del 10.9.0.0/16 in b: .*No such process"):
        sandbox.run(job(changes=(change,)))
