"""Journeys of what does not fit and of what goes a detour: fragments, path MTUs, redirects, each against the kernel.

Cases like those of `matrix.py`.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure, Network
from app.kernel.device import Interface
from app.kernel.netns import IP_FORWARD
from app.kernel.route import Route, fib_of
from app.kernel.socket import PathMtuDiscovery
from app.kernel.world import World
from app.wire.addr import Prefix
from app.wire.packet import HttpRequest
from tests.lab.matrix import (
    GATEWAY,
    NEARLY_TOO_LONG,
    NO_PROXY,
    POD1,
    POD2,
    POD4,
    Case,
    Fault,
    cluster,
    ping,
    route_back,
    sysctl,
    tcp,
    udp,
)

WISHES: tuple[PathMtuDiscovery, ...] = ("want", "do", "dont")


def too_large() -> Iterator[tuple[str, Case]]:
    """What does not fit: in pieces, put together again, lost, or told; and what is learnt of it."""
    plain, ruled = Infrastructure(proxy=NO_PROXY), Infrastructure()
    tunnel = Infrastructure(Network(plugin="flannel-vxlan"), NO_PROXY)
    too_wide = Infrastructure(Network(plugin="flannel-vxlan", mtu=1500), NO_PROXY)
    large = udp("node1/pod1", POD4, octets=3000)
    near = udp("node1/pod1", POD2, octets=3000)
    yield "a large datagram", Case(cluster(), plain, (large,))
    yield "a large datagram, with rules", Case(cluster(), ruled, (large,))
    yield "a large datagram to a neighbour", Case(cluster(), plain, (near,))
    yield "a large datagram to a neighbour, with rules", Case(cluster(), ruled, (near,))
    yield "a large datagram through the tunnel", Case(cluster(), tunnel, (large,))
    yield "a large datagram from the node", Case(cluster(), tunnel, (replace(large, netns="node1"),))
    yield "a large ping", Case(cluster(), plain, (replace(ping("node1/pod1", POD4), octets=3000),))
    yield (
        "a large ping, with rules",
        Case(cluster(), ruled, (replace(ping("node1/pod1", POD4), octets=3000),)),
    )
    yield "a large datagram that must stay whole", Case(cluster(), plain, (replace(large, pmtudisc="do"),))
    room = udp("node1/pod1", POD4, octets=1440)
    for wish in WISHES:
        thrice = tuple(
            replace(room, pmtudisc=wish, sport=sport, timeout=1_000_000) for sport in (40001, 40002, 40003)
        )
        yield f"no room in the tunnel, path MTU discovery {wish}", Case(cluster(), too_wide, thrice)
    under = mtus({"cloud": {"to-node2": 1400}, "node2": {"eth0": 1400, "flannel.1": 1350}})
    fitting = udp("node1/pod1", POD4, octets=1400)
    twice = tuple(replace(fitting, sport=sport, timeout=1_000_000) for sport in (40001, 40002))
    yield "no room under the tunnel", Case(cluster(), tunnel, twice, under)
    segment = tcp("node1/pod1", POD4, request=HttpRequest("GET", "web", "/" + "x" * 1330))
    yield "no room under the tunnel, one segment", Case(cluster(), tunnel, (segment,), under)
    long = tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG)
    again = (long, replace(long, sport=40002))
    yield "no room in the tunnel, twice", Case(cluster(), too_wide, again)
    yield from bridged_too_large()


def bridged_too_large() -> Iterator[tuple[str, Case]]:
    """A port, or the far end of a wire, that takes less than what comes."""
    plain = Infrastructure(proxy=NO_PROXY)
    port = mtus({"node1": {"vethyyy": 1300, "cbr0": 1300}})
    whole = replace(udp("node1/pod1", POD2, octets=1400), timeout=1_000_000)
    split = replace(whole, pmtudisc="dont")
    yield "no room at a port", Case(cluster(), plain, (whole,), port)
    yield "no room at a port, in pieces", Case(cluster(), plain, (split,), port)
    end = mtus({"node1/pod2": {"eth0": 1300}})
    yield "no room at the far end", Case(cluster(), plain, (whole, replace(split, sport=40002)), end)
    cable = mtus({"cloud": {"to-node1": 1300}})
    yield "no room at the far end of a cable", Case(cluster(), plain, (replace(whole, address=POD4),), cable)


def redirected() -> Iterator[tuple[str, Case]]:
    """A way that is longer than it need be, and who is told."""
    plain, ruled = Infrastructure(proxy=NO_PROXY), Infrastructure()
    silence = replace(udp("node1/pod1", POD4), timeout=1_000_000)
    echoes = (ping("node1/pod1", POD2), replace(ping("node1/pod1", POD2), sport=40002))
    apart = (
        udp("node1/pod1", POD2),
        replace(silence, sport=40002),
        replace(udp("node1/pod1", POD2), sport=40003),
        replace(udp("node1/pod1", POD2), sport=40004),
    )
    yield "a redirect, pinged", Case(cluster(), plain, echoes, narrow_mask)
    yield (
        "a redirect, followed",
        Case(cluster(), plain, apart, both(narrow_mask, sysctl("node2", IP_FORWARD, 0))),
    )
    yield "a redirect, connecting", Case(cluster(), plain, (tcp("node1/pod1", POD2),), narrow_mask)
    yield "a redirect that NAT holds back", Case(cluster(), ruled, (udp("node1/pod1", POD2),), narrow_mask)
    yield (
        "a redirect to a router",
        Case(cluster(), plain, (replace(ping("node1", POD4), timeout=1_000_000),), route_back),
    )


def both(one: Fault, other: Fault) -> Fault:
    return lambda world: other(one(world))


def mtus(devices: Mapping[str, Mapping[str, int]]) -> Fault:
    """Other MTUs, octets, by namespace and device."""

    def change(world: World) -> World:
        for place, sizes in devices.items():
            netns = world[place]
            known = netns.config.devices
            resized = {name: replace(known[name], mtu=mtu) for name, mtu in sizes.items()}
            world = world.replace(netns.reconfigure(replace(netns.config, devices={**known, **resized})))
        return world

    return change


def narrow_mask(world: World) -> World:
    """pod1 takes nobody for its neighbour but the gateway."""
    pod = world["node1/pod1"]
    alone = replace(pod.config.devices["eth0"], addresses=(Interface(POD1, 32),))
    devices = {**pod.config.devices, "eth0": alone}
    routes = (
        Route(Prefix.parse(f"{GATEWAY}/32"), "eth0", scope="link"),
        Route(Prefix.parse("0.0.0.0/0"), "eth0", via=GATEWAY),
    )
    config = replace(pod.config, devices=devices, fib=fib_of(devices.values(), routes))
    return world.replace(pod.reconfigure(config))


CASES = dict((*too_large(), *redirected()))
