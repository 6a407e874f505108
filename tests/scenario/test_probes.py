"""Probes become acts in order."""

import pytest

from app.process.programs import Probe, Restart
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
