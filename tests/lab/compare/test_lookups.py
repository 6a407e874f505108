"""Look-ups side by side: every question of the kernel's gets the same answer from our tables."""

from app.kernel.world import World
from app.lab.compare.lookups import Answer, computed, lookup_rows, recorded
from app.lab.job import KernelLookup
from app.simulate import walk
from tests.clusters import Case
from tests.lab.matrix import CASES

CASE = CASES["cloud, without rules: to the other node"]
POD4, CLOUD = "10.244.2.3", "192.168.1.1"
NO_ROUTE = -11


def world(case: Case = CASE) -> World:
    return case.machines().world


def asked(device: str, gateway: str | None, *, dst: str = POD4, error: int = 0, oif: int = 0) -> KernelLookup:
    return KernelLookup("node1", 0, error, oif, dst, gateway, device)


def differences(ours: list[Answer], theirs: list[KernelLookup], of: World | None = None) -> list[str]:
    rows = lookup_rows(of or world(), "node1", ours, recorded(theirs))
    return [row.difference for row in rows if row.difference]


def test_the_same_answer_is_no_difference_however_often_it_was_given() -> None:
    rows = list(lookup_rows(world(), "node1", [], recorded([asked("eth0", CLOUD)] * 3)))
    assert [(row.computed, row.kernel, row.difference) for row in rows] == [
        (f"{POD4} via {CLOUD} dev eth0", f"{POD4} via {CLOUD} dev eth0", None)
    ]


def test_another_device_or_another_gateway_is_told() -> None:
    assert differences([], [asked("cbr0", None)]) == [
        f"node1: computed route {POD4} via {CLOUD} dev eth0, the kernel's is dev cbr0"
    ]
    assert differences([], [asked("eth0", "192.168.1.2")])


def test_a_route_that_the_kernel_did_not_find_is_told_and_one_that_nobody_has_is_not() -> None:
    nothing = asked("", None, error=NO_ROUTE)
    assert differences([], [nothing]) == [
        f"node1: computed route {POD4} via {CLOUD} dev eth0, the kernel's is unreachable"
    ]
    cloud = CASES["no route in the cloud"].machines().world["cloud"]
    lost = World({"node1": cloud})
    assert not differences([], [nothing], lost)


def test_a_look_up_that_the_kernel_never_made_is_told() -> None:
    ours = [Answer("node1", POD4, f"via {CLOUD} dev eth0")]
    assert differences(ours, []) == [f"node1: computed a look-up of {POD4}, the kernel made none"]
    assert not differences(ours, [asked("eth0", CLOUD)])


def test_a_question_that_allows_one_device_only_is_not_put_to_tables_that_may_choose() -> None:
    assert not differences([], [asked("cbr0", None, oif=2)])


def test_what_a_walk_looked_up_is_what_its_steps_say() -> None:
    answers = set(computed(walk(CASE.machines(), CASE.probes, 0)))
    assert Answer("node1", POD4, f"via {CLOUD} dev eth0") in answers
    assert Answer("node2/pod4", POD4, "dev eth0") in answers
    assert {answer.netns for answer in answers} == {"node1", "node1/pod1", "cloud", "node2", "node2/pod4"}
