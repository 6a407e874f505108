"""The rules that do not depend on Services."""

from app.controlplane.infrastructure import Infrastructure, Proxy
from app.kernel.netns import ROUTE_LOCALNET
from app.kernel.origin import Origin
from tests.controlplane.reference import chain, cluster, world

BUILT = world(cluster())


def targets(netns_table: str, name: str) -> list[str]:
    return [rule.split()[-1] for rule in chain(BUILT, "node1", netns_table, name)]


def test_jumps_stand_in_the_reverse_order_of_their_insertion() -> None:
    assert targets("filter", "INPUT") == [
        "KUBE-PROXY-FIREWALL",
        "KUBE-NODEPORTS",
        "KUBE-EXTERNAL-SERVICES",
        "KUBE-FIREWALL",
    ]
    assert targets("filter", "FORWARD") == [
        "KUBE-PROXY-FIREWALL",
        "KUBE-FORWARD",
        "KUBE-SERVICES",
        "KUBE-EXTERNAL-SERVICES",
    ]
    assert targets("filter", "OUTPUT") == ["KUBE-PROXY-FIREWALL", "KUBE-SERVICES", "KUBE-FIREWALL"]
    assert targets("nat", "PREROUTING") == targets("nat", "OUTPUT") == ["KUBE-SERVICES"]


def test_a_marked_packet_is_unmarked_and_masqueraded() -> None:
    assert chain(BUILT, "node1", "nat", "KUBE-POSTROUTING") == [
        "-m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-j MARK --set-xmark 0x4000/0x0",
        '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    ]


def test_the_mark_is_the_bit_that_the_options_name() -> None:
    built = world(cluster(), Infrastructure(proxy=Proxy(masquerade_bit=13)))
    assert chain(built, "node1", "nat", "KUBE-MARK-MASQ") == ["-j MARK --set-xmark 0x2000/0x2000"]


def test_node_ports_are_the_last_thing_that_a_destination_is_compared_with() -> None:
    *_, last = chain(BUILT, "node1", "nat", "KUBE-SERVICES")
    assert last.endswith("-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")


def test_every_rule_says_who_wrote_it() -> None:
    rules = [
        rule
        for chains in BUILT["node1"].config.rules.tables.values()
        for c in chains.values()
        for rule in c.rules
    ]
    assert {rule.origin for rule in rules} == {Origin("kube-proxy")}


def test_localhost_node_ports_need_a_sysctl_and_without_kube_proxy_nothing_is_there() -> None:
    assert BUILT["node1"].config.on(ROUTE_LOCALNET)
    bare = world(cluster(), Infrastructure(proxy=Proxy("none")))["node1"].config
    assert not bare.rules.tables
    assert not bare.on(ROUTE_LOCALNET)
