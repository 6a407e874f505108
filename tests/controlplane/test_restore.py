"""Compiled rules, loaded by the real iptables-restore into a real kernel and saved again: nothing is lost or rearranged."""

import re
import shutil
import subprocess

import pytest
from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure, Network
from app.kernel.world import World
from tests.controlplane.reference import CLIENT, LB, PODS, cluster, lines, service, world

UNSHARE = ["unshare", "--user", "--map-root-user", "--net"]
SERVICES = (
    service("web", "10.96.0.80", "pod4", node_port=30080, type="NodePort"),
    service("near", "10.96.0.81", "pod1", node_port=30081, type="NodePort", external_traffic_policy="Local"),
    service("far", "10.96.0.82", "pod4", node_port=30082, type="NodePort", external_traffic_policy="Local"),
    service("inner", "10.96.0.83", "pod1", internal_traffic_policy="Local"),
    service("all", "10.96.0.84", "x", external_ips=("192.0.2.7",)),
    service("empty", "10.96.0.99", "nobody"),
    service(
        "walled",
        "10.96.0.85",
        "pod4",
        type="LoadBalancer",
        load_balancer_ips=("198.51.100.9",),
        load_balancer_source_ranges=("203.0.113.0/24",),
    ),
)
EVERYBODY = tuple(replace(pod, labels=(*pod.labels, ("app", "x"))) for pod in PODS)
INFRA = {
    "kubenet": Infrastructure(Network(egress_masquerade=True), hosts=(CLIENT,), balancers=(LB,)),
    "flannel": Infrastructure(Network("flannel-vxlan"), hosts=(CLIENT,)),
}


def through_a_kernel(text: str) -> str:
    """The text that a fresh namespace's iptables-save prints after loading this one."""
    script = "iptables-restore && iptables-save"
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", script], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"iptables-restore refused the rules:\n{done.stderr}\n{text}"
    return done.stdout


def without_counters(saved: str) -> list[str]:
    """Only the lines that say something: dates left out, counters at nought, tables in one order."""
    kept = [re.sub(r"\[\d+:\d+\]", "[0:0]", line) for line in saved.splitlines() if line and line[0] != "#"]
    tables = "\n".join(kept).split("COMMIT")
    return sorted(table.strip() for table in tables)


@pytest.fixture(scope="module", autouse=True)
def kernel() -> None:
    tools = [name for name in ("unshare", "iptables-restore", "iptables-save") if not shutil.which(name)]
    if tools:
        pytest.skip(f"the rules were NOT compared with a kernel: {', '.join(tools)} not installed")
    probe = subprocess.run([*UNSHARE, "iptables-save"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"the rules were NOT compared with a kernel: {probe.stderr.strip()}")


def worlds() -> dict[str, World]:
    what = cluster(*SERVICES, pods=EVERYBODY)
    return {name: world(what, infra) for name, infra in INFRA.items()}


MACHINES = [(name, netns) for name in INFRA for netns in ("node1", "node2", "cloud")] + [("kubenet", "lb")]


@pytest.mark.kernel
@pytest.mark.parametrize(("name", "netns"), MACHINES)
def test_a_kernel_gives_the_rules_back_as_they_were(name: str, netns: str) -> None:
    ours = "\n".join(lines(worlds()[name], netns, "iptables-save")) + "\n"
    assert without_counters(through_a_kernel(ours)) == without_counters(ours)
