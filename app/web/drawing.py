"""Outlines that are more than a rectangle, as SVG path data."""

from app.diagram.shapes import Box


def cloud(box: Box) -> str:
    """Straight above, where the ports stand; two puffs at either end, and a scalloped lower edge."""
    x, y, r, b = box.x, box.y, box.right, box.bottom
    half = (b - y) // 2
    puffs = max(2, round((r - x) / 120))
    step = (r - x) / puffs
    below = "".join(f"q{-step / 2:.1f} 15 {-step:.1f} 0" for _ in range(puffs))
    right = f"c28 -3 46 {half - 20} 24 {half}c18 {half // 2} 0 {half + 2} -24 {b - y - half}"
    left = f"c-24 {half // -2 + 8} -42 {-half + 6} -24 {half - (b - y)}c-22 {20 - half} -4 {-half - 3} 24 {-half}"
    return f"M{x} {y}H{r}{right}{below}{left}z"


def hexagon(box: Box) -> str:
    x, y, r, b, mid = box.x, box.y, box.right, box.bottom, box.y + box.h // 2
    return f"M{x + 16} {y}H{r - 16}L{r} {mid}L{r - 16} {b}H{x + 16}L{x} {mid}z"


def gate(box: Box) -> str:
    """Two posts and what hangs between them."""
    x, y, r, b = box.x, box.y, box.right, box.bottom
    return f"M{x} {y - 3}h7V{b + 3}h-7zM{r - 7} {y - 3}h7V{b + 3}h-7z"


def globe(x: int, y: int, r: int) -> str:
    """Around a middle, with its equator and two meridians."""
    return (
        f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
        f"M{x - r} {y}h{2 * r}M{x} {y - r}c{-r} {r // 2} {-r} {3 * r // 2} 0 {2 * r}c{r} {-r // 2} {r} {-3 * r // 2} 0 {-2 * r}"
    )


def funnel(x: int, y: int, r: int) -> str:
    return f"M{x - r} {y - r}h{2 * r}l{-r + 3} {r}v{r - 2}h-6v{2 - r}z"


def bird(x: int, y: int) -> str:
    """A gull as everybody draws it."""
    return f"M{x - 24} {y - 8}q12 -12 24 4q12 -16 24 -4q-14 -2 -24 12q-10 -14 -24 -12z"
