"""Who is behind a Service, and whom one node uses."""

from typing import Any

from app.kube.cluster import ClusterIndex
from app.kube.endpoints import Backend, Choice, backends_of, choose
from app.kube.objects import (
    Cluster,
    Container,
    ContainerPort,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Node,
    Pod,
    Service,
    ServicePort,
)

HERE = Node("here", "192.168.1.10", "10.244.1.0/24", labels=(("topology.kubernetes.io/zone", "east"),))
PORT = ServicePort(80, "http", target_port="web")
NODE_PORT = ServicePort(80, "http", target_port="web", node_port=30080)


def service(**fields: Any) -> Service:
    return Service("web", "default", "10.96.0.80", (PORT,), (("app", "web"),), **fields)


def pod(name: str, address: str, port: int, **fields: Any) -> Pod:
    container = Container("c", ports=(ContainerPort(port, "web"),))
    return Pod(name, "default", "here", address, (container,), (("app", "web"),), **fields)


def keys(backends: tuple[Backend, ...]) -> list[str]:
    return [backend.key for backend in backends]


def behind(cluster: Cluster) -> tuple[Backend, ...]:
    return backends_of(ClusterIndex(cluster), service(), PORT)


# --- slices ----------------------------------------------------------------------------------------------------------


def test_a_selector_makes_endpoints_and_a_named_port_is_asked_of_each_pod() -> None:
    found = behind(Cluster(pods=(pod("a", "10.244.1.9", 8080), pod("b", "10.244.1.8", 9090))))
    assert keys(found) == ["10.244.1.8:9090", "10.244.1.9:8080"]
    assert found[1].endpoint.target == "Pod/default/a"


def test_a_pod_without_the_named_port_is_no_endpoint() -> None:
    odd = Pod("odd", "default", "here", "10.244.1.7", labels=(("app", "web"),))
    assert keys(behind(Cluster(pods=(odd, pod("a", "10.244.1.9", 8080))))) == ["10.244.1.9:8080"]


def test_a_pod_that_is_not_ready_is_listed_but_not_used() -> None:
    (found,) = behind(Cluster(pods=(pod("a", "10.244.1.9", 8080, ready=False),)))
    assert not found.ready
    assert choose(service(), PORT, (found,), HERE) == Choice()


def test_slices_of_the_file_go_before_the_selector() -> None:
    slice_ = EndpointSlice(
        "s", "default", "web", (Endpoint("192.0.2.1"),), (EndpointPort(7, "http"), EndpointPort(8, "x"))
    )
    assert keys(behind(Cluster(pods=(pod("a", "10.244.1.9", 8080),), slices=(slice_,)))) == ["192.0.2.1:7"]


def test_endpoints_are_sorted_as_texts() -> None:
    addresses = ("10.0.0.9", "10.0.0.10", "10.2.2.2", "10.2.2.22")
    slice_ = EndpointSlice(
        "s", "default", "web", tuple(map(Endpoint, addresses)), (EndpointPort(80, "http"),)
    )
    assert keys(behind(Cluster(slices=(slice_,)))) == [
        "10.0.0.10:80",
        "10.0.0.9:80",
        "10.2.2.22:80",
        "10.2.2.2:80",
    ]


def test_of_twins_the_one_that_stays_is_kept() -> None:
    ending = Endpoint("10.0.0.1", ready=False, terminating=True)
    for order in ((ending, Endpoint("10.0.0.1")), (Endpoint("10.0.0.1"), ending)):
        slice_ = EndpointSlice("s", "default", "web", order, (EndpointPort(80, "http"),))
        assert [b.ready for b in behind(Cluster(slices=(slice_,)))] == [True]


# --- the choice of one node ------------------------------------------------------------------------------------------


def backend(name: str, node: str = "here", **fields: Any) -> Backend:
    return Backend(name, 80, Endpoint(name, node, **fields))


def names(choice: Choice) -> dict[str, str]:
    """Each set as the letters of its members."""
    sets = {"cluster": choice.cluster, "local": choice.local, "reachable": choice.reachable}
    return {which: "".join(b.address for b in found) for which, found in sets.items()}


def chosen(*backends: Backend, port: ServicePort = NODE_PORT, **fields: Any) -> Choice:
    return choose(service(**fields), port, backends, HERE)


def draining(name: str, node: str = "here") -> Backend:
    return backend(name, node, ready=False, terminating=True)


def test_without_policies_every_ready_endpoint_is_used() -> None:
    choice = chosen(backend("a"), backend("b", "there"), backend("c", ready=False))
    assert names(choice) == {"cluster": "ab", "local": "", "reachable": "ab"}
    assert choice.any


def test_external_policy_local_needs_both_sets() -> None:
    choice = chosen(backend("a"), backend("b", "there"), external_traffic_policy="Local")
    assert names(choice) == {"cluster": "ab", "local": "a", "reachable": "ab"}


def test_external_policy_local_means_nothing_to_a_service_that_is_not_reached_from_outside() -> None:
    assert names(chosen(backend("a"), port=PORT, external_traffic_policy="Local"))["local"] == ""


def test_internal_policy_local_alone_uses_this_node_and_knows_of_the_others() -> None:
    choice = chosen(backend("b", "there"), port=PORT, internal_traffic_policy="Local")
    assert names(choice) == {"cluster": "", "local": "", "reachable": ""}
    assert choice.any, "somebody is there, so silence and no refusal"


def test_when_nobody_is_ready_those_that_end_still_serve() -> None:
    assert names(chosen(draining("a"), draining("b", "there"))) == {
        "cluster": "ab",
        "local": "",
        "reachable": "ab",
    }
    assert names(chosen(draining("a"), backend("b", "there")))["cluster"] == "b"


def test_a_local_endpoint_that_ends_is_reachable_beside_the_ready_ones_elsewhere() -> None:
    choice = chosen(draining("a"), backend("b", "there"), external_traffic_policy="Local")
    assert names(choice) == {"cluster": "b", "local": "a", "reachable": "ab"}


def test_nobody_at_all_is_nobody() -> None:
    assert not chosen().any
    assert not chosen(backend("a", ready=False), external_traffic_policy="Local").any


def test_hints_keep_traffic_in_the_zone_if_every_endpoint_has_them() -> None:
    east, west = backend("e", "there", for_zones=("east",)), backend("w", "there", for_zones=("west",))
    assert names(chosen(east, west))["cluster"] == "e"
    assert names(chosen(east, west, backend("x")))["cluster"] == "ewx", "one without hints turns them off"
    assert names(chosen(west))["cluster"] == "w", "nobody in this zone turns them off too"


def test_hints_for_a_node_go_before_hints_for_a_zone() -> None:
    here = backend("h", for_nodes=("here",), for_zones=("east",))
    there = backend("t", "there", for_nodes=("there",), for_zones=("east",))
    assert names(chosen(here, there))["cluster"] == "h"


def test_local_sets_ignore_hints_and_the_union_is_reachable() -> None:
    east, local = backend("e", "there", for_zones=("east",)), backend("l", for_zones=("west",))
    choice = chosen(east, local, external_traffic_policy="Local")
    assert names(choice) == {"cluster": "e", "local": "l", "reachable": "el"}
