"""`ip addr`, `ip link`, `ip -d link show DEV` as iproute2 6.1 prints them (ip/ipaddress.c, ip/iplink_*.c).

A physical NIC is printed as one without features of its own; the kernel's other devices are complete.
"""

from collections.abc import Iterator

from app.kernel.carrier import carrier, far_end, forwards
from app.kernel.device import Device
from app.kernel.netns import Netns
from app.kernel.show.listing import Line
from app.kernel.world import World
from app.wire.addr import BROADCAST_MAC, Mac

SMALLEST_MTU_OF_IPV6 = 1280  # octets, RFC 8200 section 5
LIFETIME = "       valid_lft forever preferred_lft forever"
QUEUES = (
    "numtxqueues 1 numrxqueues 1 gso_max_size 65536 gso_max_segs 65535"
    " tso_max_size 524280 tso_max_segs 65535 gro_max_size 65536"
)
LONELY_QUEUES = QUEUES.replace("tso_max_size 524280", "tso_max_size 65536")
"""A bridge without ports has nobody to inherit from (net/bridge/br_if.c: br_set_gso_limits)."""

BRIDGE_DEFAULTS = (
    "root_port 0 root_path_cost 0 topology_change 0 topology_change_detected 0 hello_timer    0.00"
    " tcn_timer    0.00 topology_change_timer    0.00 gc_timer    0.00 group_fwd_mask 0"
    " group_address 01:80:c2:00:00:00 mcast_snooping 0 no_linklocal_learn 0 mcast_vlan_snooping 0 mcast_router 1"
    " mcast_query_use_ifaddr 0 mcast_querier 0 mcast_hash_elasticity 16 mcast_hash_max 4096"
    " mcast_last_member_count 2 mcast_startup_query_count 2 mcast_last_member_interval 100"
    " mcast_membership_interval 26000 mcast_querier_interval 25500 mcast_query_interval 12500"
    " mcast_query_response_interval 1000 mcast_startup_query_interval 3124 mcast_stats_enabled 0"
    " mcast_igmp_version 2 mcast_mld_version 1 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0"
)
PORT_DEFAULTS = (
    "hold_timer    0.00 message_age_timer    0.00 forward_delay_timer    0.00 topology_change_ack 0"
    " config_pending 0 proxy_arp off proxy_arp_wifi off mcast_router 1 mcast_fast_leave off mcast_flood on"
    " bcast_flood on mcast_to_unicast off neigh_suppress off group_fwd_mask 0 group_fwd_mask_str 0x0"
    " vlan_tunnel off isolated off locked off"
)


def ip_addr(world: World, netns: Netns, name: str | None = None) -> Iterator[Line]:
    """`ip addr [show DEV]`"""
    for device in chosen(netns, name):
        yield Line(heading(world, netns, device), device)
        yield Line(hardware(world, netns, device), device)
        scope = "host" if device.kind == "loopback" else "global"
        for interface in device.addresses:
            rank = " secondary" if interface.is_secondary(device.addresses) else ""
            yield Line(f"    inet {interface} scope {scope}{rank} {device.name}", interface)
            yield Line(LIFETIME, interface)
    yield from missing(netns, name)


def ip_link(world: World, netns: Netns, name: str | None = None) -> Iterator[Line]:
    """`ip link [show DEV]`"""
    for device in chosen(netns, name):
        yield Line(heading(world, netns, device, " mode DEFAULT"), device)
        yield Line(hardware(world, netns, device), device)
    yield from missing(netns, name)


def ip_link_details(world: World, netns: Netns, name: str | None = None) -> Iterator[Line]:
    """`ip -d link [show DEV]`"""
    for device in chosen(netns, name):
        first, *more = details(world, netns, device)
        yield Line(heading(world, netns, device, " mode DEFAULT"), device)
        yield Line(f"{hardware(world, netns, device)} {first}", device)
        yield from (Line(f"    {text}", device) for text in more)
    yield from missing(netns, name)


def chosen(netns: Netns, name: str | None) -> list[Device]:
    """The device of that name, or all where none is asked for."""
    return [device for device in by_index(netns) if name in (None, device.name)]


def missing(netns: Netns, name: str | None) -> Iterator[Line]:
    if name is not None and name not in netns.config.devices:
        yield Line(f'Device "{name}" does not exist.')


def by_index(netns: Netns) -> list[Device]:
    return sorted(netns.config.devices.values(), key=lambda device: device.index)


def heading(world: World, netns: Netns, device: Device, mode: str = "") -> str:
    master = f" master {device.master}" if device.master else ""
    return (
        f"{device.index}: {device.name}{behind(world, device)}: <{flags(world, netns, device)}> mtu {device.mtu}"
        f" qdisc {'noqueue' if device.up or device.opened else 'noop'}{master} state {operstate(world, netns, device)}{mode}"
        " group default qlen 1000"
    )


