"""Packets keep to the wires."""

from itertools import pairwise

import pytest

from app.diagram.paths import Ways, svg
from app.diagram.scene import scene
from app.diagram.shapes import Point, Scene
from tests.diagram import worlds

PICTURES = {
    "tunnel": scene(worlds.world(tunnel=True)),
    "balancer": scene(worlds.world(outside=True, balancer=True)),
    "switch": scene(worlds.switched()),
    "pigeon": scene(worlds.flown()),
}


def on_a_wire(picture: Scene, a: Point, b: Point) -> bool:
    """Does the piece lie on one drawn piece?  Both ends on it will do, for it is straight."""
    pieces = [piece for wire in picture.wires for piece in pairwise(wire.way)]
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    return any(on(p, middle, q) for p, q in pieces)


def on(p: Point, m: tuple[float, float], q: Point) -> bool:
    cross = (q[0] - p[0]) * (m[1] - p[1]) - (q[1] - p[1]) * (m[0] - p[0])
    inside = min(p[0], q[0]) <= m[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= m[1] <= max(p[1], q[1])
    return abs(cross) < 1e-9 and inside


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_every_way_between_two_stations_lies_on_drawn_wires(picture: Scene) -> None:
    ways = Ways(picture)
    off = [
        (a, b)
        for a in picture.stations
        for b in picture.stations
        if a != b and not all(on_a_wire(picture, *piece) for piece in pairwise(ways.way(a, b)))
    ]
    assert not off, off[:5]


def test_a_way_back_is_the_way_reversed() -> None:
    ways = Ways(PICTURES["tunnel"])
    there = ways.way("node1/pod1#process", "node2/pod4#process")
    assert ways.way("node2/pod4#process", "node1/pod1#process") == there[::-1]


def test_between_ports_of_a_bridge_a_frame_goes_along_the_bar() -> None:
    picture = PICTURES["tunnel"]
    bar = picture.stations["node1/cbr0"].y
    way = Ways(picture).way("node1/vethxxx", "node1/vethyyy")
    assert [y for _, y in way[1:-1]] == [bar, bar]


def test_a_tunnel_is_entered_by_the_gate() -> None:
    picture = PICTURES["tunnel"]
    gate = picture.stations["node1#hooks"]
    way = Ways(picture).way("node1/flannel.1", "node1/eth0")
    assert (gate.x, gate.y) in way


def test_path_data_is_absolute_and_short() -> None:
    assert svg(((0, 0), (0, 9), (5, 9), (7, 11))) == "M0 0V9H5L7 11"
    assert svg(()) == ""
