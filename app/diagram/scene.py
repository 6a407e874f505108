"""The picture of a world: nodes side by side, what joins them below, what is outside at its sides."""

from collections.abc import Collection

from app.diagram.machines import Machine, machines
from app.diagram.node import BOTTOM as NODE_BOTTOM
from app.diagram.node import draw_node, width_of
from app.diagram.outside import BOTTOM, HOST_WIDTH, draw_cables, draw_hosts, draw_router, draw_switch
from app.diagram.shapes import Scene, Sheet
from app.kernel.world import World

MARGIN, GAP = 10, 46
LEAN = 106  # how far a NIC moves inwards to make room for a host below its node
CABLE = 80  # between a host and the cloud
FLIGHT = 90  # height that a pigeon needs below the nodes


def scene(world: World, seen: Collection[str] = ()) -> Scene:
    """`seen`: ids of namespaces, devices and `netns#process` that the journey visits; they decide what a large world leaves out
    and which of the small things (`lo`, a node's own process) are drawn at all."""
    all_machines = machines(world, seen)
    of = {
        sort: [m for m in all_machines if m.sort == sort]
        for sort in ("node", "router", "switch", "host", "balancer")
    }
    hosts = of["host"] + of["balancer"]
    split = len(hosts) - len(of["balancer"]) if of["balancer"] else (len(hosts) + 1) // 2
    left, right = hosts[:split], hosts[split:]
    sheet = Sheet()
    around = (HOST_WIDTH + CABLE) * (len(left) + len(right)) if of["router"] else 0
    width = draw_nodes(sheet, of["node"], around, bool(left), bool(right))
    draw_hosts(sheet, left, True, MARGIN)
    draw_hosts(sheet, right, False, width - MARGIN - HOST_WIDTH)
    middles = span(of["node"], sheet, width)
    for router in of["router"]:
        draw_router(sheet, router, middles[0] - 52, middles[1] + 52)
    for switch in of["switch"]:
        draw_switch(sheet, switch, middles[0] - 80, middles[1] + 80)
    draw_cables(sheet, all_machines)
    below = of["router"] + of["switch"] + hosts
    flights = any(wire.kind == "flight" for wire in sheet.wires)
    height = BOTTOM + 14 if below else NODE_BOTTOM + (FLIGHT if flights else 0) + 24
    return Scene(width, height, tuple(sheet.shapes), tuple(sheet.wires), sheet.stations)


def draw_nodes(sheet: Sheet, nodes: list[Machine], around: int, host_left: bool, host_right: bool) -> int:
    """Returns the width of the picture.  A lone node stands above the cloud, beside the hosts; of several the outer
    ones lean inwards to make room for the hosts below them."""
    lone = len(nodes) == 1 and around > 0
    x = MARGIN + (HOST_WIDTH + CABLE if lone and host_left else 0)
    for at, node in enumerate(nodes):
        leans_right, leans_left = at == 0 and host_left, at == len(nodes) - 1 and host_right
        lean = 0 if lone else LEAN if leans_right else -LEAN if leans_left else 0
        draw_node(sheet, node, x, lean)
        x += width_of(node) + GAP
    return max(x - GAP + MARGIN + (HOST_WIDTH + CABLE if lone and host_right else 0), 440)


def span(nodes: list[Machine], sheet: Sheet, width: int) -> tuple[int, int]:
    """Leftmost and rightmost NIC of the nodes: the cloud reaches that far."""
    at = [sheet.stations[f"{n.id}/{d.name}"].x for n in nodes for d in n.devices("physical")]
    if not at:
        return width // 2 - 60, width // 2 + 60
    return (min(at), max(at)) if len(at) > 1 else (at[0] - 140, at[0] + 140)
