"""The rules of one service port, kind by kind and policy by policy."""

from app.controlplane.infrastructure import Infrastructure, Proxy
from app.kernel.origin import Origin
from app.kernel.world import World
from app.kube.objects import Cluster, Endpoint, EndpointPort, EndpointSlice, Node, Service, ServicePort
from tests.controlplane.reference import chain, cluster, pod, service, world

WEB = "CDGGSHYLG3RE2FKL"  # default/web:http tcp
LOCAL = {"external_traffic_policy": "Local"}


def behind(what: Service, *addresses: str, proxy: Proxy | None = None) -> World:
    """A world where these pods are behind the Service: 10.244.1.x on node1, 10.244.2.x on node2."""
    pods = tuple(pod(f"web{at}", f"node{ip.split('.')[2]}", ip) for at, ip in enumerate(addresses))
    labelled = tuple(
        type(one)(one.name, "default", one.node, one.address, one.containers, (("app", "web"),))
        for one in pods
    )
    return world(cluster(what, pods=labelled), Infrastructure(proxy=proxy or Proxy()))


def nat(built: World, name: str) -> list[str]:
    return chain(built, "node1", "nat", name)


def filtered(built: World, name: str) -> list[str]:
    return chain(built, "node1", "filter", name)


def web(**fields: object) -> Service:
    return service("web", "10.96.0.80", "web", **fields)


def test_a_cluster_ip_leads_by_chance_to_one_endpoint_of_all() -> None:
    built = behind(web(), "10.244.1.3", "10.244.2.3", "10.244.2.22")
    assert nat(built, "KUBE-SERVICES")[0] == (
        '-d 10.96.0.80/32 -p tcp -m comment --comment "default/web:http cluster IP" '
        f"-m tcp --dport 80 -j KUBE-SVC-{WEB}"
    )
    masquerade, *spread = nat(built, f"KUBE-SVC-{WEB}")
    assert masquerade == (
        '! -s 10.244.0.0/16 -d 10.96.0.80/32 -p tcp -m comment --comment "default/web:http cluster IP" '
        "-m tcp --dport 80 -j KUBE-MARK-MASQ"
    )
    heads = [rule.partition(" -j ")[0] for rule in spread]
    assert heads == [
        '-m comment --comment "default/web:http -> 10.244.1.3:8080" -m statistic --mode random --probability 0.33333333349',
        '-m comment --comment "default/web:http -> 10.244.2.22:8080" -m statistic --mode random --probability 0.50000000000',
        '-m comment --comment "default/web:http -> 10.244.2.3:8080"',
    ], "endpoints are in the order of their texts, and the last takes what is left"


def test_an_endpoint_masquerades_itself_and_translates_the_rest() -> None:
    built = behind(web(), "10.244.2.3")
    assert nat(built, "KUBE-SEP-VQGOCFX4X6FWJPNR") == [
        '-s 10.244.2.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ',
        '-p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.2.3:8080',
    ]


def test_nobody_behind_a_service_is_a_refusal() -> None:
    built = behind(web(node_port=30080))
    assert not [rule for rule in nat(built, "KUBE-SERVICES") if "10.96.0.80" in rule]
    assert filtered(built, "KUBE-SERVICES") == [
        '-d 10.96.0.80/32 -p tcp -m comment --comment "default/web:http has no endpoints" -m tcp --dport 80 '
        "-j REJECT --reject-with icmp-port-unreachable"
    ]
    assert filtered(built, "KUBE-EXTERNAL-SERVICES") == [
        '-p tcp -m comment --comment "default/web:http has no endpoints" -m addrtype --dst-type LOCAL '
        "-m tcp --dport 30080 -j REJECT --reject-with icmp-port-unreachable"
    ]
    assert not nat(built, "KUBE-NODEPORTS")


def test_a_node_port_masquerades_what_comes_from_outside() -> None:
    built = behind(web(node_port=30080), "10.244.2.3")
    assert nat(built, "KUBE-NODEPORTS") == [
        f'-p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-{WEB}'
    ]
    assert nat(built, f"KUBE-EXT-{WEB}") == [
        '-m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ',
        f"-j KUBE-SVC-{WEB}",
    ]


def test_policy_local_keeps_the_clients_address_where_an_endpoint_is_here() -> None:
    built = behind(web(node_port=30080, **LOCAL), "10.244.1.3", "10.244.2.3")
    assert nat(built, f"KUBE-EXT-{WEB}") == [
        f'-s 10.244.0.0/16 -m comment --comment "pod traffic for default/web:http external destinations" -j KUBE-SVC-{WEB}',
        '-m comment --comment "masquerade LOCAL traffic for default/web:http external destinations" '
        "-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ",
        '-m comment --comment "route LOCAL traffic for default/web:http external destinations" '
        f"-m addrtype --src-type LOCAL -j KUBE-SVC-{WEB}",
        f"-j KUBE-SVL-{WEB}",
    ]
    assert [rule.split('"')[1] for rule in nat(built, f"KUBE-SVL-{WEB}")] == [
        "default/web:http -> 10.244.1.3:8080"
    ]


def test_policy_local_is_silent_where_endpoints_are_elsewhere_only() -> None:
    built = behind(web(node_port=30080, **LOCAL), "10.244.2.3")
    assert nat(built, f"KUBE-EXT-{WEB}")[-1].endswith(f"LOCAL -j KUBE-SVC-{WEB}"), "no way on from here"
    assert filtered(built, "KUBE-EXTERNAL-SERVICES") == [
        '-p tcp -m comment --comment "default/web:http has no local endpoints" -m addrtype --dst-type LOCAL '
        "-m tcp --dport 30080 -j DROP"
    ]


