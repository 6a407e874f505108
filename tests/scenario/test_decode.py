"""Wrong values: every one of a file at once, with its line, its field, what is there and what was expected."""

import pytest

from tests.scenario.small import SMALL, faults, line_of, read, spoilt


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            "title: A title",
            "titel: A title",
            "Scenario.title: is missing, expected a sentence of 1 to 140 characters",
        ),
        (
            "title: A title",
            "title: [A]",
            "Scenario.title: is a list, expected a sentence of 1 to 140 characters",
        ),
        ("question: A question?", f"question: {'x' * 141}", "Scenario.question: is 'xxxxx"),
        (
            "{mode: iptables}",
            "{mode: ipvs}",
            "Scenario.proxy.mode: is 'ipvs', expected one of iptables, none",
        ),
        ("{mode: iptables}", "iptables", "Scenario.proxy: is 'iptables', expected a mapping"),
        (
            "port: 80, body",
            "port: 70000, body",
            "hosts[0].serves[0].port: is 70000, expected a port from 1 to 65535",
        ),
        ("port: 80, body", "port: '80', body", "serves[0].port: is '80', expected a port from 1 to 65535"),
        ("port: 80, body", "port: true, body", "serves[0].port: is true, expected a port from 1 to 65535"),
        (
            "address: 203.0.113.50",
            "address: 203.0.113.500",
            "hosts[0].address: is '203.0.113.500', expected an IPv4",
        ),
        (
            "event: SegmentSent",
            "evnet: SegmentSent",
            "beats[0].on.evnet: is no field here, expected one of event, at",
        ),
        (
            "podCIDR: 10.244.1.0/24",
            "podCIDR: 10.244.1.7/24",
            "Node/n1.spec.podCIDR: is '10.244.1.7/24', expected a block",
        ),
        (
            "podCIDR: 10.244.1.0/24",
            "podCIDR: 10.244.1.0",
            "Node/n1.spec.podCIDR: is '10.244.1.0', expected a block",
        ),
        ("{podCIDR: 10.244.1.0/24}", "{}", "Node/n1.spec.podCIDR: is missing, expected a block such as"),
        (
            "podIP: 10.244.1.2",
            "podIP: ten",
            "Pod/a.status.podIP: is 'ten', expected an IP address such as 10.244.1.2",
        ),
        ("metadata: {name: a,", "metadata: {name: <script>,", "is '<script>', expected a DNS name"),
        ("{name: http, containerPort", "{name: 'a\"b', containerPort", "expected a DNS label"),
        (
            "targetPort: http",
            "targetPort: 70000",
            "targetPort: is 70000, expected a port from 1 to 65535 or a DNS label",
        ),
        (
            "nodePort: 30080",
            "nodePort: 33000",
            "nodePort: is 33000, expected a node port from 30000 to 32767",
        ),
        ("type: NodePort", "type: Nodeport", "Service/web.spec.type: is 'Nodeport', expected one of"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_what_was_expected(
    before: str, after: str, says: str
) -> None:
    found = faults(spoilt((before, after)))
    line = line_of(before)
    assert any(says in fault for fault in found), "\n".join(found)
    assert all(fault.startswith("f.yaml:") for fault in found)
    assert any(fault.startswith(f"f.yaml:{line}: ") for fault in found) or "is missing" in says, "\n".join(
        found
    )


def test_all_faults_of_a_file_are_told_at_once_in_its_order() -> None:
    text = spoilt(
        ("title: A title", "title: 5"),
        ("{mode: iptables}", "{mode: ipvs, nodes: 3}"),
        ("podCIDR: 10.244.2.0/24", "podCIDR: x"),
        ("podIP: 10.244.1.3", "podIP: x"),
        ("nodePort: 30080", "nodePort: 1"),
    )
    fields = [fault.split(": ")[1] for fault in faults(text)]
    assert fields == [
        "Scenario.title",
        "Scenario.proxy.nodes",
        "Scenario.proxy.mode",
        "Node/n2.spec.podCIDR",
        "Pod/b.status.podIP",
        "Service/web.spec.ports[0].nodePort",
    ]


def test_unused_fields_and_kinds_of_manifests_are_accepted_and_listed() -> None:
    text = spoilt(("nodeName: n1", "nodeName: n1\n  volumes: [{name: v}]\n  dnsPolicy: ClusterFirst"))
    text = spoilt(("{name: app, ports", "{name: app, resources: {}, ports"), text=text)
    text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
    assert read(text).ignored == (
        "ConfigMap",
        "Pod.spec.containers[].resources",
        "Pod.spec.dnsPolicy",
        "Pod.spec.volumes",
    )


def test_null_is_the_same_as_absent_in_a_manifest() -> None:
    text = spoilt(("type: NodePort", "type: NodePort\n  externalTrafficPolicy: null\n  externalIPs: null"))
    assert read(text).cluster.services[0].external_traffic_policy == "Cluster"


def test_the_small_file_itself_is_sound() -> None:
    scenario = read(SMALL)
    assert (scenario.ignored, scenario.notes) == ((), ())
