"""Compiled worlds broken by what an administrator types: on our world by `change`, in the sandbox by the command itself."""

from app.controlplane.infrastructure import Infrastructure, Network
from app.process.programs import Probe
from tests import damages
from tests.clusters import Case
from tests.lab.matrix import ENDS, NO_PROXY, TO_SERVICES, cluster

PLAIN = Infrastructure(proxy=NO_PROXY)
RULED = Infrastructure()
TUNNEL = Infrastructure(Network(plugin="flannel-vxlan"), NO_PROXY)

OVER, NEAR = ENDS["to the other node"], ENDS["to its neighbour"]
PING_OVER, PING_NEAR = ENDS["ping to the other node"], ENDS["ping to its neighbour"]
TO_THE_GATEWAY, FROM_THE_NODE = ENDS["ping to its gateway"], ENDS["from the node to its pod"]
ASKED = TO_SERVICES["to remote"]


def typed(infra: Infrastructure, probes: tuple[Probe, ...], *lines: str) -> Case:
    """`lines` as `damages.typed` reads them."""
    return Case(cluster(), infra, probes, damages.typed(*lines))


NEW_TUNNEL = (
    "node2: ip link del flannel.1",
    "node2: ip link add flannel.1 address 4e:f1:a0:00:02:00"
    " type vxlan id 2 local 192.168.2.10 dev eth0 dstport 8472 nolearning",
    "node2: ip addr add 10.244.2.0/32 dev flannel.1",
    "node2: ip link set flannel.1 up",
    "node2: ip route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink",
)