def hardware(world: World, netns: Netns, device: Device) -> str:
    if device.kind == "loopback":
        return f"    link/loopback {device.mac} brd {device.mac}"
    number = nsid(netns, device)
    far = "" if number is None else f" link-netnsid {number}"
    return f"    link/ether {device.mac} brd {BROADCAST_MAC}{far}"


def behind(world: World, device: Device) -> str:
    """`@if3`: the index of a veth's other end, in the namespace where that lives."""
    return f"@if{index}" if (index := iflink(world, device)) is not None else ""


def iflink(world: World, device: Device) -> int | None:
    """The index of a veth's other end; None for every other kind, and where the other machine is not known yet."""
    if device.kind != "veth" or (other := far_end(world, device)) is None:
        return None
    return other.index


def nsid(netns: Netns, device: Device) -> int | None:
    """This namespace's own number for the one where the veth's other end lives."""
    if device.kind != "veth" or device.peer is None or device.peer.netns == netns.id:
        return None
    return netns.config.nsids.index(device.peer.netns)


def flags(world: World, netns: Netns, device: Device) -> str:
    ready = carrier(world, netns, device)
    shown = {
        "NO-CARRIER": device.up and not ready,
        "LOOPBACK": device.kind == "loopback",
        "BROADCAST": device.kind != "loopback",
        "MULTICAST": device.kind != "loopback",
        "PROMISC": device.promiscuous,
        "UP": device.up,
        "LOWER_UP": ready,
    }
    return ",".join(flag for flag, on in shown.items() if on)


def operstate(world: World, netns: Netns, device: Device) -> str:
    """net/core/link_watch.c default_operstate: it takes the other end's index for one of this namespace, and asks a stranger."""
    if carrier(world, netns, device):
        return "UNKNOWN" if device.kind in ("loopback", "vxlan") else "UP"
    blamed = namesake(netns, iflink(world, device))
    lower_down = (
        device.up and blamed is not None and blamed is not device and not carrier(world, netns, blamed)
    )
    return "LOWERLAYERDOWN" if lower_down else "DOWN"


def namesake(netns: Netns, index: int | None) -> Device | None:
    return next((device for device in netns.config.devices.values() if device.index == index), None)


def details(world: World, netns: Netns, device: Device) -> Iterator[str]:
    """What `-d` adds: to the second line, and a line for the kind of device and one for the kind of its master."""
    promiscuity = int(device.promiscuous) + int(device.master is not None)
    limits = "minmtu 0 maxmtu 0" if device.kind == "loopback" else "minmtu 68 maxmtu 65535"
    general = f"promiscuity {promiscuity}  allmulti {int(device.master is not None)} {limits}"
    kinds = [*kind_line(device), *port_line(world, netns, device)]
    *others, last = [general, *kinds]
    yield from others
    ipv6 = "addrgenmode eui64 " if device.mtu >= SMALLEST_MTU_OF_IPV6 else ""
    yield f"{last} {ipv6}{LONELY_QUEUES if is_empty(netns, device) else QUEUES}"


def is_empty(netns: Netns, device: Device) -> bool:
    return device.kind == "bridge" and not netns.config.ports[device.name]


def kind_line(device: Device) -> Iterator[str]:
    if device.kind == "veth":
        yield "veth"
    elif device.kind == "bridge":
        own = bridge_id(device.mac)
        yield (
            "bridge forward_delay 0 hello_time 200 max_age 2000 ageing_time 30000 stp_state 0 priority 32768"
            f" vlan_filtering 0 bridge_id {own} designated_root {own} {BRIDGE_DEFAULTS}"
        )
    elif device.vxlan:
        tunnel = device.vxlan
        yield (
            f"vxlan id {tunnel.vni} local {tunnel.local} dev {tunnel.lower} srcport 0 0 dstport {tunnel.port}"
            " nolearning ttl auto ageing 300 udpcsum noudp6zerocsumtx noudp6zerocsumrx"
        )


def port_line(world: World, netns: Netns, device: Device) -> Iterator[str]:
    if device.master:
        number = device.port_no
        bridge = bridge_id(netns.config.devices[device.master].mac)
        yield (
            f"bridge_slave state {port_state(world, netns, device)} priority 32 cost 2"
            f" hairpin {'on' if device.hairpin else 'off'} guard off root_block off fastleave off learning on flood on"
            f" port_id {0x8000 + number:#x} port_no {number:#x} designated_port {0x8000 + number} designated_cost 0"
            f" designated_bridge {bridge} designated_root {bridge} {PORT_DEFAULTS}"
        )


def port_state(world: World, netns: Netns, device: Device) -> str:
    return "forwarding" if forwards(world, netns, device) else "disabled"


def bridge_id(mac: Mac) -> str:
    """Priority 0x8000 and the MAC, as `ip` prints it: without leading zeros."""
    return "8000." + ":".join(f"{int(octet, 16):x}" for octet in mac.split(":"))
