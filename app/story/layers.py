"""Packets as flat records: what a reader sees of each layer, and what changed between two of them."""

from functools import lru_cache
from typing import Any

from app.story.view import Change, Layer
from app.wire.packet import (
    Arp,
    Ethernet,
    Header,
    HttpRequest,
    HttpResponse,
    Icmp,
    IPv4,
    Packet,
    Tcp,
    Text,
    Udp,
    Vxlan,
    layers,
)

ICMP_NAMES: dict[tuple[int, int], str] = {
    (0, 0): "echo reply", (3, 0): "network unreachable", (3, 1): "host unreachable", (3, 3): "port unreachable",
    (3, 4): "fragmentation needed", (3, 13): "filtered", (5, 1): "redirect", (8, 0): "echo request", (11, 0): "time exceeded",
}  # fmt: skip


@lru_cache(maxsize=4096)
def packet_layers(packet: Packet) -> list[Layer]:
    """Every header as a dict with `layer` and its fields, outermost first.  Treat it as read-only: it is shared."""
    return [layer_of(header) for header in layers(packet)]


def layer_of(header: Header) -> Layer:
    match header:
        case Ethernet(src, dst):
            return {"layer": "ethernet", "src": src, "dst": dst, "type": header.type}
        case Arp(op, sender_mac, sender_ip, target_mac, target_ip):
            return {"layer": "arp", "op": op, "sender_mac": sender_mac, "sender_ip": sender_ip,
                    "target_mac": target_mac, "target_ip": target_ip}  # fmt: skip
        case IPv4(src, dst, _, ttl, df, part):
            layer: Layer = {"layer": "ipv4", "src": src, "dst": dst, "ttl": ttl, "protocol": header.protocol, "df": df,
                    "length": header.size}  # fmt: skip
            return layer | {"mf": part.more, "offset": part.offset} if part else layer
        case Tcp(sport, dport, flags, seq, ack):
            return {
                "layer": "tcp",
                "sport": sport,
                "dport": dport,
                "flags": list(flags),
                "seq": seq,
                "ack": ack,
            }
        case Udp(sport, dport):
            return {"layer": "udp", "sport": sport, "dport": dport, "length": header.size}
        case Vxlan(vni):
            return {"layer": "vxlan", "vni": vni}
        case Icmp():
            return icmp_layer(header)
        case HttpRequest(method, host, path, headers):
            return {"layer": "http", "method": method, "host": host, "path": path, "headers": dict(headers)}
        case HttpResponse(status, reason, body):
            return {"layer": "http", "status": status, "reason": reason, "body": body}
        case Text(data):
            return {"layer": "data", "text": data}


def icmp_layer(icmp: Icmp) -> Layer:
    layer: Layer = {
        "layer": "icmp",
        "type": icmp.type,
        "code": icmp.code,
        "name": ICMP_NAMES.get((icmp.type, icmp.code), ""),
    }
    if icmp.quoted is not None:
        layer["quoted"] = f"{icmp.quoted.src} > {icmp.quoted.dst} ttl {icmp.quoted.ttl}"
        return layer | ({"mtu": icmp.mtu} if icmp.mtu else {"gateway": icmp.gateway} if icmp.gateway else {})
    return layer | {"id": icmp.id, "sequence": icmp.sequence}


def field_of(packet: Packet, name: str) -> str | None:
    """`tcp.flags`, `ipv4.ttl`, ... of the outermost layer of that name, as text; None where there is none."""
    wanted, _, field = name.partition(".")
    for layer in packet_layers(packet):
        if layer["layer"] == wanted and field in layer:
            value = layer[field]
            return (
                "+".join(value)
                if isinstance(value, list)
                else str(value).lower()
                if isinstance(value, bool)
                else str(value)
            )
    return None


@lru_cache(maxsize=4096)
def changes(before: Packet, after: Packet) -> list[Change]:
    """What a reader should notice.  Layers are compared from the inside out, so that a wrapped frame is still the same frame."""
    old, new = packet_layers(before), packet_layers(after)
    shared = min(len(old), len(new))
    found = [Change(layer["layer"], None, summary(layer)) for layer in new[: len(new) - shared]]
    found += [Change(layer["layer"], summary(layer), None) for layer in old[: len(old) - shared]]
    for was, is_ in zip(old[len(old) - shared :], new[len(new) - shared :], strict=True):
        if was is not is_ and was != is_:
            found += layer_changes(was, is_)
    return found


def layer_changes(was: Layer, is_: Layer) -> list[Change]:
    if was["layer"] != is_["layer"]:
        return [Change(was["layer"], summary(was), None), Change(is_["layer"], None, summary(is_))]
    name = was["layer"]
    return [
        Change(f"{name}.{key}", was.get(key), value) for key, value in is_.items() if was.get(key) != value
    ]


def summary(layer: Layer) -> Any:
    """A header in a few words, where it comes or goes as a whole."""
    match layer["layer"]:
        case "ethernet" | "ipv4":
            return f"{layer['src']} > {layer['dst']}"
        case "tcp" | "udp":
            return f"{layer['sport']} > {layer['dport']}"
        case "vxlan":
            return f"vni {layer['vni']}"
        case other:
            return other