def test_internal_policy_local_uses_this_nodes_endpoints_or_drops() -> None:
    here = behind(web(internal_traffic_policy="Local"), "10.244.1.3", "10.244.2.3")
    assert nat(here, "KUBE-SERVICES")[0].endswith(f"KUBE-SVL-{WEB}")
    assert not nat(here, f"KUBE-SVC-{WEB}"), "nobody uses the chain of all endpoints"
    elsewhere = behind(web(internal_traffic_policy="Local"), "10.244.2.3")
    assert filtered(elsewhere, "KUBE-SERVICES")[0].endswith("--dport 80 -j DROP")


def test_external_and_balancers_addresses_enter_like_node_ports() -> None:
    built = behind(
        web(type="LoadBalancer", external_ips=("192.0.2.7",), load_balancer_ips=("198.51.100.9",)),
        "10.244.2.3",
    )
    assert [rule.split('"')[1] + " " + rule.split()[-1] for rule in nat(built, "KUBE-SERVICES")[1:3]] == [
        f"default/web:http external IP KUBE-EXT-{WEB}",
        f"default/web:http loadbalancer IP KUBE-EXT-{WEB}",
    ]


def test_source_ranges_are_let_through_and_the_rest_is_dropped_in_filter() -> None:
    built = behind(
        web(
            type="LoadBalancer",
            load_balancer_ips=("198.51.100.9",),
            load_balancer_source_ranges=("203.0.113.0/24", "192.168.0.0/16"),
        ),
        "10.244.2.3",
    )
    assert nat(built, "KUBE-SERVICES")[1].endswith(f"-j KUBE-FW-{WEB}")
    *ranges, rest = nat(built, f"KUBE-FW-{WEB}")
    assert [rule.split()[1] for rule in ranges] == ["203.0.113.0/24", "192.168.0.0/16", "198.51.100.9/32"]
    assert (
        rest
        == '-m comment --comment "other traffic to default/web:http will be dropped by KUBE-PROXY-FIREWALL"'
    )
    assert filtered(built, "KUBE-PROXY-FIREWALL") == [
        f'-d 198.51.100.9/32 -p tcp -m comment --comment "default/web:http traffic not accepted by KUBE-FW-{WEB}" '
        "-m tcp --dport 80 -j DROP"
    ]


def test_a_health_check_port_is_opened_for_policy_local_only() -> None:
    fields: dict[str, object] = {
        "type": "LoadBalancer",
        "load_balancer_ips": ("198.51.100.9",),
        "health_check_node_port": 30999,
    }
    assert filtered(behind(web(**fields, **LOCAL), "10.244.1.3"), "KUBE-NODEPORTS") == [
        '-p tcp -m comment --comment "default/web:http health check node port" -m tcp --dport 30999 -j ACCEPT'
    ]
    assert not filtered(behind(web(**fields), "10.244.1.3"), "KUBE-NODEPORTS")


def test_masquerade_all_and_no_detector_change_who_is_masqueraded() -> None:
    everyone = behind(web(), "10.244.2.3", proxy=Proxy(masquerade_all=True))
    assert nat(everyone, f"KUBE-SVC-{WEB}")[0].startswith("-d 10.96.0.80/32")
    nobody = behind(web(), "10.244.2.3", proxy=Proxy(cluster_cidr=None))
    assert len(nat(nobody, f"KUBE-SVC-{WEB}")) == 1, "without a detector nobody is known as a stranger"


def test_headless_external_and_sctp_services_have_no_rules() -> None:
    headless = Service("db", "default", None, (ServicePort(80),), (("app", "web"),))
    named = Service("away", "default", None, (ServicePort(80),), type="ExternalName")
    sctp = Service("phone", "default", "10.96.0.5", (ServicePort(80, protocol="SCTP"),), (("app", "web"),))
    built = world(Cluster((Node("node1", "192.168.1.10", "10.244.1.0/24"),), (), (headless, named, sctp)))
    assert len(nat(built, "KUBE-SERVICES")) == 1, "only the jump to KUBE-NODEPORTS"
    assert not filtered(built, "KUBE-SERVICES")


def test_udp_and_an_unnamed_port_have_chains_of_their_own() -> None:
    slice_ = EndpointSlice(
        "dns-1", "kube-system", "dns", (Endpoint("10.244.1.3", "node1"),), (EndpointPort(5353, None, "UDP"),)
    )
    dns = Service("dns", "kube-system", "10.96.0.53", (ServicePort(53, None, "UDP"),))
    built = world(Cluster((Node("node1", "192.168.1.10", "10.244.1.0/24"),), (), (dns,), (slice_,)))
    assert nat(built, "KUBE-SERVICES")[0].startswith(
        '-d 10.96.0.53/32 -p udp -m comment --comment "kube-system/dns cluster IP" -m udp --dport 53 -j KUBE-SVC-'
    )


def test_every_rule_of_a_service_bears_its_name() -> None:
    built = behind(web(node_port=30080), "10.244.1.3", "10.244.2.3")
    tables = built["node1"].config.rules.tables.values()
    owners = {
        rule.origin for chains in tables for c in chains.values() for rule in c.rules if "KUBE-SEP" in c.name
    }
    assert owners == {Origin("kube-proxy", "Service/default/web")}
