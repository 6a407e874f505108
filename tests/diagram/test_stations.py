"""Where a step is shown."""

import pytest

from app.diagram.scene import scene
from app.diagram.stations import station
from tests.diagram import worlds

PICTURE = scene(worlds.world(outside=True, tunnel=True))
BARE = scene(worlds.world())


@pytest.mark.parametrize(
    ("event", "netns", "device", "expected"),
    [
        ("Received", "node1", "node1/vethxxx", "node1/vethxxx"),
        ("Transmitted", "node1/pod1", "node1/pod1/eth0", "node1/pod1/eth0"),
        ("RouteLookedUp", "node1", None, "node1#route"),
        ("Forwarded", "cloud", "cloud/inet0", "cloud#route"),
        ("HookPassed", "node1", None, "node1#hooks"),
        ("Translated", "node1", "node1/cbr0", "node1#hooks"),
        ("RouteLookedUp", "node1/pod1", None, "node1/pod1#process"),
        ("MessageRead", "node2/pod4", None, "node2/pod4#process"),
        ("Encapsulated", "node1", "node1/flannel.1", "node1/flannel.1"),
        ("NeighHeld", "node1", "node1/eth0", "node1/eth0"),
        ("MessageRead", "client", None, "client#process"),
    ],
)
def test_a_step_has_a_place(event: str, netns: str, device: str | None, expected: str) -> None:
    assert station(PICTURE, event, netns, device) == expected


def test_learning_happens_at_the_bridge_not_at_its_port() -> None:
    assert station(PICTURE, "FdbLearned", "node1", "node1/vethxxx", "node1/cbr0") == "node1/cbr0"
    assert station(PICTURE, "Received", "node1", "node1/vethxxx", "node1/cbr0") == "node1/vethxxx"


def test_without_a_gate_the_hooks_are_where_routing_is() -> None:
    assert station(BARE, "HookPassed", "node1", None) == "node1#route"


def test_what_is_not_drawn_has_no_place() -> None:
    assert station(PICTURE, "Received", "nowhere", "nowhere/eth0") is None
