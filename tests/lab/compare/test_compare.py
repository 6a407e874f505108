"""A difference is found, and named so that one knows where to look."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from app.datapath.events import Event, Received, Step, Transmitted
from app.kernel.neigh import Neighbour
from app.lab.compare import decode, rows
from app.lab.compare.frames import frame_rows
from app.lab.compare.rows import differences
from app.lab.compare.sightings import Sighting, computed, sightings
from app.lab.compare.tables import table_rows
from app.lab.job import Answer, Recording
from app.process.programs import Machines
from app.simulate import walk
from app.wire.packet import Ethernet, HttpRequest, IPv4, Tcp
from tests.lab.matrix import CASES

CASE = CASES["cloud, with rules: to its neighbour"]
PORTS = {40001, 8080}


@pytest.fixture(scope="module")
def machines() -> Machines:
    return CASE.machines()


@pytest.fixture(scope="module")
def steps(machines: Machines) -> list[Step]:
    return list(walk(machines, CASE.probes, 0))


def seen_with(steps: list[Step], change: Callable[[Step], Step | None]) -> list[Sighting]:
    """The sightings of a walk that went a little differently."""
    changed = (change(step) for step in steps)
    return computed([step for step in changed if step], PORTS)


def is_syn_at(step: Step, netns: str, device: str, kind: type[Event] = Received) -> bool:
    event = step.event
    if type(event) is not kind or (step.at, event.dev) != (netns, device) or event.skb is None:
        return False
    return not event.skb.is_arp and "SYN" in getattr(event.skb.ip.payload, "flags", ())


def test_two_equal_sides_have_no_difference(steps: list[Step]) -> None:
    ours = computed(steps, PORTS)
    assert len(ours) > 40, "the walk has frames to compare"
    for netns in ("node1", "node1/pod1", "node1/pod2"):
        assert not differences(frame_rows(netns, ours, ours))


def test_another_ttl_is_named_with_its_device(steps: list[Step]) -> None:
    def lower(step: Step) -> Step:
        if not is_syn_at(step, "node1/pod2", "eth0"):
            return step
        skb = step.event.skb
        assert skb
        lowered = skb.with_ip(replace(skb.ip, ttl=63))
        return replace(step, event=replace(step.event, skb=lowered))

    compared = frame_rows("node1/pod2", seen_with(steps, lower), computed(steps, PORTS))
    (found, *more) = differences(compared)
    assert found == "node1/pod2 eth0< SYN 10.244.1.2:40001 > 10.244.1.3:8080: computed ip.ttl 63, kernel 64"
    assert not more


def test_a_frame_on_a_device_too_many_is_named(steps: list[Step]) -> None:
    def without(step: Step) -> Step | None:
        return None if is_syn_at(step, "node1", "vethyyy", Transmitted) else step

    found = differences(frame_rows("node1", seen_with(steps, without), computed(steps, PORTS)))
    assert found == [
        "node1 vethyyy> SYN 10.244.1.2:40001 > 10.244.1.3:8080: seen in the kernel, not computed"
    ]
    found = differences(frame_rows("node1", computed(steps, PORTS), seen_with(steps, without)))
    assert found == [
        "node1 vethyyy> SYN 10.244.1.2:40001 > 10.244.1.3:8080: computed, the kernel had no such frame there"
    ]


def test_the_same_frames_in_another_order_are_told(steps: list[Step]) -> None:
    ours = [sighting for sighting in computed(steps, PORTS) if sighting.netns == "node1"]
    first, second, third, *more = (s for s in computed(steps, PORTS) if s.netns == "node1")
    swapped = [first, third, second, *more]
    found = differences(frame_rows("node1", ours, swapped))
    assert any(words.endswith("at another place in the order") for words in found), found


def test_ports_of_chance_do_not_count_and_written_ones_do() -> None:
    def of(sport: int, dport: int) -> Sighting:
        frame = Ethernet(
            "02:00:00:00:00:01",
            "02:00:00:00:00:02",
            IPv4("10.0.0.1", "10.0.0.2", Tcp(sport, dport, ("SYN",))),
        )
        return sightings([("node1", "eth0", True, frame)], PORTS)[0]

    assert of(51234, 8080) == of(61234, 8080)
    assert of(51234, 8080) != of(40001, 8080)


def test_a_table_entry_that_one_side_lacks_is_printed_as_its_command_prints_it(machines: Machines) -> None:
    entry = Neighbour("10.244.1.3", "eth0", "REACHABLE", "0a:58:0a:f4:01:03")
    pod1 = machines.world["node1/pod1"].learn(neigh={("eth0", "10.244.1.3"): entry})
    world = machines.world.replace(pod1)
    nothing = {netns: dict.fromkeys(("ip neigh", "bridge fdb", "conntrack -L"), "") for netns in world.netns}
    found = differences(table_rows(world, Recording((), (), nothing), PORTS))
    assert "node1/pod1 ip neigh: computed 10.244.1.3 dev eth0 lladdr 0a:58:0a:f4:01:03 REACHABLE" in found


def test_another_end_of_the_probe_is_a_difference(machines: Machines, steps: list[Step]) -> None:
    nothing = {
        netns: dict.fromkeys(("ip neigh", "bridge fdb", "conntrack -L"), "") for netns in machines.world.netns
    }
    recording = Recording((), (Answer("ECONNREFUSED"),), nothing)
    found = differences(rows(machines, CASE.probes, steps, recording))
    assert found[0].startswith("probe 1: computed b'HTTP/1.1 200 OK")
    assert found[0].endswith("kernel ECONNREFUSED")


def changed(steps: list[Step], **fields: object) -> list[str]:
    """What differs when every data segment that pod1 sends has other fields."""

    def other(step: Step) -> Step:
        event = step.event
        if type(event) is not Transmitted or (step.at, event.dev) != ("node1/pod1", "eth0"):
            return step
        segment = event.skb.ip.payload if event.skb and not event.skb.is_arp else None
        if not isinstance(segment, Tcp) or segment.payload is None or event.skb is None:
            return step
        packet = replace(event.skb.ip, payload=replace(segment, **fields))
        return replace(step, event=replace(event, skb=event.skb.with_ip(packet)))

    return differences(frame_rows("node1/pod1", seen_with(steps, other), computed(steps, PORTS)))


def test_another_method_in_a_request_of_the_same_length_is_a_difference(steps: list[Step]) -> None:
    (found,) = changed(steps, payload=HttpRequest("PUT", "web", "/"))
    assert "computed tcp.data PUT / HTTP/1.1" in found


def test_a_wrong_acknowledgement_is_a_difference(steps: list[Step]) -> None:
    (found,) = changed(steps, ack=6)
    assert found.endswith("computed tcp.ack 6, kernel 1")


def test_one_bare_acknowledgement_less_is_a_difference(steps: list[Step]) -> None:
    ours = [frame for frame in computed(steps, PORTS) if frame.netns == "node1/pod1"]
    bare = next(frame for frame in ours if not frame.firm)
    (found,) = differences(frame_rows("node1/pod1", [frame for frame in ours if frame is not bare], ours))
    assert found.endswith("seen in the kernel, not computed")


def test_a_length_is_the_one_that_was_on_the_wire_and_not_a_sum_of_ours() -> None:
    header = bytes.fromhex("4500 0030 1234 4000 4006 0000 0af40102 0af40103")
    syn = bytes.fromhex("9c41 1f90 00000007 00000000 7002 ffff 0000 0000 01010102 0405b400")
    assert decode.ipv4(header + syn).size == 0x30, "though our own SYNs are 60 octets long"
