"""What somebody typed breaks the computed world as it breaks the real one: frames, drops, look-ups, tables, all outputs."""

import pytest

from tests.lab.agreement import agrees_with_the_kernel
from tests.lab.typed import CASES

CHOICE = (
    "the node's NIC is down, through the tunnel",
    "the receiver's own end is down",
    "the bridge is down",
    "the gateway has no address",
    "the node has no default route, through the tunnel",
    "a MAC that the bridge takes for its own",
    "a bridge that listens to all",
    "a loop of routes",
    "a strict reverse path",
    "another VNI",
    "forwarding is dropped, neighbours",
    "no forwarding",
    "no translation at all",
    "no VTEP in the FDB",
)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", CHOICE)
def test_a_telling_choice(name: str) -> None:
    agrees_with_the_kernel(name, CASES[name], outputs=True)


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", [name for name in CASES if name not in CHOICE])
def test_all_the_others(name: str) -> None:
    agrees_with_the_kernel(name, CASES[name], outputs=True)
