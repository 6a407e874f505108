"""Objects as `kubectl get -o yaml` prints them become one cluster."""

from app.kube.objects import EndpointSlice, IngressPath
from tests.scenario.small import SMALL, faults, pod, read, service, spoilt

LIST = """\
---
apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: d, namespace: shop, uid: 1234, creationTimestamp: "2024-01-01T00:00:00Z"}
    spec: {nodeName: n2, containers: [{name: app}]}
    status:
      podIP: 10.244.2.9
      podIPs: [{ip: 10.244.2.9}, {ip: "fd00::9"}]
      conditions: [{type: Ready, status: "False"}]
"""

DEPLOYMENT = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: app, ports: [{containerPort: 8080}]}]}
"""

SLICE = """\
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
  - addresses: [10.244.2.2]
    conditions: {ready: null, serving: true, terminating: true}
    nodeName: n2
    targetRef: {kind: Pod, name: c, namespace: default}
ports: [{name: http, port: 8080, protocol: TCP}]
"""

INGRESS = """\
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: web, port: {name: http}}}
  rules:
    - host: shop.example
      http: {paths: [{path: /a, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}]}
"""


def test_a_list_is_taken_apart_and_its_pods_keep_namespace_and_readiness() -> None:
    scenario = read(SMALL + LIST)
    found = next(own for own in scenario.cluster.pods if own.name == "d")
    assert (found.key, found.node, found.address, found.ready) == ("shop.d", "n2", "10.244.2.9", False)
    assert "shop" in scenario.cluster.namespaces
    assert scenario.notes == ("Pod/d.shop: fd00::9 left out, IPv6 is not simulated",)


def test_a_deployment_without_its_pods_makes_them_on_the_nodes_in_turn() -> None:
    scenario = read(SMALL + DEPLOYMENT)
    made = {
        own.name: (own.node, own.address) for own in scenario.cluster.pods if own.name.startswith("shop-")
    }
    assert made == {
        "shop-1": ("n1", "10.244.1.4"),
        "shop-2": ("n2", "10.244.2.3"),
        "shop-3": ("n1", "10.244.1.5"),
    }
    assert "Deployment/shop: its 3 pods were placed on the nodes in turn" in scenario.notes
    assert "Pod/shop-1 on n1 was given the address 10.244.1.4" in scenario.notes


def test_a_deployment_whose_pods_are_in_the_file_makes_none() -> None:
    text = SMALL + DEPLOYMENT + pod("shop", "n1", "10.244.1.9")
    assert [own.name for own in read(text).cluster.pods] == ["a", "b", "c", "shop"]


def test_a_deployment_of_too_many_pods_is_refused() -> None:
    (fault,) = faults(
        SMALL + DEPLOYMENT * 2 + DEPLOYMENT.replace("name: shop}", "name: big}").replace("3", "10000")
    )[-1:]
    assert "Deployment/big.spec.replicas: makes more than 10000 pods in all, expected fewer" in fault


def test_a_full_block_is_a_fault() -> None:
    text = spoilt(("podCIDR: 10.244.2.0/24", "podCIDR: 10.244.2.0/30")) + DEPLOYMENT
    assert any("finds no free address in 10.244.2.0/30 of n2" in fault for fault in faults(text))


def test_what_the_api_server_would_choose_is_chosen_and_noted() -> None:
    text = SMALL + service("other", '""', 30081).replace(", nodePort: 30081", "")
    scenario = read(text)
    other = scenario.cluster.services[1]
    assert (other.cluster_ip, other.ports[0].node_port) == ("10.96.0.2", 30000)
    assert scenario.notes == (
        "Service/other was given the cluster IP 10.96.0.2",
        "Service/other was given the node port 30000",
    )


def test_a_headless_service_has_no_address() -> None:
    headless = service("db", "None", 30081).replace("NodePort", "ClusterIP").replace(", nodePort: 30081", "")
    assert read(SMALL + headless).cluster.services[1].cluster_ip is None


def test_endpoint_slices_are_read_as_the_controller_writes_them() -> None:
    (found,) = read(SMALL + SLICE).cluster.slices
    assert isinstance(found, EndpointSlice)
    assert (found.service, found.ports[0].port, found.ports[0].name) == ("web", 8080, "http")
    (end,) = found.endpoints
    assert (end.address, end.node, end.ready, end.terminating) == ("10.244.2.2", "n2", True, True)
    assert end.target == "Pod/default/c"


def test_ingress_paths_keep_their_order_and_the_default_comes_last() -> None:
    (found,) = read(SMALL + INGRESS).cluster.ingresses
    assert found.paths == (
        IngressPath("shop.example", "/a", "Exact", "web", 80),
        IngressPath(None, "/", "Prefix", "web", "http"),
    )


def test_ipv6_objects_are_recognised_and_left_out() -> None:
    text = SMALL + pod("six", "n1", '"fd00::2"') + service("six", '"fd00::53"', 30099)
    text += SLICE.replace("web-1", "web-6").replace("IPv4", "IPv6").replace("10.244.2.2", '"fd00::3"')
    scenario = read(text)
    assert [own.name for own in scenario.cluster.pods] == ["a", "b", "c"]
    assert scenario.notes == (
        "Pod/six has the IPv6 address fd00::2, left out",
        "Service/six has the IPv6 address fd00::53, left out",
        "EndpointSlice/web-6 has addresses of type IPv6, left out",
    )


def test_pods_without_a_namespace_of_their_own_are_left_out() -> None:
    host = pod("proxy", "n1", "192.168.1.10").replace("nodeName: n1", "nodeName: n1\n  hostNetwork: true")
    done = pod("job", "n1", "10.244.1.3").replace("podIP: 10.244.1.3", "podIP: 10.244.1.3, phase: Succeeded")
    scenario = read(SMALL + host + done)
    assert len(scenario.cluster.pods) == 3
    assert scenario.notes == (
        "Pod/proxy shares its node's network namespace (hostNetwork), left out",
        "Pod/job is Succeeded and has no network namespace, left out",
    )
