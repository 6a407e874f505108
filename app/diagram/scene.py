"""The picture of a world: nodes side by side, what joins them below, what is outside at its sides."""

from collections.abc import Collection

from app.diagram.machines import Machine, machines
from app.diagram.node import BOTTOM as NODE_BOTTOM
from app.diagram.node import draw_node, width_of
from app.diagram.outside import BOTTOM, HOST_WIDTH, draw_cables, draw_hosts, draw_router, draw_switch
from app.diagram.shapes import Scene, Sheet
from app.kernel.world import World

MARGIN, GAP = 10, 48
LEAN = 76  # how far a NIC moves inwards to make room for a host below its node
FLIGHT = 90  # height that a pigeon needs below the nodes


def scene(world: World, seen: Collection[str] = ()) -> Scene:
    """`seen`: ids of namespaces, devices and `netns#process` that the journey visits; they decide what a large world leaves out
    and which of the small things (`lo`, a node's own process) are drawn at all."""
    all_machines = machines(world, seen)
    of = {sort: [m for m in all_machines if m.sort == sort] for sort in ("node", "router", "switch", "host", "balancer")}
    hosts = of["host"] + of["balancer"]
    split = len(hosts) - len(of["balancer"]) if of["balancer"] else (len(hosts) + 1) // 2
    left, right = hosts[:split], hosts[split:]
    sheet = Sheet()
    width = draw_nodes(sheet, of["node"], bool(left), bool(right))
    draw_hosts(sheet, left, True, MARGIN)
    draw_hosts(sheet, right, False, width - MARGIN - HOST_WIDTH)
    middles = span(of["node"], sheet, width)
    for router in of["router"]:
        draw_router(sheet, router, middles[0] - 54, middles[1] + 54)
    for switch in of["switch"]:
        draw_switch(sheet, switch, middles[0] - 80, middles[1] + 80)
    draw_cables(sheet, all_machines)
    below = of["router"] + of["switch"] + hosts
    flights = any(wire.kind == "flight" for wire in sheet.wires)
    height = BOTTOM + MARGIN if below else NODE_BOTTOM + (FLIGHT if flights else 0) + 24
    return Scene(width, height, tuple(sheet.shapes), tuple(sheet.wires), sheet.stations)


def draw_nodes(sheet: Sheet, nodes: list[Machine], host_left: bool, host_right: bool) -> int:
    """Returns the width of the picture."""
    x = MARGIN
    for at, node in enumerate(nodes):
        first, last = at == 0 and host_left, at == len(nodes) - 1 and host_right
        draw_node(sheet, node, x, LEAN if first and not (last and len(nodes) == 1) else -LEAN if last else 0)
        x += width_of(node) + GAP
    return max(x - GAP + MARGIN, 440)


def span(nodes: list[Machine], sheet: Sheet, width: int) -> tuple[int, int]:
    """Leftmost and rightmost NIC of the nodes: the cloud reaches that far."""
    at = [sheet.stations[f"{n.id}/{d.name}"].x for n in nodes for d in n.devices("physical")]
    if not at:
        return width // 2 - 60, width // 2 + 60
    return (min(at), max(at)) if len(at) > 1 else (at[0] - 80, at[0] + 80)
