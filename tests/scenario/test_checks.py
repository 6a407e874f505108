"""What no field can tell alone: names that point nowhere, addresses that two things have, ports that collide."""

import pytest

from app.controlplane.flannel import BACKEND_DATA
from tests.scenario.small import SMALL, faults, node, pod, service, spoilt


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (spoilt(("podIP: 10.244.1.3", "podIP: 10.244.1.2")), "Pod/b.status.podIP: address 10.244.1.2 is Pod/a's already"),
        (spoilt(("podIP: 10.244.1.3", "podIP: 192.168.1.10")), "address 192.168.1.10 is Node/n1's already"),
        (spoilt(("podIP: 10.244.1.3", "podIP: 10.244.2.7")), "10.244.2.7 is outside 10.244.1.0/24 of n1"),
        (spoilt(("podIP: 10.244.1.3", "podIP: 10.244.1.1")), "10.244.1.1 is not a pod's to have in 10.244.1.0/24"),
        (spoilt(("podIP: 10.244.1.3", "podIP: 10.244.1.255")), "10.244.1.255 is not a pod's to have"),
        (spoilt(("  nodeName: n1\n", "")), "Pod/a.spec.nodeName: is missing, expected the name of a Node: n1, n2"),
        (spoilt(("nodeName: n1", "nodeName: n9")), "Pod/a.spec.nodeName: there is no Node 'n9', expected one of n1, n2"),
        (SMALL + pod("a", "n2", "10.244.2.9"), "Pod/a.metadata.name: is there twice, first on line"),
        (SMALL + node("n1", "10.244.3.0/24", "192.168.3.10"), "Node/n1.metadata.name: is there twice"),
        (SMALL + node("n3", "10.244.3.0/24", "192.168.1.10"), "address 192.168.1.10 is Node/n1's already"),
        (SMALL + node("n3", "10.244.3.0/31", "192.168.3.10"), "10.244.3.0/31 has no room for pods"),
        (SMALL + node("cloud", "10.244.3.0/24", "192.168.3.10"), "cloud names a machine outside"),
        (SMALL + node("n3", "10.244.3.0/24", "some.host"), "addresses[0].address: is 'some.host', expected an IP address"),
        (spoilt(("InternalIP", "Hostname")), "Node/n1.status.addresses: has no InternalIP, expected an IPv4 one"),
        (spoilt(("{name: n1}", "{name: n1, annotations: {packet-journeys/mac: x}}")), "is 'x', expected a MAC such as"),
        (spoilt(("{name: n1}", f"{{name: n1, annotations: {{{BACKEND_DATA}: x}}}}")), "is 'x', expected JSON such as"),
        (spoilt(("{name: n1}", f"{{name: n1, annotations: {{{BACKEND_DATA}: '{{\"VNI\": 0}}'}}}}")), "expected JSON such as"),
        (SMALL + service("w2", "10.96.0.80", 30081), "cluster IP 10.96.0.80 is Service/web's already"),
        (SMALL + service("w2", "10.96.0.81", 30080), "node port 30080 TCP is Service/web's already"),
        (SMALL + service("w2", "10.1.0.1", 30081), "10.1.0.1 is outside 10.96.0.0/12, expected an address of network.serviceCIDR"),
        (spoilt(("targetPort: http,", "")).replace("30080}", "30080}\n    - {port: 81}"), "ports[1].name: is missing"),
        (spoilt(("30080}", "30080}\n    - {name: b, port: 80}")), "ports[1].port: 80 is there twice"),
        (spoilt(("30080}", "30080}\n    - {name: http, port: 81}")), "ports[1].name: http is there twice"),
        (SMALL[: SMALL.index("  ports:\n    - {name: http, port")], "Service/web.spec.ports: is empty"),
    ],
)  # fmt: skip
def test_a_cluster_that_cannot_be_is_refused(text: str, says: str) -> None:
    found = faults(text)
    assert any(says in fault for fault in found), "\n".join(found)
    assert all(fault.startswith("f.yaml:") for fault in found)


def test_nobody_complains_of_an_object_that_has_a_fault_of_its_own() -> None:
    assert len(faults(spoilt(("podCIDR: 10.244.1.0/24", "podCIDR: nonsense")))) == 1


def test_two_namespaces_of_one_name_cannot_be() -> None:
    shop = pod("c", "n1", "10.244.1.8").replace("name: c,", "name: c, namespace: shop,")
    (fault,) = faults(SMALL + pod("shop.c", "n1", "10.244.1.9") + shop)
    assert "network namespace n1/shop.c is Pod/shop.c's already" in fault


def test_an_ingress_names_its_port() -> None:
    backend = "rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]"
    text = (
        SMALL
        + f"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i}}\nspec: {{{backend}}}\n"
    )
    assert "paths[0].backend.service.port: is missing, expected a number or a name" in faults(text)[0]


def test_a_slice_holds_addresses() -> None:
    text = SMALL + (
        "---\nkind: EndpointSlice\nmetadata: {name: s}\nendpoints: [{addresses: [nowhere]}]\naddressType: IPv4\n"
    )
    assert (
        "EndpointSlice/s.endpoints[0].addresses[0]: is 'nowhere', expected an IPv4 address" in faults(text)[0]
    )
