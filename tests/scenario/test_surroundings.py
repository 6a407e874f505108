"""What is around a cluster, held against it."""

import pytest

from app.controlplane.infrastructure import Fabric, LoadBalancer, Network, OutsideHost
from tests.scenario.small import faults as faults_of
from tests.scenario.small import read, spoilt

BALANCER = "loadBalancers: [{name: lb, address: 192.168.9.100, vip: 198.51.100.100, port: 80, nodePort: 30080, targets: [n1]}]"


def test_everything_is_taken_over() -> None:
    text = spoilt(("outside:\n", f"network: {{plugin: flannel-vxlan, mtu: 1400}}\noutside:\n  {BALANCER}\n"))
    text = spoilt(("outside:\n", "fabric: {podRoutes: false, delaySeconds: 0.5}\noutside:\n"), text=text)
    infra = read(text).infra
    assert infra.network == Network(plugin="flannel-vxlan", mtu=1400)
    assert infra.fabric == Fabric(pod_routes=False, delay=500_000)
    assert infra.hosts == (OutsideHost("client", "203.0.113.50", None, ("api.example",), ((80, "hello"),)),)
    assert infra.balancers == (LoadBalancer("lb", "192.168.9.100", "198.51.100.100", 80, 30080, ("n1",)),)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("name: client", "name: n1", "outside.hosts[0].name: n1 is a machine's name already"),
        (
            "address: 203.0.113.50",
            "address: 192.168.1.10",
            "hosts[0].address: 192.168.1.10 is node/n1's already",
        ),
        (
            "outside:\n",
            f"outside:\n  {BALANCER.replace('[n1]', '[n1, n7]')}\n",
            "targets[1]: there is no Node 'n7'",
        ),
        ("outside:\n", "fabric: {kind: pigeon}\noutside:\n", "fabric.kind: a pigeon flies between two nodes"),
        ("outside:\n", "fabric: {kind: l2}\noutside:\n", "fabric.kind: l2 is one segment"),
    ],
)
def test_what_cannot_be_around_this_cluster_is_refused(before: str, after: str, says: str) -> None:
    (fault,) = faults_of(spoilt((before, after)))
    assert says in fault, fault
