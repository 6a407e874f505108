"""Sentences about rules, translation and connection tracking: who decided, what was rewritten, what was known."""

from app.datapath.events import (
    ConntrackConfirmed,
    ConntrackCreated,
    ConntrackDestroyed,
    ConntrackFound,
    Event,
    HookPassed,
    Step,
    Translated,
)
from app.kernel.origin import Origin
from app.kernel.world import World
from app.story.narration import narrate
from tests.iptables import rules
from tests.journeys import Walked, send
from tests.worlds import POD1, WAYS, cloud, node, on_one_bridge, routed, world

WRITER = Origin("kube-proxy", "Service/default/web")
TO_POD2 = "10.244.1.3:8080"


def asked(text: str, **settings: bool) -> Walked:
    """pod1 asks pod2 over a bridge with these rules, all written by kube-proxy."""
    return send(on_one_bridge(rules=rules(text, WRITER), **settings), "node1/pod1", TO_POD2)  # type: ignore[arg-type]


def sentence(walked: Walked, event: type[Event], /, **fields: object) -> str:
    """The sentence of the first such event."""

    def fits(step: Step) -> bool:
        return type(step.event) is event and all(
            getattr(step.event, name) == value for name, value in fields.items()
        )

    return narrate(next(step for step in walked.steps if fits(step)))


def test_no_rule_objects_and_how_many_were_compared() -> None:
    told = sentence(asked("*filter\n-A FORWARD -p udp -j DROP\n-A FORWARD -p icmp -j DROP"), HookPassed)
    assert "node1 shows it to filter FORWARD inside the bridge" in told
    assert "no rule objects (2 rules compared)" in told
    assert "(1 rule compared)" in sentence(asked("*filter\n-A FORWARD -p udp -j DROP"), HookPassed)


def test_outside_the_bridge_nothing_is_said_of_it() -> None:
    walked = send(world(*node(1, POD1, rules=rules("*filter\n-A FORWARD"))), "node1/pod1", "10.9.9.9:80")
    assert "inside the bridge" not in sentence(walked, HookPassed, hook="FORWARD")


def test_a_mark_is_told() -> None:
    told = sentence(asked("*mangle\n-A FORWARD -j MARK --set-xmark 0x4000/0x4000"), HookPassed)
    assert "0x4000" in told


def test_who_accepts_who_drops_and_who_refuses() -> None:
    accepts = sentence(asked("*filter\n-A FORWARD -j LOOK\n-A LOOK -j ACCEPT"), HookPassed)
    assert "FORWARD → LOOK accepts it (kube-proxy for Service/default/web)" in accepts
    drops = sentence(asked("*filter\n-A FORWARD -j DROP"), HookPassed)
    assert "drops it (kube-proxy for Service/default/web), and nobody is told" in drops
    refuses = sentence(asked("*filter\n-A FORWARD -j REJECT"), HookPassed)
    assert "refuses it" in refuses and "told at once" in refuses


def test_a_policy_is_nobodys_rule() -> None:
    told = sentence(asked("*filter\n:FORWARD DROP\n-A FORWARD -p udp -j ACCEPT"), HookPassed)
    assert "policy drops it" in told and "kube-proxy" not in told


NAT = """
    *nat
    -A PREROUTING -d 10.96.0.40/32 -p tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080
    -A POSTROUTING -o eth0 -j MASQUERADE
"""


def translated() -> Walked:
    return send(routed(rules=rules(NAT, WRITER)), "node1/pod1", "10.96.0.40:80")


def test_every_translation_names_the_new_end() -> None:
    walked = translated()
    assert "destination to 10.244.2.3:8080" in sentence(walked, Translated, kind="DNAT")
    assert "source to 192.168.1.10:40001" in sentence(walked, Translated, kind="SNAT")
    assert "source becomes 10.96.0.40:80 again" in sentence(walked, Translated, kind="un-DNAT")
    assert "destination becomes 10.244.1.2:40001 again" in sentence(walked, Translated, kind="un-SNAT")


def test_a_rule_rewrites_the_first_packet_and_the_entry_all_others() -> None:
    walked = translated()
    assert "kube-proxy for Service/default/web" in sentence(walked, Translated, kind="DNAT", first=True)
    assert "as the connection's entry says" in sentence(walked, Translated, kind="DNAT", first=False)


def test_where_a_connection_stands_is_told() -> None:
    walked = translated()
    assert "on the packet only" in sentence(walked, ConntrackCreated)
    confirmed = sentence(walked, ConntrackConfirmed)
    assert (
        "10.244.1.2:40001 → 10.96.0.40:80" in confirmed
        and "10.244.2.3:8080 → 192.168.1.10:40001" in confirmed
    )
    assert "the answer's side" in sentence(walked, ConntrackFound, direction="reply")
    assert "the asking side" in sentence(walked, ConntrackFound, direction="original")
    assert "It is SYN_RECV now." in sentence(walked, ConntrackFound, direction="reply")


def test_a_refused_connection_is_forgotten_and_an_error_is_related() -> None:
    refused = send(routed(rules=rules(NAT, WRITER)), "node1/pod1", "10.244.2.3:81")
    assert "forgets it" in sentence(refused, ConntrackDestroyed)
    lost = send(routed(rules=rules(NAT, WRITER), router=cloud(WAYS[0])), "node1/pod1", "10.244.2.3:8080")
    related = [
        narrate(s) for s in lost.steps if isinstance(s.event, ConntrackFound) and "RELATED" in narrate(s)
    ]
    assert related


def test_a_ping_is_told_by_its_identifier() -> None:
    built: World = routed(rules=rules(NAT, WRITER))
    walked = send(built, "node1/pod1", "10.244.2.3", "icmp")
    assert "10.244.1.2 → 10.244.2.3 id 40001" in sentence(walked, ConntrackConfirmed)
    assert "source to 192.168.1.10," in sentence(walked, Translated, kind="SNAT"), "a ping has no port"
