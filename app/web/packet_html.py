"""The headers of a packet as cards, outermost first; what a tunnel carries is set in."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from app.story.view import Layer
from app.web.text import safe, shown

TITLES = {"ethernet": "Ethernet", "arp": "ARP", "ipv4": "IPv4", "tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "vxlan": "VXLAN",
          "http": "HTTP", "dns": "DNS", "data": "Data"}  # fmt: skip
OCTETS = {"ethernet": 14, "arp": 28, "ipv4": 20, "udp": 8, "vxlan": 8}
FLAT = {"ethernet", "arp", "ipv4", "udp", "vxlan", "icmp"}  # headers without a list among their fields
NOTHING: frozenset[str] = frozenset()


def tree(packet: Sequence[Layer], rewritten: frozenset[str]) -> str:
    """`rewritten` are the fields (`ipv4.ttl`) or headers (`vxlan`) that this step changed; of two headers of a kind the outer."""
    if not packet:
        return '<p class="hint">No packet is concerned by this step.</p>'
    parts: list[str] = []
    inside, seen = False, set[str]()
    for layer in packet:
        kind = layer["layer"]
        mine = NOTHING if kind in seen or not rewritten else rewritten
        seen.add(kind)
        values = tuple(layer.values()) if kind in FLAT else tuple(map(shown, layer.values()))
        parts.append(card(tuple(layer), values, inside, mine))
        if kind == "vxlan":
            inside = True
            parts.append('<div class="inside">')
    return f'<div class="tree">{"".join(parts)}{"</div>" if inside else ""}</div>'


@lru_cache(maxsize=4096)
def card(fields: tuple[str, ...], values: tuple[Any, ...], inside: bool, rewritten: frozenset[str]) -> str:
    """One header.  The same header comes in many steps, so cards are remembered by all that is on them."""
    kind = values[0]
    title = f"{TITLES.get(kind, kind)}{' (inner)' if inside and kind == 'ethernet' else ''}"
    octets = f"<small>{OCTETS[kind]} B</small>" if kind in OCTETS else ""
    rows = "".join(
        f"<div><dt>{safe(field)}</dt><dd{' class=new' if f'{kind}.{field}' in rewritten else ''}>{safe(shown(value))}</dd></div>"
        for field, value in zip(fields[1:], values[1:], strict=True)
        if value is not None
    )
    new = " new" if kind in rewritten else ""
    return f'<section class="layer {safe(kind)}{new}"><h3>{safe(title)}{octets}</h3><dl>{rows}</dl></section>'
