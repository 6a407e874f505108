"""Worlds in which engine and kernel once differed: what fuzzing found, each told by what it is about.

They stand on the reference cluster: node1 with pod1, pod2 and pod5, node2 with pod3 and pod4.
"""

from msgspec.structs import replace

from app.controlplane.infrastructure import Infrastructure, Network, Proxy
from app.process.programs import Probe
from app.wire.packet import Text
from tests import damages
from tests.clusters import Case
from tests.controlplane.reference import NODES, NODES_ON_A_SWITCH
from tests.lab.matrix import EMPTY, NO_PROXY, POD1, POD2, POD4, SERVICES, cluster, ping, tcp, udp

PLAIN = Infrastructure(proxy=NO_PROXY)
RULED = Infrastructure(proxy=Proxy())
TUNNEL = Infrastructure(Network(plugin="flannel-vxlan"), Proxy())
UNSEEN = Infrastructure(Network(bridge_nf_call_iptables=False), Proxy())
EVERYBODY_THERE, EVERYBODY, NOWHERE, NOBODY = "10.244.2.255", "255.255.255.255", "10.250.0.1", "10.244.1.99"
STRANGER = "02:00:00:00:00:99"


def case(infra: Infrastructure, *probes: Probe, typed: tuple[str, ...] = ()) -> Case:
    nodes = NODES_ON_A_SWITCH if infra.fabric.kind == "l2" else NODES
    return Case(cluster(nodes), infra, probes, damages.typed(*typed))


def again(probe: Probe) -> tuple[Probe, Probe]:
    """Twice, and not long: the second begins before the first one's neighbours have failed."""
    return patient(probe, 400_000), patient(probe, 400_000, sport=40002)


def patient(probe: Probe, timeout: int, sport: int = 40001) -> Probe:
    return replace(probe, sport=sport, timeout=timeout)


