"""A step as one list item on one line: the sentence, the packet and what changed, and in `data-` attributes what the player needs.

Written without a template because a journey has hundreds of them: every value is escaped here, by `escape`, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import escape

from app.diagram.shapes import Station
from app.story.view import Change, Layer, StepView
from app.web.capsule import capsule, width
from app.web.placing import Placed

TITLES = {"ethernet": "Ethernet", "arp": "ARP", "ipv4": "IPv4", "tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "vxlan": "VXLAN",
          "http": "HTTP", "dns": "DNS", "text": "Data"}  # fmt: skip
NOTHING: frozenset[str] = frozenset()
OCTETS = {"ethernet": 14, "arp": 28, "ipv4": 20, "udp": 8, "vxlan": 8}


class StepWriter:
    """Writes the steps of one journey.  A packet that did not change is not written twice."""

    def __init__(self, names: Mapping[str, str], href: str, query: str, picture_width: int) -> None:
        self.names, self.href, self.query = names, href, query
        self.picture_width = picture_width
        self.packets: dict[bytes, tuple[str, int, str]] = {}

    def item(self, step: StepView, at: Placed) -> str:
        """`<li id="step-7" …>…</li>`"""
        _, wide, _ = self.packet_of(step)
        where = step.at.device or step.at.netns
        return (
            f'<li id="step-{step.seq}" class="step" data-seq="{step.seq}" data-tick="{step.tick}" data-hop="{step.hop}" '
            f'data-event="{escape(step.event)}" data-skb="{number(step.skb)}" data-clone="{number(step.clone_of)}" '
            f'data-netns="{escape(step.at.netns)}" data-station="{escape(at.station.id)}" '
            f'data-shift="{self.shift(at.station, wide)}" data-way="{at.way}" data-mark="{at.mark}"'
            f'{" data-ends" if at.ends else ""}>'
            f'<a class="say" href="{escape(self.href)}/{step.seq}{escape(self.query)}"><b>{escape(where)}</b> '
            f'<span>{escape(line(step.why))}</span></a><div class="detail">{self.detail(step)}</div></li>'
        )

    def detail(self, step: StepView) -> str:
        """The packet, drawn and as a tree, and what changed in it."""
        blocks, _, headers = self.packet_of(step)
        return f"{blocks}{headers}{changes(step)}"

    def packet_of(self, step: StepView) -> tuple[str, int, str]:
        """Capsule, its width, tree."""
        rewritten = frozenset(change.field for change in step.changed)
        return self.packet(step.packet, rewritten if step.event == "Translated" else NOTHING, rewritten)

    def packet(self, packet: Sequence[Layer], struck: frozenset[str], rewritten: frozenset[str]) -> tuple[str, int, str]:
        key = msgspec.json.encode([packet, sorted(struck), sorted(rewritten)])
        if key not in self.packets:
            self.packets[key] = (
                capsule(packet, self.names, struck),
                width(packet, self.names) if packet else 0,
                tree(packet, rewritten),
            )
        return self.packets[key]

    def shift(self, at: Station, wide: int) -> int:
        """How far aside the capsule must rest so that it stays within its machine, or at least within the picture."""
        left, right = (at.left, at.right) if wide <= at.right - at.left else (0, self.picture_width)
        half = min(wide, right - left) // 2 + 4
        return max(left + half, min(right - half, at.x)) - at.x


def number(value: int | None) -> str:
    return "" if value is None else str(value)


def line(text: str) -> str:
    """On one line, as an SSE field must be."""
    return " ".join(text.split())


def tree(packet: Sequence[Layer], rewritten: frozenset[str]) -> str:
    """The headers, outermost first; what a tunnel carries is set in."""
    parts: list[str] = []
    inside, seen = False, set[str]()
    for layer in packet:
        kind = layer["layer"]
        mine = NOTHING if kind in seen else rewritten
        parts.append(section(layer, inside, mine))
        seen.add(kind)
        if kind == "vxlan":
            inside = True
            parts.append('<div class="inside">')
    return f'<div class="tree">{"".join(parts)}{"</div>" if inside else ""}</div>'


def section(layer: Layer, inside: bool, rewritten: frozenset[str]) -> str:
    kind = layer["layer"]
    title = f"{TITLES.get(kind, kind)}{' (inner)' if inside and kind == 'ethernet' else ''}"
    octets = f"<small>{OCTETS[kind]} B</small>" if kind in OCTETS else ""
    new = " new" if kind in rewritten else ""
    rows = "".join(
        f"<div><dt>{escape(field)}</dt><dd{' class=new' if f'{kind}.{field}' in rewritten else ''}>{escape(shown(value))}</dd></div>"
        for field, value in layer.items()
        if field != "layer" and value is not None
    )
    return f'<section class="layer {escape(kind)}{new}"><h3>{escape(title)}{octets}</h3><dl>{rows}</dl></section>'


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(map(shown, value))
    return line(str(value))


def changes(step: StepView) -> str:
    """What this step did to the packet, and who wrote the entry that made it so."""
    rows = "".join(f"<li>{change_row(change)}</li>" for change in step.changed)
    by = f"<p>by <b>{escape(step.origin.component)}</b>{for_object(step.origin.object)}</p>" if step.origin else ""
    what = f'<p class="function"><code>{escape(step.function)}()</code></p>'
    return f'<div class="changes">{f"<ul>{rows}</ul>" if rows else ""}{by}{what}</div>'


def for_object(name: str) -> str:
    return f", for <code>{escape(name)}</code>" if name else ""


def change_row(change: Change) -> str:
    if change.before is None:
        return f"<ins>+ {escape(change.field)}</ins> {escape(summary(change.after))}"
    if change.after is None:
        return f"<del>− {escape(change.field)}</del> {escape(summary(change.before))}"
    return f"{escape(change.field)} <s>{escape(shown(change.before))}</s> → <b>{escape(shown(change.after))}</b>"


def summary(value: Any) -> str:
    """A whole header in brief: where from and where to."""
    if isinstance(value, dict):
        return " → ".join(shown(value[field]) for field in ("src", "dst") if field in value)
    return "" if value is None or value is True else shown(value)

