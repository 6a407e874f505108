"""What Kubernetes does not say: how the nodes are joined, what is outside, which plugin and which proxy run."""

from typing import Literal

from msgspec import Struct

from app.wire.addr import Address, Mac


class Network(Struct, frozen=True):
    """The CNI plugin and its names.  `ip_masq` is flannel's --ip-masq; `egress_masquerade` kubenet's rule.

    `mtu` is that of the bridge and the pods, octets; None: what the plugin chooses, the nodes' less any encapsulation.
    """

    plugin: Literal["bridge", "flannel-vxlan", "flannel-host-gw"] = "bridge"
    bridge: str = "cbr0"
    cluster_cidr: str = "10.244.0.0/16"
    mtu: int | None = None
    hairpin: bool = True
    bridge_nf_call_iptables: bool = True
    ip_masq: bool = True
    egress_masquerade: bool = False
    non_masquerade_cidr: str = "10.0.0.0/8"


class Proxy(Struct, frozen=True):
    """kube-proxy's own options.  `none`: no kube-proxy runs, so that a first journey meets no rule."""

    mode: Literal["iptables", "none"] = "iptables"
    cluster_cidr: str | None = "10.244.0.0/16"
    masquerade_all: bool = False
    masquerade_bit: int = 14


class Fabric(Struct, frozen=True):
    """`cloud`: a router with a route table and 1:1 NAT; `l2`: one switch; `pigeon`: a carrier between two nodes.

    `pod_routes`: does the cloud's route table hold each node's block?  `delay` one way, microseconds; `mtu` octets.
    """

    kind: Literal["cloud", "l2", "pigeon"] = "cloud"
    pod_routes: bool = True
    route_limit: int | None = None
    delay: int = 0
    mtu: int = 1500


class OutsideHost(Struct, frozen=True):
    """A machine on the internet side; `serves`: TCP ports and bodies of HTTP answers; `names`: its host names."""

    name: str
    address: Address
    mac: Mac | None = None
    names: tuple[str, ...] = ()
    serves: tuple[tuple[int, str], ...] = ()


class LoadBalancer(Struct, frozen=True):
    """A layer 4 balancer that NATs `vip:port` to a node port of `targets` (node names) and masquerades."""

    name: str
    address: Address
    vip: Address
    port: int
    node_port: int
    targets: tuple[str, ...]
    mac: Mac | None = None


class Infrastructure(Struct, frozen=True):
    """All of it."""

    network: Network = Network()
    proxy: Proxy = Proxy()
    fabric: Fabric = Fabric()
    hosts: tuple[OutsideHost, ...] = ()
    balancers: tuple[LoadBalancer, ...] = ()
