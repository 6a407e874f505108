"""Ids and origins in words."""

import pytest

from app.kernel.origin import KERNEL, Origin
from app.story.names import device, machine, route_words, who
from tests.worlds import route


@pytest.mark.parametrize(
    ("netns", "name"), [("node1", "node1"), ("node1/pod1", "pod1"), ("node1/shop.pod1", "shop.pod1")]
)
def test_a_namespace_is_called_by_its_last_name(netns: str, name: str) -> None:
    assert machine(netns) == name


def test_a_device_is_called_with_its_machine() -> None:
    assert device("node1/pod1", "eth0") == "eth0 of pod1"
    assert device("node1/pod1", None) == "pod1"


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (None, "the kernel itself"),
        (KERNEL, "the kernel itself"),
        (Origin("flanneld"), "flanneld"),
        (Origin("kube-proxy", "Service/default/web"), "kube-proxy for Service/default/web"),
    ],
)
def test_a_writer_is_named_with_the_object_it_wrote_for(origin: Origin | None, name: str) -> None:
    assert who(origin) == name


def test_a_route_is_told_as_one_would_say_it() -> None:
    assert route_words(route("default via 10.244.1.1 dev eth0")) == "the default route via 10.244.1.1 on eth0"
    assert route_words(route("10.244.2.0/24 dev cbr0")) == "10.244.2.0/24, on-link on cbr0"
