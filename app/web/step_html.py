"""A step as one list item on one line: the sentence, the packet and what changed, and in `data-` attributes what the player needs.

Written without a template because a journey has hundreds of them; every text that a scenario can bring passes `safe`,
and a test sends a script through each.
"""

from collections.abc import Mapping
from typing import Any

from app.diagram.shapes import Station
from app.story.view import Change, StepView
from app.web.capsule import capsule
from app.web.packet_html import NOTHING, tree
from app.web.placing import Placed
from app.web.text import safe, shown


class StepWriter:
    """Writes the steps of one journey.  A packet that did not change is not written twice."""

    def __init__(self, names: Mapping[str, str], href: str, query: str, picture_width: int) -> None:
        self.names, self.href, self.query = names, safe(href), safe(query)
        self.picture_width = picture_width
        self.packets: dict[tuple[int, frozenset[str], bool, bool], tuple[str, int, str]] = {}

    def item(self, step: StepView, at: Placed) -> str:
        """`<li id="step-7" …>…</li>`"""
        blocks, wide, headers = self.packet_of(step)
        return (
            f'<li id="step-{step.seq}" class="step" data-seq="{step.seq}" data-tick="{step.tick}" data-hop="{step.hop}" '
            f'data-event="{step.event}" data-skb="{number(step.skb)}" data-clone="{number(step.clone_of)}" '
            f'data-netns="{safe(step.at.netns)}" data-station="{safe(at.station.id)}" '
            f'data-shift="{self.shift(at.station, wide)}" data-way="{at.way}" data-mark="{at.mark}"{" data-ends" if at.ends else ""}>'
            f'<a class="say" href="{self.href}/{step.seq}{self.query}"><b>{safe(step.at.device or step.at.netns)}</b> '
            f'<span>{safe(step.why)}</span></a><div class="detail">{blocks}{headers}{changes(step)}</div></li>'
        )

    def detail(self, step: StepView) -> str:
        """The packet, drawn and as cards, and what changed in it."""
        blocks, _, headers = self.packet_of(step)
        return f"{blocks}{headers}{changes(step)}"

    def packet_of(self, step: StepView) -> tuple[str, int, str]:
        """Capsule, its width, cards.  Equal packets share one list of layers, so its identity will do as their name."""
        rewritten = (
            frozenset([change.field for change in step.changed if change.after is not None])
            if step.changed
            else NOTHING
        )
        translated = step.event == "Translated"
        key = id(step.packet), rewritten, translated, step.reply
        if key not in self.packets:
            marked = rewritten if translated else NOTHING
            drawn = capsule(step.packet, self.names, marked, reply=step.reply)
            self.packets[key] = *drawn, tree(step.packet, rewritten)
        return self.packets[key]

    def shift(self, at: Station, wide: int) -> int:
        """How far aside the capsule must rest so that it stays within its machine, or at least within the picture."""
        left, right = (at.left, at.right) if wide <= at.right - at.left else (0, self.picture_width)
        half = min(wide, right - left) // 2 + 4
        return max(left + half, min(right - half, at.x)) - at.x


def number(value: int | None) -> str:
    return "" if value is None else str(value)


def changes(step: StepView) -> str:
    """What this step did to the packet, and who wrote the entry that made it so."""
    rows = (
        f"<ul>{''.join(f'<li>{change_row(change)}</li>' for change in step.changed)}</ul>"
        if step.changed
        else ""
    )
    by = (
        f"<p>by <b>{safe(step.origin.component)}</b>{for_object(step.origin.object)}</p>"
        if step.origin
        else ""
    )
    return (
        f'<div class="changes">{rows}{by}<p class="function"><code>{safe(step.function)}()</code></p></div>'
    )


def for_object(name: str) -> str:
    return f", for <code>{safe(name)}</code>" if name else ""


def change_row(change: Change) -> str:
    field, before, after = safe(change.field), change.before, change.after
    if before is None:
        return f"<ins>+ {field}</ins> {text(after)}"
    if after is None:
        return f"<del>− {field}</del> {text(before)}"
    return f"{field} <s>{text(before)}</s> → <b>{text(after)}</b>"


def text(value: Any) -> str:
    return safe(shown(value))
