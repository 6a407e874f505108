"""Layout of what lies below the nodes: the cloud's router or a switch in the middle, hosts and balancers at its sides."""

from collections.abc import Sequence

from app.diagram.machines import Machine, address_of, peers
from app.diagram.node import GATE, HEXAGON
from app.diagram.shapes import Box, Kind, Label, Sheet
from app.kernel.device import Device

LANE_D = 430
TOP = 472  # the upper edge of cloud and switch
BUS = 498
HUB = 526
BOTTOM = 564
HOST_WIDTH, HOST_TOP, HOST_HEIGHT = 150, 458, 102
PORT_WIDTH, PORT_HEIGHT = 100, 25


def draw_router(sheet: Sheet, machine: Machine, left: int, right: int) -> None:
    """A cloud with its ports on its outline and its route table within; wires meet on a bus below the upper ports."""
    own, middle = machine.id, (left + right) // 2
    sheet.span = left - 30, right + 30
    sheet.frame(
        own, "cloud", Box(left, TOP, right - left, BOTTOM - TOP), Label(left + 12, HUB + 32, own, "name")
    )
    hub = middle - 40 if machine.hooked else middle
    turn = hub + (GATE // 2 + 14 + HEXAGON // 2 if machine.hooked else 0)
    hexagon = Box(turn - HEXAGON // 2, HUB - 17, HEXAGON, 34)
    sheet.put(
        f"{own}#route", "route", own, hexagon, Label(turn, HUB + 5, "route", "note", "middle"), lane=LANE_D
    )
    if machine.hooked:
        gate = Box(hub - GATE // 2, HUB - 17, GATE, 34)
        sheet.put(
            f"{own}#hooks", "hooks", own, gate, Label(hub, HUB + 5, "hooks", "note", "middle"), lane=LANE_D
        )
        sheet.join(f"{own}#hooks", f"{own}#route", "inside")
    gate_id = f"{own}#hooks" if machine.hooked else f"{own}#route"
    sides = {"left": left, "right": right}
    for nic in machine.devices("physical"):
        at = place_of(sheet, nic)
        if at is None:
            side = "left" if nic.peer and is_left(sheet, nic.peer.netns, middle) else "right"
            port(sheet, own, nic, sides[side], HUB)
            detour = ((right - 36, HUB), (right - 36, BUS), (hub, BUS)) if side == "right" else ()
            sheet.join(f"{own}/{nic.name}", gate_id, "inside", *detour)
        else:
            port(sheet, own, nic, at, TOP)
            sheet.join(f"{own}/{nic.name}", gate_id, "inside", (at, BUS), (hub, BUS))


def place_of(sheet: Sheet, nic: Device) -> int | None:
    """Straight below the node's NIC that its cable goes to; None for a cable that goes sideways."""
    if nic.peer is None:
        return None
    far = sheet.stations.get(f"{nic.peer.netns}/{nic.peer.device}")
    return far.x if far and far.y < TOP else None


def is_left(sheet: Sheet, netns: str, middle: int) -> bool:
    near = [s.x for s in sheet.stations.values() if s.netns == netns]
    return bool(near) and near[0] < middle


def port(sheet: Sheet, own: str, nic: Device, x: int, y: int) -> None:
    box = Box(x - PORT_WIDTH // 2, y - PORT_HEIGHT // 2, PORT_WIDTH, PORT_HEIGHT)
    sheet.put(
        f"{own}/{nic.name}", "device", own, box, Label(x, y + 6, nic.name, "device", "middle"), lane=LANE_D
    )


def draw_switch(sheet: Sheet, machine: Machine, left: int, right: int) -> None:
    """A bridge with cables for ports and no address."""
    own = machine.id
    bar = Box(left, TOP + 24, right - left, 34)
    sheet.span = left, right
    sheet.frame(own, "switch", Box(left - 14, TOP, right - left + 28, 70))
    for bridge in machine.devices("bridge"):
        middle = bar.centre[1]
        name = Label(bar.x + 14, middle + 6, bridge.name, "device")
        what = Label(bar.right - 14, middle + 6, own, "note", "end")
        sheet.put(f"{own}/{bridge.name}", "bridge", own, bar, name, what, lane=LANE_D)
        for nic in (d for d in machine.devices("physical") if d.master == bridge.name):
            at = place_of(sheet, nic) or bar.centre[0]
            port(sheet, own, nic, at, TOP)
            sheet.join(f"{own}/{nic.name}", f"{own}/{bridge.name}", "bar", (at, middle))


def draw_hosts(sheet: Sheet, hosts: Sequence[Machine], left: bool, x: int) -> None:
    """One below the other would cost height: there is one on each side, and further ones go outwards."""
    for at, host in enumerate(hosts):
        edge = x + (-1 if left else 1) * at * (HOST_WIDTH + 60)
        draw_host(sheet, host, edge, left)


def draw_host(sheet: Sheet, machine: Machine, x: int, left: bool) -> None:
    """`left`: it stands left of the cloud, so its NIC is on its right edge."""
    own = machine.id
    nic = next(iter(machine.devices("physical")), None)
    kind: Kind = "balancer" if machine.sort == "balancer" else "host"
    middle = x + HOST_WIDTH // 2
    sheet.span = x - 60, x + HOST_WIDTH + 60
    labels = [Label(middle, HOST_TOP + 22, own, "name", "middle")]
    if nic:
        labels.append(Label(middle, HOST_TOP + 42, address_of(nic), "address", "middle"))
    sheet.frame(own, kind, Box(x, HOST_TOP, HOST_WIDTH, HOST_HEIGHT), *labels)
    near, far = (x + HOST_WIDTH, x + 44) if left else (x, x + HOST_WIDTH - 44)
    row = HUB
    inner = f"{own}#hooks" if machine.hooked else f"{own}#process"
    if machine.hooked:
        gate = Box(far - GATE // 2, row - 15, GATE, 30)
        sheet.put(inner, "hooks", own, gate, Label(far, row + 5, "hooks", "note", "middle"), lane=LANE_D)
    else:
        sheet.put(inner, "process", own, Box(far - 9, row - 9, 18, 18), lane=LANE_D)
    if nic:
        label = Label(near, row + 5, nic.name, "device", "middle")
        sheet.put(f"{own}/{nic.name}", "device", own, Box(near - 30, row - 12, 60, 24), label, lane=LANE_D)
        sheet.join(inner, f"{own}/{nic.name}", "inside")


def draw_cables(sheet: Sheet, all_machines: Sequence[Machine]) -> None:
    """Cables between machines, each once; two machines joined without anything between are a pigeon's flight apart."""
    done: set[frozenset[str]] = set()
    for machine in all_machines:
        for name, (netns, device) in peers(machine.root).items():
            ends = f"{machine.id}/{name}", f"{netns}/{device}"
            if "/" in netns or frozenset(ends) in done or not all(end in sheet.stations for end in ends):
                continue
            done.add(frozenset(ends))
            a, b = (sheet.stations[end] for end in ends)
            if a.y == b.y and a.y < TOP:
                sheet.join(*ends, "flight", *arc((a.x, a.y), (b.x, b.y)))
            else:
                sheet.join(*ends, "cable")


def arc(a: tuple[int, int], b: tuple[int, int], depth: int = 110, parts: int = 16) -> list[tuple[int, int]]:
    """The inner points of a parabola that hangs `depth` below two points of equal height."""
    return [
        (round(a[0] + (b[0] - a[0]) * t), round(a[1] + 4 * depth * t * (1 - t)))
        for t in (at / parts for at in range(1, parts))
    ]
