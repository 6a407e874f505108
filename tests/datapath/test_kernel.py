"""What a stage sees of its machine."""

from msgspec.structs import replace

from app.datapath.events import FdbLearned
from app.datapath.kernel import Kernel, Walk
from app.kernel.neigh import FdbEntry
from tests.stages import frame, kernel, packet, run
from tests.worlds import on_one_bridge

NODE1 = on_one_bridge()["node1"]


def test_a_stage_sees_what_it_has_yielded() -> None:
    """Yielding is committing: the namespace under the stage is replaced before it goes on."""
    learnt = FdbEntry("02:00:00:00:00:07", "cbr0", "vethxxx")

    def learning(k: Kernel) -> Walk[bool]:
        before = ("cbr0", learnt.mac) in k.netns.learned.fdb
        yield FdbLearned(None, "vethxxx", "br_fdb_update", learnt)
        return not before and ("cbr0", learnt.mac) in k.netns.learned.fdb

    assert run(NODE1, learning).result is True
    assert ("cbr0", learnt.mac) not in NODE1.learned.fdb, "and the namespace it began with is as it was"


def test_a_clone_is_the_same_bytes_with_a_life_of_its_own() -> None:
    k = kernel(NODE1)
    original = replace(
        frame(packet("10.244.1.2", "10.244.1.3"), id=3), mark=1, bridged_src="02:00:00:00:00:01"
    )
    copy = k.clone(original)
    assert (copy.packet, copy.mark, copy.clone_of) == (original.packet, 1, 3)
    assert copy.id != original.id
    assert copy.bridged_src is None


def test_new_packets_have_new_ids() -> None:
    k = kernel(NODE1)
    what = packet("10.244.1.1", "10.244.1.2")
    assert k.alloc_skb(what).id != k.alloc_skb(what).id


def test_chance_is_a_function_of_the_seed() -> None:
    thrown = [[kernel(NODE1, seed).below(60_000) for _ in range(3)] for seed in (1, 1, 2)]
    assert thrown[0] == thrown[1] != thrown[2]
    assert kernel(NODE1).chance(1.0)
    assert not kernel(NODE1).chance(0.0)


def test_a_device_sends_from_its_first_address() -> None:
    k = kernel(NODE1)
    assert k.address_of("cbr0") == "10.244.1.1"
    assert k.address_of("vethxxx") is None