CASES = {
    "the node's NIC is down": typed(PLAIN, OVER, "node1: ip link set eth0 down"),
    "the node's NIC is down, through the tunnel": typed(TUNNEL, OVER, "node1: ip link set eth0 down"),
    "the node's NIC was down": typed(
        PLAIN, OVER, "node1: ip link set eth0 down", "node1: ip link set eth0 up"
    ),
    "the other node's NIC is down": typed(PLAIN, OVER, "node2: ip link set eth0 down"),
    "the other node's NIC is down, ping": typed(PLAIN, PING_OVER, "node2: ip link set eth0 down"),
    "the cloud's port is down": typed(PLAIN, PING_OVER, "cloud: ip link set to-node1 down"),
    "the sender's own end is down": typed(PLAIN, NEAR, "node1/pod1: ip link set eth0 down"),
    "the receiver's own end is down": typed(PLAIN, NEAR, "node1/pod2: ip link set eth0 down"),
    "the receiver's own end is down, ping": typed(PLAIN, PING_NEAR, "node1/pod2: ip link set eth0 down"),
    "the receiver's own end was down": typed(
        PLAIN, NEAR, "node1/pod2: ip link set eth0 down", "node1/pod2: ip link set eth0 up"
    ),
    "the sender's port is down": typed(PLAIN, PING_NEAR, "node1: ip link set vethxxx down"),
    "the receiver's port is down": typed(PLAIN, NEAR, "node1: ip link set vethyyy down"),
    "the receiver's port is down, from the node": typed(
        PLAIN, FROM_THE_NODE, "node1: ip link set vethyyy down"
    ),
    "no port has a carrier": typed(
        PLAIN, FROM_THE_NODE, "node1/pod1: ip link set eth0 down", "node1/pod2: ip link set eth0 down"
    ),
    "the bridge is down": typed(PLAIN, PING_NEAR, "node1: ip link set cbr0 down"),
    "the bridge is down, over": typed(PLAIN, PING_OVER, "node1: ip link set cbr0 down"),
    "the bridge is gone": typed(PLAIN, PING_NEAR, "node1: ip link del cbr0"),
    "the receiver is unplugged": typed(PLAIN, PING_NEAR, "node1: ip link set vethyyy nomaster"),
    "the receiver is gone": typed(PLAIN, PING_NEAR, "node1: ip link del vethyyy"),
    "the sender is gone": typed(PLAIN, PING_NEAR, "node1: ip link del vethxxx"),
    "the loopback device is down": typed(
        PLAIN, ENDS["from the node to itself"], "node1: ip link set lo down"
    ),
    "the gateway has no address": typed(PLAIN, TO_THE_GATEWAY, "node1: ip addr del 10.244.1.1/24 dev cbr0"),
    "the gateway has no address, over": typed(PLAIN, PING_OVER, "node1: ip addr del 10.244.1.1/24 dev cbr0"),
    "the sender has no address": typed(PLAIN, OVER, "node1/pod1: ip addr del 10.244.1.2/24 dev eth0"),
    "the receiver has another address": typed(
        PLAIN,
        PING_NEAR,
        "node1/pod2: ip addr del 10.244.1.3/24 dev eth0",
        "node1/pod2: ip addr add 10.244.1.9/24 dev eth0",
    ),
    "two have the same address": typed(PLAIN, NEAR, "node1/pod1: ip addr add 10.244.1.3/24 dev eth0"),
    "the sender has no default route": typed(PLAIN, OVER, "node1/pod1: ip route del default"),
    "the receiver has no default route": typed(PLAIN, OVER, "node2/pod4: ip route del default"),
    "the node has no default route": typed(PLAIN, PING_OVER, "node1: ip route del default"),
    "the node has no default route, through the tunnel": typed(
        TUNNEL, PING_OVER, "node1: ip route del default"
    ),
    "the cloud has no route": typed(PLAIN, OVER, "cloud: ip route del 10.244.2.0/24"),
    "the cloud refuses": typed(PLAIN, OVER, "cloud: ip route replace prohibit 10.244.2.0/24"),
    "the cloud swallows": typed(PLAIN, PING_OVER, "cloud: ip route replace blackhole 10.244.2.0/24"),
    "a wrong gateway": typed(PLAIN, PING_OVER, "node1: ip route replace default via 192.168.1.77"),
    "a wrong MAC": typed(
        PLAIN, PING_NEAR, "node1/pod1: ip neigh add 10.244.1.3 lladdr 02:00:00:00:00:99 dev eth0"
    ),
    "a changed MAC": typed(PLAIN, PING_NEAR, "node1/pod2: ip link set eth0 address 02:00:00:00:00:99"),
    "a MAC that the bridge takes for its own": typed(
        PLAIN, PING_NEAR, "node1: bridge fdb add 0a:58:0a:f4:01:03 dev vethyyy master"
    ),
    "a MAC fixed to another port": typed(
        PLAIN, PING_NEAR, "node1: bridge fdb add 0a:58:0a:f4:01:03 dev vethxxx master static"
    ),
    "no hairpin": typed(RULED, TO_SERVICES["to self"], "node1: bridge link set dev vethxxx hairpin off"),
    "no forwarding": typed(PLAIN, OVER, "node1: sysctl -w net.ipv4.ip_forward=0"),
    "a reverse path that is no longer strict": typed(
        PLAIN,
        OVER,
        "node2: sysctl -w net.ipv4.conf.all.rp_filter=1",
        "node2: sysctl -w net.ipv4.conf.all.rp_filter=0",
    ),
    "a strict reverse path": typed(PLAIN, OVER, "node2: sysctl -w net.ipv4.conf.all.rp_filter=1"),
    "no forwarding, neighbours": typed(PLAIN, NEAR, "node1: sysctl -w net.ipv4.ip_forward=0"),
    "a loose reverse path": typed(PLAIN, OVER, "node2: sysctl -w net.ipv4.conf.all.rp_filter=2"),
    "a loop of routes": typed(
        PLAIN, OVER, "cloud: ip route replace 10.244.2.0/24 via 192.168.1.10 dev to-node1"
    ),
    "a bridge that listens to all": typed(PLAIN, NEAR, "node1: ip link set cbr0 promisc on"),
    "no br_netfilter": typed(
        RULED, TO_SERVICES["to local"], "node1: sysctl -w net.bridge.bridge-nf-call-iptables=0"
    ),
    "the tunnel is down": typed(TUNNEL, PING_OVER, "node1: ip link set flannel.1 down"),
    "the other tunnel is down": typed(TUNNEL, PING_OVER, "node2: ip link set flannel.1 down"),
    "the tunnel is gone": typed(TUNNEL, PING_OVER, "node1: ip link del flannel.1"),
    "another VNI": typed(TUNNEL, OVER, *NEW_TUNNEL),
    "no VTEP in the FDB": typed(TUNNEL, OVER, "node1: bridge fdb del 4e:f1:a0:00:02:00 dev flannel.1"),
    "no VTEP among the neighbours": typed(TUNNEL, OVER, "node1: ip neigh del 10.244.2.0 dev flannel.1"),
    "the tunnel is blocked in the cloud": typed(TUNNEL, OVER, "cloud: iptables -P FORWARD DROP"),
    "a wrong VTEP in the FDB": typed(
        TUNNEL, PING_OVER, "node1: bridge fdb replace 4e:f1:a0:00:02:00 dev flannel.1 dst 192.168.2.99"
    ),
    "the tunnel's MAC is another": typed(
        TUNNEL, PING_OVER, "node2: ip link set flannel.1 address 02:00:00:00:00:99"
    ),
    "a narrow port": typed(PLAIN, ENDS["a long request"], "node1/pod1: ip link set eth0 mtu 1300"),
    "forwarding is dropped": typed(PLAIN, OVER, "node1: iptables -P FORWARD DROP"),
    "forwarding is dropped, neighbours": typed(PLAIN, NEAR, "node1: iptables -P FORWARD DROP"),
    "all is dropped": typed(RULED, NEAR, "node1: iptables -P FORWARD DROP", "node1: iptables -F FORWARD"),
    "one is refused": typed(RULED, OVER, "node2: iptables -I FORWARD -d 10.244.2.3 -p tcp -j REJECT"),
    "one chain is empty": typed(RULED, ASKED, "node1: iptables -t nat -F KUBE-SERVICES"),
    "no translation at all": typed(RULED, ASKED, "node1: iptables -t nat -F"),
    "a port is let through": typed(
        PLAIN,
        OVER,
        "node2: iptables -P FORWARD DROP",
        "node2: iptables -A FORWARD -p tcp --dport 8080 -j ACCEPT",
        "node2: iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT",
    ),
}
