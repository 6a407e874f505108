"""Probes become acts in order."""

import pytest

from app.process.programs import Probe, Restart
from app.scenario.assemble import Override
from app.wire.packet import HttpRequest, Text
from tests.scenario.small import faults, read, spoilt

PROBE = "- {from: pod/a, to: pod/b}"


def test_acts_keep_their_order_and_every_probe_its_own_source_port() -> None:
    acts = f"{PROBE}\n  - restart: {{pod: b, container: app}}\n  {PROBE}"
    scenario = read(spoilt((PROBE, acts)))
    assert [type(act) for act in scenario.acts] == [Probe, Restart, Probe]
    assert [act.sport for act in scenario.acts if isinstance(act, Probe)] == [40001, 40002]
    assert scenario.acts[1] == Restart("n1/b", "app")


def test_a_time_limit_is_in_seconds() -> None:
    (probe,) = read(spoilt((PROBE, "- {from: pod/a, to: pod/b, timeoutSeconds: 1.5}"))).acts
    assert isinstance(probe, Probe)
    assert probe.timeout == 1_500_000


@pytest.mark.parametrize(
    ("probe", "says"),
    [
        ("- {from: pod/a}", "probes[0].to: is missing, expected from and to, or restart"),
        ("- {to: pod/a}", "probes[0].from: is missing"),
        ("- {from: pod/x, to: pod/b}", "probes[0].from: nothing is called 'pod/x'"),
        ("- {from: pod/a, to: svc/x}", "probes[0].to: nothing is called 'svc/x', expected svc/web, or"),
        ("- restart: {pod: pod/x, container: app}", "probes[0].restart.pod: nothing is called 'pod/x'"),
        ("- restart: {pod: pod/b, container: web}", "restart.container: there is no container 'web' in pod/b, expected one of app"),
        ("- restart: {pod: pod/b, container: app}", "probes: restarts alone send nothing"),
        ("- {from: pod/a, to: pod/b, protocol: sctp}", "protocol: is 'sctp', expected one of icmp, tcp, udp"),
    ],
)  # fmt: skip
def test_a_probe_that_cannot_be_is_refused(probe: str, says: str) -> None:
    (fault,) = faults(spoilt((PROBE, probe)))
    assert says in fault, fault


def test_how_much_a_datagram_carries_and_whether_it_may_be_cut() -> None:
    spec = "- {from: pod/a, to: pod/b, protocol: udp, octets: 1480, dontFragment: false}"
    (large,) = read(spoilt((PROBE, spec))).acts
    assert isinstance(large, Probe) and isinstance(large.message, Text)
    assert (large.message.size, large.message.data[:12], large.pmtudisc) == (1480, "hello hello ", "dont")
    (ping,) = read(spoilt((PROBE, spec.replace("udp", "icmp")))).acts
    assert isinstance(ping, Probe)
    assert (ping.octets, ping.message, ping.pmtudisc) == (1480, None, "dont")


def test_a_request_is_made_large_by_a_cookie() -> None:
    (large,) = read(spoilt(("{from: pod/a, to: pod/b}", "{from: pod/a, to: pod/b, octets: 2000}"))).acts
    assert isinstance(large, Probe) and isinstance(large.message, HttpRequest)
    assert large.message.size == 2000
    assert [name for name, _ in large.message.headers] == ["Cookie"]


def test_what_is_said_of_one_protocol_is_not_said_of_another_in_its_place() -> None:
    spec = "- {from: pod/a, to: pod/b, protocol: udp, octets: 1480, dontFragment: false}"
    text = spoilt((PROBE, spec))
    (kept,) = read(text, override=Override(to="pod/c")).acts
    (other,) = read(text, override=Override(protocol="tcp")).acts
    assert isinstance(kept, Probe) and isinstance(kept.message, Text) and isinstance(other, Probe)
    assert (kept.message.size, kept.pmtudisc, other.pmtudisc) == (1480, "dont", "want")


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("octets: 20", "probes[0].octets: is 20, expected at least 51 for this request"),
        ("dontFragment: false", "probes[0].dontFragment: is false, expected so with udp and icmp only"),
        ("protocol: udp, octets: 70000", "probes[0].octets: is 70000, expected 1 to 65507 octets"),
    ],
)
def test_sizes_that_cannot_be_are_refused(field: str, says: str) -> None:
    (fault,) = faults(spoilt(("{from: pod/a, to: pod/b}", f"{{from: pod/a, to: pod/b, {field}}}")))
    assert says in fault
