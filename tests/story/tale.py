"""A journey through the reference cluster, told: `told("pod1", "10.96.0.40:80")`."""

from msgspec import Struct

from app.controlplane.compile import compile_machines
from app.controlplane.infrastructure import Fabric, Infrastructure, Network, Proxy
from app.datapath.walk import Looped
from app.kube.objects import Cluster, Endpoint, EndpointPort, EndpointSlice, Service, ServicePort
from app.process.programs import Act, Machines
from app.simulate import walk
from app.story.beats import BeatSpec
from app.story.journey import Journey
from tests.controlplane.reference import CLIENT, NODES, PODS
from tests.journeys import probe

OVERLAY = Infrastructure(Network("flannel-vxlan"), hosts=(CLIENT,))
CLOUD = Infrastructure(Network("bridge", egress_masquerade=True), hosts=(CLIENT,))
PLAIN = Infrastructure(Network("bridge"), Proxy("none"), Fabric("cloud"))
FRONT = "10.96.0.40"


class Tale(Struct, frozen=True):
    """What a journey needs to know of its scenario."""

    slug: str = "tale"
    title: str = "A tale"
    beats: tuple[BeatSpec, ...] = ()
    probe_from: str = "pod/pod1"
    probe_to: str = "svc/web:80"
    protocol: str = "tcp"


def service(
    *endpoints: str, kind: str = "ClusterIP", policy: str = "Cluster"
) -> tuple[Service, EndpointSlice]:
    """`web` at 10.96.0.40:80 (node port 30080) with these endpoints, all on port 8080."""
    port = ServicePort(80, "http", target_port=8080, node_port=30080 if kind == "NodePort" else None)
    node_of = {pod.address: pod.node for pod in PODS}
    ends = tuple(Endpoint(address, node_of[address]) for address in endpoints)
    written = Service("web", "default", FRONT, (port,), type=kind, external_traffic_policy=policy)  # type: ignore[arg-type]
    return written, EndpointSlice("web-1", "default", "web", ends, (EndpointPort(8080, "http"),))


def cluster(*endpoints: str, **settings: str) -> Cluster:
    written, ends = service(*endpoints, **settings)
    return Cluster(NODES, PODS, (written,), (ends,))


def told(
    sender: str,
    to: str,
    protocol: str = "tcp",
    *,
    through: Cluster | Machines | None = None,
    infra: Infrastructure = CLOUD,
    beats: tuple[BeatSpec, ...] = (),
    seed: int = 0,
) -> Journey:
    """One probe through these machines; by default the service has pod2 and pod4 behind it."""
    return performed(probe(sender, to, protocol), through=through, infra=infra, beats=beats, seed=seed)


def performed(
    *acts: Act,
    through: Cluster | Machines | None = None,
    infra: Infrastructure = CLOUD,
    beats: tuple[BeatSpec, ...] = (),
    seed: int = 0,
) -> Journey:
    built = through or cluster("10.244.1.3", "10.244.2.3")
    machines = built if isinstance(built, Machines) else compile_machines(built, infra)
    journey = Journey(Tale(beats=beats), seed, machines.world)
    try:
        journey.steps.extend(walk(machines, acts, seed))
    except Looped:
        journey.looped = True
    return journey
