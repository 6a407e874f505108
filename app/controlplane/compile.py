"""A cluster and what is around it become kernels: each component writes its piece, in this order."""

from app.controlplane.cloud import run_router
from app.controlplane.cni_bridge import attach_pods
from app.controlplane.fabric import plug_in, write_routes
from app.controlplane.flannel import run_flanneld
from app.controlplane.infrastructure import Infrastructure
from app.controlplane.kube_proxy import sync_rules
from app.controlplane.kubelet import start_containers
from app.controlplane.load_balancer import run_balancers
from app.controlplane.masquerade import masquerade_egress
from app.controlplane.outside import run_hosts
from app.controlplane.segment import run_switch
from app.controlplane.site import Site, assemble
from app.kube.objects import Cluster
from app.process.programs import Machines

# kube-proxy before flanneld and kubenet: it inserts its jumps at the head of the built-in chains, they append theirs.
ON_EVERY_NODE = (
    attach_pods,
    plug_in,
    write_routes,
    sync_rules,
    run_flanneld,
    masquerade_egress,
    start_containers,
)
AROUND = (run_switch, run_router, run_hosts, run_balancers)


def compile_machines(cluster: Cluster, infra: Infrastructure) -> Machines:
    """Every namespace, and the programs in them.  Raises ValueError on a fabric that cannot be built."""
    site = Site.of(cluster, infra)
    on_nodes = (
        piece for node in site.nodes for component in ON_EVERY_NODE for piece in component(site, node)
    )
    around = (piece for component in AROUND for piece in component(site))
    return assemble([*on_nodes, *around])
