"""What somebody typed breaks the computed world as it breaks the real one: frames, drops, look-ups, tables, all outputs."""

import pytest

from app.lab.compare import differences_of_any
from app.lab.record import record
from tests.lab.typed import CASES

CHOICE = (
    "the node's NIC is down, through the tunnel",
    "the receiver's own end is down",
    "the bridge is down",
    "the gateway has no address",
    "the node has no default route, through the tunnel",
    "a MAC that the bridge takes for its own",
    "another VNI",
    "no translation at all",
)


def agrees_with_the_kernel(name: str) -> None:
    case = CASES[name]
    machines = case.machines()
    recording = record(case.built(), case.acts, changes=case.commands, outputs=True)
    found = differences_of_any(machines, case.acts, recording)
    assert not found, "\n".join((f"{name}: the kernel did something else:", *found))


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", CHOICE)
def test_a_telling_choice(name: str) -> None:
    agrees_with_the_kernel(name)


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", [name for name in CASES if name not in CHOICE])
def test_all_the_others(name: str) -> None:
    agrees_with_the_kernel(name)
