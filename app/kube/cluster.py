"""Look-ups over what the API server holds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.kube.objects import Cluster, EndpointSlice, Labels, Node, Pod, Service
from app.kube.selectors import selects


class ClusterIndex:
    """A cluster's objects by name, by node, by label and by owner.  Built once: the cluster does not change."""

    __slots__ = ("_by_label", "cluster", "nodes", "pods", "pods_on", "services", "slices_of")

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.nodes: Mapping[str, Node] = {node.name: node for node in cluster.nodes}
        self.pods: Mapping[tuple[str, str], Pod] = {(pod.namespace, pod.name): pod for pod in cluster.pods}
        self.services: Mapping[tuple[str, str], Service] = {
            (s.namespace, s.name): s for s in cluster.services
        }
        self.pods_on: defaultdict[str, list[Pod]] = defaultdict(list)
        self.slices_of: defaultdict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
        self._by_label: defaultdict[tuple[str, tuple[str, str]], list[Pod]] = defaultdict(list)
        for pod in cluster.pods:
            self.pods_on[pod.node].append(pod)
            for label in pod.labels:
                self._by_label[pod.namespace, label].append(pod)
        for slice_ in cluster.slices:
            self.slices_of[slice_.namespace, slice_.service].append(slice_)

    def selected(self, namespace: str, selector: Labels) -> Sequence[Pod]:
        """The pods that a selector picks, in the order of the file; only holders of its rarest label are compared."""
        few = min((self._by_label.get((namespace, label), []) for label in selector), key=len, default=[])
        return [pod for pod in few if selects(selector, pod.labels)]