FOUND = {
    "a connection to everybody on a network": case(RULED, patient(tcp("node1", EVERYBODY_THERE), 400_000)),
    "a datagram to everybody on a network": case(RULED, patient(udp("node1", EVERYBODY_THERE), 400_000)),
    "a ping to everybody on a network": case(RULED, patient(ping("node1", EVERYBODY_THERE), 400_000)),
    "a connection to everybody": case(PLAIN, tcp("node1", EVERYBODY)),
    "a datagram to everybody": case(PLAIN, udp("node1", EVERYBODY)),
    "an error that may pass, about a datagram": case(PLAIN, patient(udp("node1/pod1", NOWHERE), 400_000)),
    "an error that may pass, about a ping": case(PLAIN, ping("node1/pod1", NOWHERE)),
    "a ping to oneself, with rules": case(RULED, ping("node1", "192.168.1.10")),
    "two machines that ping each other with one identifier": case(
        RULED, ping("node1/pod1", POD4), ping("node2/pod4", POD1)
    ),
    "pings by a tunnel are one flow": case(TUNNEL, *again(ping("node2", POD2))),
    "a cable whose far end is down": case(
        RULED, *again(ping("node1/pod1", POD2)), typed=("node1: ip link set vethxxx down",)
    ),
    "a pod whose device is down": case(
        RULED, patient(tcp("node1", POD2), 400_000), typed=("node1/pod2: ip link set eth0 down",)
    ),
    "a bridge that is down": case(
        RULED, patient(tcp("node1/pod1", POD2), 400_000), typed=("node1: ip link set cbr0 down",)
    ),
    "no pod behind the bridge": case(
        RULED,
        patient(tcp("node2/pod3", POD1), 400_000),
        typed=tuple(f"node1: ip link set {p} down" for p in ("vethxxx", "vethyyy", "vethzzz")),
    ),
    "a server without a way back": case(
        PLAIN,
        patient(tcp("node2/pod3", POD1), 400_000),
        typed=("node1/pod1: ip route del default",),
    ),
    "an answer that is sent again while somebody else asks": case(
        UNSEEN,
        patient(tcp("node2/pod3", POD1), 400_000),
        Probe("node1/pod2", "tcp", NOBODY, 8080, None, 40002, 1_500_000),
        typed=("node1: iptables -A FORWARD -s 10.244.1.2 -j DROP",),
    ),
    "a server that reaches its neighbours by the gateway": case(
        PLAIN, tcp("node1/pod1", POD2), typed=("node1/pod2: ip route del 10.244.1.0/24",)
    ),
    "a sender whose own rules drop": case(
        PLAIN, ping("node1/pod1", POD2), typed=("node1/pod1: iptables -P OUTPUT DROP",)
    ),
    "a connection whose own rules drop it": case(
        PLAIN, patient(tcp("node1/pod1", POD2), 400_000), typed=("node1/pod1: iptables -P OUTPUT DROP",)
    ),
    "a datagram from a node to a service without endpoints": case(RULED, udp("node1", EMPTY, 80)),
    "copies of a flooded frame share one connection": case(
        RULED,
        patient(tcp("node1/pod1", "192.168.1.10"), 400_000),
        typed=(f"node1/pod1: ip neigh replace 10.244.1.1 lladdr {STRANGER} dev eth0",),
    ),
    **{
        f"{kind} in the sender's own table, {name}": case(
            PLAIN, probe, typed=(f"node1/pod1: ip route replace {kind} 10.244.2.0/24",)
        )
        for kind in ("blackhole", "unreachable", "prohibit")
        for name, probe in (("connection", tcp("node1/pod1", POD4)), ("datagram", udp("node1/pod1", POD4)))
    },
    **{
        f"{kind} at the router": case(
            PLAIN,
            patient(tcp("node1/pod1", POD4), 400_000),
            typed=(f"cloud: ip route replace {kind} 10.244.2.0/24",),
        )
        for kind in ("blackhole", "unreachable", "prohibit")
    },
    "a neighbour written by hand, and the bridge": case(
        RULED,
        tcp("node1/pod1", SERVICES["local"], 80),
        tcp("node1/pod1", SERVICES["local"], 80, 40002),
        typed=("node1: ip neigh replace 10.244.1.3 lladdr 0a:58:0a:f4:01:03 dev cbr0",),
    ),
    "two connections that are refused by the machine itself": case(RULED, *again(tcp("node1", EMPTY, 80))),
    "two pods with one address on one node": case(
        PLAIN,
        *again(ping("node1/pod1", POD2)),
        typed=(
            "node1/pod5: ip addr del 10.244.1.6/24 dev eth0",
            "node1/pod5: ip addr add 10.244.1.3/24 dev eth0",
        ),
    ),
    "a pod with an address of its node": case(
        PLAIN,
        patient(ping("node1/pod1", "192.168.1.10"), 400_000),
        typed=(
            "node1/pod1: ip addr del 10.244.1.2/24 dev eth0",
            "node1/pod1: ip addr add 192.168.1.10/16 dev eth0",
            "node1/pod1: ip addr add 10.244.1.1/24 dev eth0",
        ),
    ),
    "fragments by a tunnel": case(
        TUNNEL,
        Probe("node1/pod1", "icmp", POD4, 0, octets=1456),
        Probe("node1/pod1", "icmp", POD4, 0, sport=40002, octets=3000),
    ),
    "nowhere to go for many fragments, twice": case(
        Infrastructure(Network(mtu=400), NO_PROXY),
        *again(Probe("node1/pod1", "udp", NOWHERE, 5353, Text("x" * 1500), pmtudisc="dont")),
        typed=("node1: ip route del default",),
    ),
    "rp_filter and a source that nobody can be": case(
        PLAIN,
        patient(tcp("node2/pod3", POD1), 400_000),
        typed=(
            "node1: sysctl -w net.ipv4.conf.all.rp_filter=2",
            "node1: ip route replace blackhole 10.244.2.0/24",
        ),
    ),
}
