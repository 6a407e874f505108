"""Journeys of what does not fit and of what goes a detour: fragments, path MTUs, redirects, each against the kernel.

Cases like those of `matrix.py`.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure, Network
from app.kernel.socket import PathMtuDiscovery
from app.wire.packet import HttpRequest
from tests.clusters import Case
from tests.damages import typed
from tests.lab.matrix import (
    DNS,
    GATEWAY,
    NEARLY_TOO_LONG,
    NO_PROXY,
    POD1,
    POD2,
    POD4,
    cluster,
    ping,
    tcp,
    udp,
)

WISHES: tuple[PathMtuDiscovery, ...] = ("want", "do", "dont")
NARROW_MASK = typed(
    f"node1/pod1: ip addr del {POD1}/24 dev eth0",
    f"node1/pod1: ip addr add {POD1}/32 dev eth0",
    f"node1/pod1: ip route add {GATEWAY}/32 dev eth0",
    f"node1/pod1: ip route add default via {GATEWAY}",
)
"""pod1 takes nobody for its neighbour but the gateway."""


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
    under = typed(
        "cloud: ip link set to-node2 mtu 1400",
        "node2: ip link set eth0 mtu 1400",
        "node2: ip link set flannel.1 mtu 1350",
    )
    fitting = udp("node1/pod1", POD4, octets=1400)
    twice = tuple(replace(fitting, sport=sport, timeout=1_000_000) for sport in (40001, 40002))
    yield "no room under the tunnel", Case(cluster(), tunnel, twice, under)
    segment = tcp("node1/pod1", POD4, request=HttpRequest("GET", "web", "/" + "x" * 1330))
    yield "no room under the tunnel, one segment", Case(cluster(), tunnel, (segment,), under)
    yield from narrower_cable()
    long = tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG)
    again = (long, replace(long, sport=40002))
    yield "no room in the tunnel, twice", Case(cluster(), too_wide, again)
    yield from bridged_too_large()


def narrower_cable() -> Iterator[tuple[str, Case]]:
    """flannel.1 goes on promising 1450 octets; its own kernel learns what the path takes, and uses that for its own packets."""
    tunnel = Infrastructure(Network(plugin="flannel-vxlan"), NO_PROXY)
    cable = typed("node1: ip link set eth0 mtu 1400", "cloud: ip link set to-node1 mtu 1400")
    for sender in ("node1/pod1", "node1"):
        twice = tuple(replace(udp(sender, POD4, octets=1400), sport=sport) for sport in (40001, 40002))
        yield f"a narrower cable under the tunnel, from {sender}", Case(cluster(), tunnel, twice, cable)
    long = tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG)
    again = (long, replace(long, sport=40002))
    yield "a narrower cable under the tunnel, a long request", Case(cluster(), tunnel, again, cable)


def put_together() -> Iterator[tuple[str, Case]]:
    """Pieces that connection tracking puts together leave as they came."""
    ruled = Infrastructure()
    cable = typed("cloud: ip link set to-node2 mtu 1400", "node2: ip link set eth0 mtu 1400")
    asked = udp("node2/pod4", DNS, 53, octets=3000)
    yield "pieces of uneven sizes", Case(cluster(), ruled, (asked,), cable)
    narrow = typed("node1/pod1: ip link set eth0 mtu 1300")
    sent = replace(udp("node1/pod1", POD4, octets=3000), timeout=700_000)
    yield "pieces that a bridge passes up", Case(cluster(), ruled, (sent,), narrow)


def turned_into_the_tunnel() -> Iterator[tuple[str, Case]]:
    """What fitted the way that its sender asked for, until DNAT chose another one."""
    tunnel = Infrastructure(Network(plugin="flannel-vxlan"))
    for wish in WISHES:
        sent = replace(udp("node2", DNS, 53, octets=1440), pmtudisc=wish)
        yield (
            f"DNAT into the tunnel, path MTU discovery {wish}",
            Case(cluster(), tunnel, (sent, replace(sent, sport=40002))),
        )


def hardly_any_room() -> Iterator[tuple[str, Case]]:
    """A path that takes less than anybody believes (net.ipv4.route.min_pmtu)."""
    plain, ruled = Infrastructure(proxy=NO_PROXY), Infrastructure()
    cable = typed("node1: ip link set eth0 mtu 400", "cloud: ip link set to-node1 mtu 400")
    one = replace(udp("node1/pod1", POD4, octets=1000), timeout=700_000)
    fitting = replace(udp("node1/pod1", POD4, octets=450), timeout=700_000)
    datagrams = (
        one,
        replace(fitting, sport=40002),
        replace(fitting, sport=40003, pmtudisc="do"),
        replace(one, sport=40004),
        replace(ping("node1/pod1", POD4), octets=450, sport=40005),
    )
    yield "a path that takes 400, datagrams", Case(cluster(), plain, datagrams, cable)
    long = tcp("node1/pod1", POD4, request=NEARLY_TOO_LONG)
    again = (long, replace(long, sport=40002))
    yield "a path that takes 400, long requests", Case(cluster(), plain, again, cable)
    yield "a path that takes 400, a long request, with rules", Case(cluster(), ruled, (long,), cable)


def bridged_too_large() -> Iterator[tuple[str, Case]]:
    """A port, or the far end of a wire, that takes less than what comes."""
    plain = Infrastructure(proxy=NO_PROXY)
    port = typed("node1: ip link set vethyyy mtu 1300", "node1: ip link set cbr0 mtu 1300")
    whole = replace(udp("node1/pod1", POD2, octets=1400), timeout=1_000_000)
    split = replace(whole, pmtudisc="dont")
    yield "no room at a port", Case(cluster(), plain, (whole,), port)
    yield "no room at a port, in pieces", Case(cluster(), plain, (split,), port)
    end = typed("node1/pod2: ip link set eth0 mtu 1300")
    yield "no room at the far end", Case(cluster(), plain, (whole, replace(split, sport=40002)), end)
    cable = typed("cloud: ip link set to-node1 mtu 1300")
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
    yield "a redirect, pinged", Case(cluster(), plain, echoes, NARROW_MASK)
    yield (
        "a redirect, followed",
        Case(cluster(), plain, apart, (*NARROW_MASK, *typed("node2: sysctl -w net.ipv4.ip_forward=0"))),
    )
    yield "a redirect, connecting", Case(cluster(), plain, (tcp("node1/pod1", POD2),), NARROW_MASK)
    yield "a redirect that NAT holds back", Case(cluster(), ruled, (udp("node1/pod1", POD2),), NARROW_MASK)
    wrong = typed(
        "node2: sysctl -w net.ipv4.conf.all.rp_filter=2", "node2: ip route add 10.244.1.0/24 dev cbr0"
    )
    asked = replace(ping("node1/pod1", POD4), timeout=700_000)
    yield "a redirect about an echo reply", Case(cluster(), plain, (asked,), wrong)
    yield (
        "a redirect to a router",
        Case(
            cluster(),
            plain,
            (replace(ping("node1", POD4), timeout=1_000_000),),
            typed("cloud: ip route replace 10.244.2.0/24 via 192.168.1.10 dev to-node1"),
        ),
    )


CASES = dict((*too_large(), *put_together(), *hardly_any_room(), *turned_into_the_tunnel(), *redirected()))
