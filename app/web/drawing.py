"""Outlines that are more than a rectangle, as SVG path data."""

from app.diagram.shapes import Box


def cloud(box: Box) -> str:
    """Straight above, where the ports stand; round at both ends and below."""
    x, y, r, b = box.x, box.y, box.right, box.bottom
    mid = (y + b) // 2
    return (
        f"M{x + 10} {y}H{r - 10}C{r + 22} {y - 4} {r + 40} {mid - 18} {r + 20} {mid}"
        f"C{r + 38} {b - 6} {r + 6} {b + 10} {r - 20} {b}H{x + 20}C{x - 6} {b + 10} {x - 38} {b - 6} {x - 20} {mid}"
        f"C{x - 40} {mid - 18} {x - 22} {y - 4} {x + 10} {y}z"
    )


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
