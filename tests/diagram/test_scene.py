"""Every picture that can be asked for: nothing lies on anything else, and the same world is drawn the same."""

from itertools import combinations

import pytest

from app.diagram.scene import scene
from app.diagram.shapes import Scene
from tests.diagram import worlds

SOLID = {"device", "bridge", "tunnel", "route", "hooks", "process"}
PICTURES = {
    "one node, one child": worlds.lone(1),
    "one node, three children": worlds.lone(3),
    "one node, six children": worlds.lone(6),
    "one node and a client": worlds.world(1, outside=True),
    "two nodes": worlds.world(),
    "two nodes, a tunnel": worlds.world(tunnel=True),
    "two nodes and a client": worlds.world(outside=True),
    "two nodes, a client, a balancer": worlds.world(outside=True, balancer=True),
    "two nodes of three, a client": worlds.world(2, 3, outside=True),
    "two nodes on a switch": worlds.switched(),
    "two nodes and a pigeon": worlds.flown(),
    "three nodes of six": worlds.world(3, 6, tunnel=True),
}
pictures = pytest.mark.parametrize("world", PICTURES.values(), ids=PICTURES)


@pytest.fixture
def picture(world: object) -> Scene:
    return scene(world)  # type: ignore[arg-type]


@pictures
def test_no_label_touches_another_even_at_the_size_for_a_projector(picture: Scene) -> None:
    labels = [(label, shape.id) for shape in picture.shapes for label in shape.labels]
    touching = [
        (a.text, one, b.text, other)
        for (a, one), (b, other) in combinations(labels, 2)
        if a.box.touches(b.box)
    ]
    assert not touching


@pictures
def test_no_device_hides_another_or_the_label_of_another(picture: Scene) -> None:
    solid = [shape for shape in picture.shapes if shape.kind in SOLID]
    assert not [(a.id, b.id) for a, b in combinations(solid, 2) if a.box.touches(b.box)]
    hidden = [
        (label.text, shape.id, "under", device.id)
        for shape in picture.shapes
        for label in shape.labels
        for device in solid
        if device.id != shape.id and label.box.touches(device.box)
    ]
    assert not hidden


@pictures
def test_names_fit_into_what_they_name(picture: Scene) -> None:
    wide = [
        (label.text, label.box.w, shape.box.w)
        for shape in picture.shapes
        if shape.kind in SOLID
        for label in shape.labels
        if label.role != "address" and label.box.w > shape.box.w
    ]
    assert not wide


@pictures
def test_everything_is_inside_the_picture(picture: Scene) -> None:
    outside = [
        shape.id
        for shape in picture.shapes
        if shape.box.x < 0 or shape.box.right > picture.width or shape.box.bottom > picture.height
    ]
    assert not outside


@pictures
def test_a_capsule_rests_beside_devices_not_on_them(picture: Scene) -> None:
    """A lane is free over the whole width of its machine, 28 units up and down: as high as a tunnelled capsule."""
    for station in picture.stations.values():
        in_lane = [
            shape.id
            for shape in picture.shapes
            if shape.kind in SOLID
            and shape.box.y < station.lane + 22
            and shape.box.bottom > station.lane - 22
            and station.left <= shape.box.centre[0] <= station.right
        ]
        assert not in_lane, f"{station.id} rests on {in_lane}"


@pictures
def test_the_same_world_is_drawn_the_same(world: object) -> None:
    assert scene(world) == scene(world)  # type: ignore[arg-type]


def test_every_device_of_the_world_is_a_station_but_what_is_not_seen() -> None:
    world = worlds.world(tunnel=True)
    drawn = set(scene(world).stations)
    devices = {f"{ns.id}/{name}" for ns in world.netns.values() for name in ns.config.devices if name != "lo"}
    assert devices <= drawn
    assert not [station for station in drawn if station.endswith("/lo")]
    assert "node1/pod1/lo" in scene(world, {"node1/pod1/lo", "node1"}).stations


def test_a_cloud_that_no_packet_visits_is_left_out_but_nodes_stay() -> None:
    drawn = {shape.id for shape in scene(worlds.world(), {"node1", "node1/pod1"}).shapes}
    assert "cloud" not in drawn
    assert "node2" in drawn


def test_hooks_are_drawn_only_where_there_are_rules() -> None:
    assert "node1#hooks" in scene(worlds.world(outside=True)).stations
    assert "node1#hooks" not in scene(worlds.world()).stations
