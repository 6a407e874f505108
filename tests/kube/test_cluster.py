"""Look-ups by name, node, label and owner."""

from app.kube.cluster import ClusterIndex
from app.kube.objects import Cluster, EndpointSlice, Node, Pod, Service

FRONT, BACK = ("tier", "front"), ("tier", "back")
SHOP = ("app", "shop")
PODS = (
    Pod("a", "default", "node1", "10.244.1.2", labels=(SHOP, FRONT)),
    Pod("b", "default", "node2", "10.244.2.2", labels=(SHOP, BACK)),
    Pod("a", "other", "node1", "10.244.1.3", labels=(SHOP, FRONT)),
)
SLICE = EndpointSlice("web-1", "default", "web", (), ())
INDEX = ClusterIndex(
    Cluster(
        (Node("node1", "192.168.1.10", "10.244.1.0/24"),),
        PODS,
        (Service("web", "default", None, ()),),
        (SLICE,),
    )
)


def test_objects_are_found_by_name_in_their_namespace() -> None:
    assert INDEX.pods["other", "a"].address == "10.244.1.3"
    assert INDEX.nodes["node1"].pod_cidr == "10.244.1.0/24"
    assert INDEX.services["default", "web"].cluster_ip is None


def test_pods_are_listed_by_node_and_slices_by_service() -> None:
    assert [pod.address for pod in INDEX.pods_on["node1"]] == ["10.244.1.2", "10.244.1.3"]
    assert INDEX.slices_of["default", "web"] == [SLICE]


def test_a_selector_sees_its_own_namespace_only() -> None:
    assert INDEX.selected("default", (SHOP,)) == [PODS[0], PODS[1]]
    assert INDEX.selected("default", (SHOP, BACK)) == [PODS[1]]
    assert INDEX.selected("default", (SHOP, ("tier", "none"))) == []
    assert INDEX.selected("default", ()) == []
