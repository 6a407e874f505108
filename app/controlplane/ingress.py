"""The Ingress controller: Ingress objects become the table of a reverse proxy that runs in a pod.

It sends to endpoints directly, as ingress-nginx does: a Service is read for its endpoints only, its rules are not used.
"""

from app.controlplane.site import Site
from app.kernel.origin import Origin
from app.kube.endpoints import backends_of
from app.kube.objects import Ingress, IngressPath, IntOrName, Pod, Service, ServicePort
from app.process.programs import ReverseProxy, Upstream
from app.wire.addr import Address

NAME = ("app.kubernetes.io/name", "ingress-nginx")
COMPONENT = "app.kubernetes.io/component"
CLASSES = (None, "nginx")


def controller(site: Site, pod: Pod) -> ReverseProxy | None:
    """The proxy that runs in this pod; None for a pod that is no controller, which the labels of its chart tell."""
    if NAME not in pod.labels or dict(pod.labels).get(COMPONENT, "controller") != "controller":
        return None
    served = [ingress for ingress in site.index.cluster.ingresses if ingress.ingress_class in CLASSES]
    upstreams = [upstream(site, ingress, path) for ingress in served for path in ingress.paths]
    return ReverseProxy(tuple(sorted(upstreams, key=lambda u: (u.host is None, not u.exact, -len(u.path)))))


def upstream(site: Site, ingress: Ingress, path: IngressPath) -> Upstream:
    """The ready endpoints of the Service that the path names."""
    return Upstream(
        path.host,
        path.path,
        ready_endpoints(site, ingress.namespace, path.service, path.service_port),
        Origin("ingress controller", f"Ingress/{ingress.namespace}/{ingress.name}"),
        exact=path.path_type == "Exact",
    )


def ready_endpoints(
    site: Site, namespace: str, name: str, port: IntOrName
) -> tuple[tuple[Address, int], ...]:
    service = site.index.services.get((namespace, name))
    wanted = service and port_of(service, port)
    if not service or not wanted:
        return ()
    return tuple((b.address, b.port) for b in backends_of(site.index, service, wanted) if b.ready)


def port_of(service: Service, port: IntOrName) -> ServicePort | None:
    """The Service's port of that number, or of that name."""
    return next((own for own in service.ports if port in (own.port, own.name)), None)
