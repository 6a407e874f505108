"""The way of a packet between two stations: always along drawn wires, so that it never flies over the picture."""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import pairwise

from app.diagram.shapes import Point, Scene, Way


class Ways:
    """Shortest ways over the wires of one scene, each computed once."""

    def __init__(self, scene: Scene) -> None:
        self.stations = scene.stations
        self.edges: dict[Point, dict[Point, int]] = {}
        for wire in scene.wires:
            for a, b in pairwise(wire.way):
                self.link(a, b)
        self.split()
        self.known: dict[tuple[str, str], Way] = {}

    def link(self, a: Point, b: Point) -> None:
        if a != b:
            length = abs(a[0] - b[0]) + abs(a[1] - b[1])
            self.edges.setdefault(a, {})[b] = length
            self.edges.setdefault(b, {})[a] = length

    def split(self) -> None:
        """A corner that lies on another straight piece is a junction: wires that share a bus meet there."""
        corners = list(self.edges)
        for a in corners:
            for b in list(self.edges[a]):
                on = sorted(
                    (p for p in corners if between(a, p, b)),
                    key=lambda p: abs(p[0] - a[0]) + abs(p[1] - a[1]),
                )
                for c, d in pairwise((a, *on, b)) if on else ():
                    self.link(c, d)

    def way(self, a: str, b: str) -> Way:
        """The corners from station to station, both ends included; only the two ends where no wire joins them."""
        if (a, b) not in self.known:
            start, goal = ((s.x, s.y) for s in (self.stations[a], self.stations[b]))
            self.known[a, b] = straightened(self.search(start, goal))
        return self.known[a, b]

    def search(self, start: Point, goal: Point) -> Way:
        """Dijkstra; ties are broken by the way itself, so that the result never depends on the order of wires."""
        heap: list[tuple[int, Way]] = [(0, (start,))]
        done: set[Point] = set()
        while heap:
            cost, way = heappop(heap)
            if way[-1] == goal:
                return way
            if way[-1] in done:
                continue
            done.add(way[-1])
            for corner, length in self.edges.get(way[-1], {}).items():
                if corner not in done:
                    heappush(heap, (cost + length, (*way, corner)))
        return start, goal


def between(a: Point, p: Point, b: Point) -> bool:
    """Is `p` strictly inside the horizontal or vertical piece from `a` to `b`?"""
    if a[0] == b[0] == p[0]:
        return min(a[1], b[1]) < p[1] < max(a[1], b[1])
    return a[1] == b[1] == p[1] and min(a[0], b[0]) < p[0] < max(a[0], b[0])


def straightened(way: Way) -> Way:
    """Without the corners that are none."""
    kept = [
        at for at, p in enumerate(way) if at in (0, len(way) - 1) or not between(way[at - 1], p, way[at + 1])
    ]
    return tuple(way[at] for at in kept)


def svg(way: Sequence[Point]) -> str:
    """Path data: `M10 20V40H60`."""
    if not way:
        return ""
    parts = [f"M{way[0][0]} {way[0][1]}"]
    for a, b in pairwise(way):
        parts.append(f"V{b[1]}" if a[0] == b[0] else f"H{b[0]}" if a[1] == b[1] else f"L{b[0]} {b[1]}")
    return "".join(parts)
