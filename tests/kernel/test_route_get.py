"""`ip route get … from … iif …`: what a machine does with a packet that comes in.  Each was found beside the kernel."""

import pytest

from app.kernel.netns import IP_FORWARD, ROUTE_LOCALNET, RP_FILTER
from app.kernel.nexthop import MTU_EXPIRES, REDIRECT_EXPIRES, RouteException
from app.kernel.show import UnknownCommand, show
from app.kernel.world import World
from tests.kernel.small_world import small_world

INVALID = "RTNETLINK answers: Invalid argument"


def answer(question: str, netns: str = "node", **sysctls: int) -> str:
    world = small_world()
    named = {"forward": IP_FORWARD, "localnet": ROUTE_LOCALNET, "rp_filter": RP_FILTER}
    config = world[netns].config
    values = {**config.sysctl, **{named[name]: value for name, value in sysctls.items()}}
    changed = world.replace(world[netns].configure(sysctl=values))
    return show(changed, netns, f"ip route get {question}").text


def test_lab_a_packet_from_ones_own_address_is_refused() -> None:
    assert answer("10.244.1.3 from 192.168.1.10 iif eth0") == INVALID


def test_lab_127_0_0_1_arrives_only_where_route_localnet_says_so() -> None:
    assert answer("127.0.0.1 from 10.244.1.2 iif cbr0") == INVALID
    assert answer("127.0.0.1 from 10.244.1.2 iif cbr0", localnet=1).startswith(
        "local 127.0.0.1 from 10.244.1.2"
    )


def test_lab_a_machine_that_does_not_forward_hears_broadcasts_all_the_same() -> None:
    heard = answer("10.244.1.255 from 10.244.1.9 iif eth0", "node/a")
    assert heard == "broadcast 10.244.1.255 from 10.244.1.9 dev lo\n    cache <local,brd> iif eth0"


def test_lab_a_packet_to_everybody_needs_no_route_to_come_in() -> None:
    assert answer("255.255.255.255 from 192.168.1.9 iif to-node", "far").startswith(
        "broadcast 255.255.255.255"
    )
    assert answer("255.255.255.255", "far") == "RTNETLINK answers: Network is unreachable"


def test_lab_a_packet_to_everybody_leaves_by_the_default_route_without_its_gateway() -> None:
    assert answer("255.255.255.255") == (
        "broadcast 255.255.255.255 dev eth0 src 192.168.1.10 uid 0\n    cache <local,brd>"
    )


@pytest.mark.parametrize(("mode", "fits"), [(0, True), (1, False), (2, True)])
def test_lab_rp_filter_asks_where_an_answer_would_leave(mode: int, fits: bool) -> None:
    came = answer("10.244.1.3 from 8.8.8.8 iif flannel.1", rp_filter=mode)
    assert (came != INVALID) == fits


def test_lab_what_leaves_where_it_came_in_must_come_from_a_possible_sender() -> None:
    assert answer("10.244.1.3 from 10.244.1.255 iif cbr0") == INVALID
    assert answer("10.244.1.3 from 10.244.1.255 iif eth0").startswith("10.244.1.3 from 10.244.1.255 dev cbr0")


@pytest.mark.parametrize("address", ["224.0.0.1", "239.255.255.250", "0.0.0.0", "10.244.1.256", "10.244.1"])
def test_a_group_or_what_is_no_address_is_not_answered(address: str) -> None:
    with pytest.raises(UnknownCommand):
        show(World(small_world().netns), "node", f"ip route get {address}")


def test_lab_what_an_icmp_error_taught_is_in_the_answer() -> None:
    """A smaller MTU to one destination, for ten minutes; a better gateway, for five."""
    world = small_world()
    taught = {
        "10.244.1.9": RouteException("10.244.1.9", mtu=1400, expires=MTU_EXPIRES),
        "10.244.1.8": RouteException("10.244.1.8", mtu=552, lock=True, expires=MTU_EXPIRES),
        "8.8.8.8": RouteException("8.8.8.8", gateway="10.244.1.3", expires=REDIRECT_EXPIRES),
    }
    wiser = world.replace(world["node/a"].learn(exceptions=taught))
    narrow, locked, detoured, plain = (
        show(wiser, "node/a", f"ip route get {address}").text
        for address in ("10.244.1.9", "10.244.1.8", "8.8.8.8", "8.8.4.4")
    )
    assert narrow == "10.244.1.9 dev eth0 src 10.244.1.2 uid 0\n    cache expires 600sec mtu 1400"
    assert locked.endswith("\n    cache expires 600sec mtu lock 552")
    assert detoured == (
        "8.8.8.8 via 10.244.1.3 dev eth0 src 10.244.1.2 uid 0\n    cache <redirected> expires 300sec"
    )
    assert plain.endswith("\n    cache")
