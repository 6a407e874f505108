"""The packet as it is drawn: a capsule of blocks L2, L3, L4, data; a tunnelled frame is a capsule within a capsule."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.kernel.world import World
from app.story.view import Layer
from app.web.text import abridged, safe
from app.wire.addr import BROADCAST_MAC, ZERO_MAC
from app.wire.packet import VXLAN_OVERHEAD

EM = 10.6
"""Advance of one glyph at the projector's size, viewBox units: what the width of a capsule is estimated with."""


def owners(world: World) -> dict[str, str]:
    """MAC → the name a reader knows its owner by: a bridge by its own, any other device by its machine."""
    return {
        device.mac: device.name if device.kind == "bridge" else ns.id.rpartition("/")[2]
        for ns in world.netns.values()
        for device in ns.config.devices.values()
        if device.kind != "loopback"
    } | {BROADCAST_MAC: "everyone", ZERO_MAC: "lo"}


def capsule(
    packet: Sequence[Layer], names: Mapping[str, str], rewritten: Collection[str] = (), *, reply: bool = False
) -> tuple[str, int]:
    """HTML on one line, and about how wide it is at most, viewBox units.

    `rewritten` are the fields (`ipv4.dst`) that this step changed in the outermost header of their kind.
    """
    if not packet:
        return "", 0
    split = next((at for at, layer in enumerate(packet) if layer["layer"] == "vxlan"), None)
    kind = " reply" if reply else ""
    if split is None:
        blocks, wide = cells(packet, names, rewritten)
        return f'<div class="capsule{kind}">{blocks}</div>', wide
    outer, wide = cells(packet[:split], names, rewritten)
    inner, inner_wide = cells(packet[split + 1 :], names, ())
    tab = f'<span class="cell tab">+{VXLAN_OVERHEAD} B</span>'
    html = f'<div class="capsule tunnel{kind}"><div class="outer">{outer}{tab}</div><div class="inner">{inner}</div></div>'
    return html, max(wide + 90, inner_wide + 20)


def cells(packet: Sequence[Layer], names: Mapping[str, str], rewritten: Collection[str]) -> tuple[str, int]:
    """The blocks of these headers, and the width of all."""
    shown, glyphs, count = "", 0, 0
    for layer in packet:
        kind, text = spoken(layer, names)
        if text:
            new = (
                " new"
                if rewritten and kind == "l3" and ("ipv4.src" in rewritten or "ipv4.dst" in rewritten)
                else ""
            )
            shown += f'<span class="cell {kind}{new}">{arrowed(text)}</span>'
            glyphs, count = glyphs + len(text), count + 1
    return shown, round(glyphs * EM + count * 18)


@lru_cache(maxsize=4096)
def arrowed(text: str) -> str:
    """The arrow is drawn by the style sheet: not every monospaced font has one that can be seen."""
    return safe(text).replace("→", '<i class="to">→</i>')


def spoken(layer: Layer, names: Mapping[str, str]) -> tuple[str, str]:
    """The class of a layer's block and the words in it."""
    match layer["layer"]:
        case "ethernet":
            return "l2", f"{name(layer['src'], names)}→{name(layer['dst'], names)}"
        case "arp" if layer["op"] == "request":
            return "arp", f"who has {layer['target_ip']}?"
        case "arp":
            return "arp", f"{layer['sender_ip']} is here"
        case "ipv4":
            return "l3", f"{layer['src']}→{layer['dst']}"
        case "tcp":
            return "l4", "+".join(layer["flags"])
        case "udp":
            return "l4", f"UDP {layer['dport']}"
        case "icmp":
            return "l4", layer.get("name") or f"ICMP {layer['type']}"
        case "http":
            return "data", http(layer)
        case "vxlan":
            return "tab", ""
        case "data":
            return "data", abridged(str(layer.get("text", "")), 24)
        case other:
            return "data", str(other)


def http(layer: Layer) -> str:
    return (
        f"{layer['method']} {layer.get('path', '')}"
        if layer.get("method")
        else str(layer.get("status", "HTTP"))
    )


def name(mac: Any, names: Mapping[str, str]) -> str:
    return names.get(mac, str(mac)[-5:])
