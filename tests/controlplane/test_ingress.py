"""Ingress objects become the table of the controller's reverse proxy."""

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Infrastructure
from app.kernel.origin import Origin
from app.kube.objects import Cluster, Ingress, IngressPath, Pod
from app.process.programs import HttpServer, ReverseProxy, Upstream
from tests.controlplane.reference import HTTP, NODES, PODS, service

CONTROLLER = Pod(
    "controller",
    "ingress-nginx",
    "node1",
    "10.244.1.3",
    (HTTP,),
    (("app.kubernetes.io/name", "ingress-nginx"),),
)


def path(host: str | None, path: str, port: int | str = 80, exact: bool = False) -> IngressPath:
    return IngressPath(host, path, "Exact" if exact else "Prefix", "shop", port)


def proxy_for(*paths: IngressPath, ingress_class: str | None = "nginx") -> ReverseProxy:
    ingress = Ingress("shop", "default", ingress_class, paths)
    objects = Cluster(
        NODES, (*PODS, CONTROLLER), (service("shop", "10.96.0.7", "pod4"),), ingresses=(ingress,)
    )
    program = compile_machines(objects, Infrastructure()).programs["node1/ingress-nginx.controller", "web"]
    assert isinstance(program, ReverseProxy)
    return program


def test_a_path_leads_straight_to_the_endpoints_of_its_service() -> None:
    origin = Origin("ingress controller", "Ingress/default/shop")
    assert proxy_for(path("shop.example", "/")).upstreams == (
        Upstream("shop.example", "/", (("10.244.2.3", 8080),), origin),
    )


def test_a_port_may_be_named_and_an_unknown_one_has_nobody_behind_it() -> None:
    assert proxy_for(path(None, "/", "http")).upstreams[0].endpoints == (("10.244.2.3", 8080),)
    assert proxy_for(path(None, "/", "https")).upstreams[0].endpoints == ()


def test_the_most_particular_path_is_tried_first() -> None:
    proxy = proxy_for(path(None, "/"), path("a", "/"), path("a", "/cart"), path("a", "/", exact=True))
    assert [(u.host, u.path, u.exact) for u in proxy.upstreams] == [
        ("a", "/", True),
        ("a", "/cart", False),
        ("a", "/", False),
        (None, "/", False),
    ]


def test_another_controllers_class_is_left_alone() -> None:
    assert proxy_for(path(None, "/"), ingress_class="traefik").upstreams == ()


def test_other_pods_are_web_servers() -> None:
    programs = compile_machines(Cluster(NODES, PODS), Infrastructure()).programs
    assert programs["node1/pod1", "web"] == HttpServer("hello from pod1")
