"""What is asked for and not simulated has a sentence."""

from app.controlplane.infrastructure import Infrastructure, Network
from app.controlplane.limitations import limitations
from app.kube.objects import Cluster, Container, ContainerPort, Ingress, Pod, Service, ServicePort
from tests.controlplane.reference import cluster, service

SCTP = Service("sctp", "default", "10.96.0.3", (ServicePort(7, protocol="SCTP"),))
STICKY = service("sticky", "10.96.0.2", "pod1", session_affinity_seconds=10800)
PHONE = Pod(
    "phone", "default", "node1", "10.244.1.9", (Container("c", ports=(ContainerPort(9, protocol="SCTP"),)),)
)


def test_each_names_its_object() -> None:
    ingress = Ingress("shop", "default", "traefik", ())
    found = limitations(
        Cluster(pods=(PHONE,), services=(STICKY, SCTP), ingresses=(ingress,)), Infrastructure()
    )
    assert [sentence.split(":")[0] for sentence in found] == [
        "Service/default/sticky",
        "Service/default/sctp",
        "Pod/default/phone",
        "Ingress/default/shop",
    ]


def test_host_gw_over_a_router_is_named() -> None:
    assert limitations(cluster(), Infrastructure(network=Network("flannel-host-gw")))


def test_the_reference_cluster_has_none() -> None:
    assert limitations(cluster(service("web", "10.96.0.80", "pod4")), Infrastructure()) == ()
