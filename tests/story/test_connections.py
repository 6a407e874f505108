"""The connections of a journey: what each client opened, what its server saw, what chance could have chosen."""

import pytest

from app.story.connections import Connection
from app.story.journey import Journey
from tests.iptables import rules
from tests.journeys import probe
from tests.story.tale import CLOUD, FRONT, OVERLAY, cluster, performed, told
from tests.worlds import machines, node, on_one_bridge, world

POD1, POD2, POD4, POD5 = "10.244.1.2", "10.244.1.3", "10.244.2.3", "10.244.1.6"


def only(journey: Journey) -> Connection:
    (connection,) = journey.connections
    return connection


def test_a_direct_connection_is_seen_as_it_was_opened() -> None:
    seen = only(told("node1/pod1", f"{POD2}:8080"))
    assert (seen.protocol, seen.src, seen.dst) == ("tcp", f"{POD1}:40001", f"{POD2}:8080")
    assert (seen.translated_src, seen.translated_dst) == (seen.src, seen.dst)
    assert (seen.dnat, seen.masqueraded, seen.endpoint, seen.candidates) == (False, False, None, ())


@pytest.mark.parametrize("protocol", ["udp", "icmp"])
def test_every_protocol_has_its_connection(protocol: str) -> None:
    to = POD2 if protocol == "icmp" else f"{POD2}:5353"
    seen = only(told("node1/pod1", to, protocol, through=machines(on_one_bridge())))
    assert (seen.protocol, seen.dst) == (protocol, to)


@pytest.mark.parametrize(
    ("endpoints", "chances"),
    [((POD2,), [1.0]), ((POD2, POD4), [0.5, 0.5]), ((POD2, POD4, POD5), [1 / 3, 1 / 3, 1 / 3])],
    ids=["one", "two", "three"],
)
def test_what_chance_could_have_chosen_adds_up_to_one(
    endpoints: tuple[str, ...], chances: list[float]
) -> None:
    """kube-proxy's probabilities 1/n, 1/(n-1), …, 1 are conditional: each endpoint gets 1/n in the end."""
    seen = only(told("node1/pod1", f"{FRONT}:80", through=cluster(*endpoints)))
    assert [c.probability for c in seen.candidates] == pytest.approx(chances)
    assert {c.endpoint for c in seen.candidates} == {f"{address}:8080" for address in endpoints}
    assert seen.endpoint in {c.endpoint for c in seen.candidates}


def test_a_dnated_connection_is_seen_with_the_endpoint_in_the_services_place() -> None:
    seen = only(told("node1/pod1", f"{FRONT}:80", through=cluster(POD4)))
    assert (seen.dst, seen.translated_dst, seen.endpoint) == (f"{FRONT}:80", f"{POD4}:8080", f"{POD4}:8080")
    assert (seen.dnat, seen.masqueraded) == (True, False)
    assert seen.translated_src == f"{POD1}:40001"


def test_a_hairpin_is_masqueraded() -> None:
    """Section 5: pod1 to its own service is seen as from cbr0."""
    seen = only(told("node1/pod1", f"{FRONT}:80", through=cluster(POD1)))
    assert (seen.dnat, seen.masqueraded) == (True, True)
    assert seen.translated_src.startswith("10.244.1.1:")


def test_a_node_port_hides_the_client() -> None:
    """Section 7: the pod sees the node; with policy Local it sees 203.0.113.50."""
    hidden = only(told("client", "198.51.100.11:30080", through=cluster(POD4, kind="NodePort")))
    assert hidden.masqueraded and hidden.translated_src.startswith("192.168.1.10:")
    local = cluster(POD2, kind="NodePort", policy="Local")
    open_ = only(told("client", "198.51.100.11:30080", through=local))
    assert (open_.masqueraded, open_.translated_src) == (False, "203.0.113.50:40001")


def test_egress_is_seen_outside_with_a_public_address() -> None:
    seen = only(told("node1/pod1", "203.0.113.50:80", infra=CLOUD))
    assert seen.masqueraded
    assert seen.translated_src == "198.51.100.11:40001"


def test_inside_a_tunnel_the_inner_packet_is_what_counts() -> None:
    seen = only(told("node1/pod1", f"{POD4}:8080", infra=OVERLAY))
    assert (seen.src, seen.translated_dst) == (f"{POD1}:40001", f"{POD4}:8080")


def test_a_packet_lost_in_the_tunnel_is_still_told_by_its_inner_ends() -> None:
    lost = told("node1/pod1", "10.244.2.99:8080", infra=OVERLAY)
    assert only(lost).translated_dst == "10.244.2.99:8080"


def test_a_retransmission_is_no_connection_of_its_own() -> None:
    silent = told("node1/pod1", "10.244.2.3:8080", through=machines(on_one_bridge(forwarding=False)))
    assert len(silent.connections) == 1


def test_every_act_has_its_connection() -> None:
    acts = (probe("node1/pod1", f"{POD2}:8080"), probe("node1/pod1", f"{POD2}:8080", sport=40002))
    journey = performed(*acts, through=machines(on_one_bridge()))
    assert [c.src for c in journey.connections] == [f"{POD1}:40001", f"{POD1}:40002"]


def test_a_dnat_without_a_choice_has_no_candidates() -> None:
    direct = rules(
        "*nat\n-A PREROUTING -d 10.96.0.9/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.99:8080"
    )
    seen = only(
        told("node1/pod1", "10.96.0.9:80", through=machines(world(*node(1, {"pod1": POD1}, rules=direct))))
    )
    assert (seen.dnat, seen.endpoint, seen.candidates) == (True, None, ()), "nobody chose an endpoint"
    assert seen.translated_dst == "10.244.1.99:8080"
