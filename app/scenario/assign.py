"""What scheduler, IPAM plugin and API server fill in where a file leaves it open, always the same way."""

from collections.abc import Iterable, Iterator

from app.scenario import manifests as m
from app.wire.addr import Prefix, number, text


class Addresses:
    """Hands out the free addresses of blocks in order; a block's first address is its gateway's."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.candidates: dict[str, Iterator[str]] = {}

    def next(self, cidr: str) -> str | None:
        """The lowest free address of the block, or None when it is full."""
        block = Prefix.parse(cidr)
        fresh = (text(value) for value in range(block.network + 2, number(block.last)))
        candidates = self.candidates.setdefault(cidr, fresh)
        return next((address for address in candidates if address not in self.taken), None)


class NodePorts:
    """Hands out the free node ports in order."""

    def __init__(self, taken: Iterable[int]) -> None:
        self.taken = set(taken)
        self.candidates = iter(range(30000, 32768))

    def next(self) -> int | None:
        return next((port for port in self.candidates if port not in self.taken), None)


def replicas(deployment: m.DeploymentManifest, nodes: list[m.NodeManifest]) -> Iterator[m.PodManifest]:
    """`web-1`, `web-2`, … placed on the nodes in turn; their addresses come from the nodes' blocks."""
    spec = deployment.spec
    for at in range(spec.replicas if nodes else 0):
        yield m.PodManifest(
            m.Metadata(
                f"{deployment.metadata.name}-{at + 1}",
                deployment.metadata.namespace,
                spec.template.metadata.labels,
                spec.template.metadata.annotations,
            ),
            m.PodSpec(spec.template.spec.containers, nodes[at % len(nodes)].metadata.name),
        )


def has_pods(deployment: m.DeploymentManifest, pods: Iterable[m.PodManifest]) -> bool:
    """Does the file bring the pods of this Deployment along, as `kubectl get deployments,pods` does?"""
    wanted = deployment.spec.template.metadata.labels.items()
    peers = (pod.metadata for pod in pods if pod.metadata.namespace == deployment.metadata.namespace)
    return bool(wanted) and any(wanted <= peer.labels.items() for peer in peers)
