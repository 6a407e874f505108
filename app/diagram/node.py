"""Layout of one node: children on top, the bridge and its ports below them, then routing, then the NIC on the frame's lower edge.

Rows of devices alternate with free lanes, in which the capsule of a packet rests without hiding what it is at:

    children   process, eth0 on the lower border
    - lane A   the veth pairs cross it -
    root       ports, bridge
               hooks and route, tunnel device
    - lane C   -
    edge       eth0
"""

from app.diagram.machines import Machine, address_of
from app.diagram.shapes import Anchor, Box, Label, Sheet
from app.kernel.device import Device

TOP = 14
CHILD_TOP, CHILD_HEIGHT, CHILD_GAP = 36, 88, 10
CHILD_WIDTH, NARROW = 136, 114  # narrow where there are more than three
LANE_A = 163
ROOT_TOP = 164
PORT_TOP, PORT_HEIGHT = 189, 25
BRIDGE_TOP, BRIDGE_HEIGHT = 220, 30
ROW = 291
LANE_C = 340
BOTTOM = 386
WIDTH, PADDING = 424, 12
GATE, HEXAGON = 72, 92  # widths
FOOT = 15  # half the height of the NIC that stands on the lower edge


def width_of(machine: Machine) -> int:
    many = len(machine.children)
    return max(
        WIDTH, 2 * PADDING + many * (NARROW if many > 3 else CHILD_WIDTH) + max(0, many - 1) * CHILD_GAP
    )


def draw_node(sheet: Sheet, machine: Machine, x: int, lean: int) -> None:
    """`x` is its left edge; `lean` shifts the NIC sideways, to make room for hosts beside the cloud."""
    own, width = machine.id, width_of(machine)
    sheet.span = x, x + width
    sheet.frame(own, "node", Box(x, TOP, width, BOTTOM - TOP), Label(x + 18, TOP + 5, own, "name"))
    root = Box(x + PADDING, ROOT_TOP, width - 2 * PADDING, BOTTOM - 8 - ROOT_TOP)
    corner = Label(root.x + 10, root.bottom - 9, "root netns", "note")
    if lean < 0:
        corner = Label(root.right - 10, root.bottom - 9, "root netns", "note", "end")
    sheet.frame(f"{own}#root", "root", root, corner, netns=own)
    middle = x + width // 2
    draw_routing(sheet, machine, middle)
    draw_bridges(sheet, machine, x, width)
    draw_children(sheet, machine, x, width)
    for nic in machine.devices("physical"):
        draw_nic(sheet, machine, nic, middle, lean)


def draw_routing(sheet: Sheet, machine: Machine, middle: int) -> None:
    """Hooks surround routing: what comes in or goes out passes the gate, and routing lies behind it."""
    own = machine.id
    turn = middle + (GATE // 2 + 18 + HEXAGON // 2 if machine.hooked else 0)
    hexagon = Box(turn - HEXAGON // 2, ROW - 18, HEXAGON, 36)
    sheet.put(
        f"{own}#route", "route", own, hexagon, Label(turn, ROW + 5, "route", "note", "middle"), lane=LANE_C
    )
    if machine.hooked:
        gate = Box(middle - GATE // 2, ROW - 18, GATE, 36)
        sheet.put(
            f"{own}#hooks", "hooks", own, gate, Label(middle, ROW + 5, "hooks", "note", "middle"), lane=LANE_C
        )
        sheet.join(f"{own}#hooks", f"{own}#route", "inside")
    for tunnel in machine.devices("vxlan"):
        box = Box(middle - 190, ROW - 18, 134, 36)
        label = Label(box.x + 78, ROW + 5, tunnel.name, "device", "middle")
        sheet.put(f"{own}/{tunnel.name}", "tunnel", own, box, label, lane=LANE_C)
        sheet.join(f"{own}/{tunnel.name}", gate_of(machine), "inside")
    if f"{own}#process" in machine.seen:
        at = turn + HEXAGON // 2 + 24
        sheet.put(f"{own}#process", "process", own, Box(at - 9, ROW - 9, 18, 18), lane=LANE_C)
        sheet.join(f"{own}#process", f"{own}#route", "inside")


def gate_of(machine: Machine) -> str:
    """Where its wires meet."""
    return f"{machine.id}#hooks" if machine.hooked else f"{machine.id}#route"


def draw_bridges(sheet: Sheet, machine: Machine, x: int, width: int) -> None:
    for bridge in machine.devices("bridge"):
        box = Box(x + 24, BRIDGE_TOP, width - 48, BRIDGE_HEIGHT)
        baseline = BRIDGE_TOP + 21
        labels = [Label(box.x + 12, baseline, bridge.name, "device")]
        if bridge.addresses:
            labels.append(Label(box.right - 12, baseline, address_of(bridge), "address", "end"))
        sheet.put(f"{machine.id}/{bridge.name}", "bridge", machine.id, box, *labels, lane=LANE_A)
        sheet.join(f"{machine.id}/{bridge.name}", gate_of(machine), "inside")


def draw_children(sheet: Sheet, machine: Machine, x: int, width: int) -> None:
    many = len(machine.children)
    room = (width - 2 * PADDING - (many - 1) * CHILD_GAP) // max(many, 1)
    for at, child in enumerate(machine.children):
        box = Box(x + PADDING + at * (room + CHILD_GAP), CHILD_TOP, room, CHILD_HEIGHT)
        middle = box.centre[0]
        nic = next((d for d in child.config.devices.values() if d.kind == "veth"), None)
        labels = [Label(middle, box.y + 21, child.id.partition("/")[2], "name", "middle")]
        if nic:
            labels.append(Label(middle, box.y + 41, address_of(nic), "address", "middle"))
        sheet.frame(child.id, "child", box, *labels)
        sheet.put(
            f"{child.id}#process", "process", child.id, Box(middle - 9, box.y + 51, 18, 18), lane=LANE_A
        )
        if nic:
            draw_pair(sheet, machine, child.id, nic, middle)
        if f"{child.id}/lo" in machine.seen:
            draw_loopback(sheet, child.id, middle, box)


def draw_pair(sheet: Sheet, machine: Machine, child: str, nic: Device, middle: int) -> None:
    """A veth pair: one end in the child, the other in the root, the line between crosses both borders."""
    edge = CHILD_TOP + CHILD_HEIGHT
    label = Label(middle, edge + 5, nic.name, "device", "middle")
    sheet.put(f"{child}/{nic.name}", "device", child, Box(middle - 30, edge - 12, 60, 24), label, lane=LANE_A)
    sheet.join(f"{child}#process", f"{child}/{nic.name}", "inside")
    if nic.peer is None or nic.peer.netns != machine.id:
        return
    port = machine.root.config.devices[nic.peer.device]
    own = f"{machine.id}/{port.name}"
    box = Box(middle - 48, PORT_TOP, 96, PORT_HEIGHT)
    sheet.put(
        own,
        "device",
        machine.id,
        box,
        Label(middle, PORT_TOP + 17, port.name, "device", "middle"),
        lane=LANE_A,
    )
    sheet.join(f"{child}/{nic.name}", own, "veth")
    if port.master:
        bar = BRIDGE_TOP + BRIDGE_HEIGHT // 2
        tooth = Box(middle - 12, PORT_TOP + PORT_HEIGHT, 24, BRIDGE_TOP - PORT_TOP - PORT_HEIGHT)
        sheet.frame(f"{own}#tooth", "tooth", tooth, netns=machine.id)
        sheet.join(own, f"{machine.id}/{port.master}", "bar", (middle, bar))
    else:
        sheet.join(own, gate_of(machine), "inside")


def draw_loopback(sheet: Sheet, child: str, middle: int, box: Box) -> None:
    """Out of the process and back into it: nothing leaves the namespace."""
    at = min(middle + 44, box.right - 16)
    row = box.y + 60
    sheet.put(
        f"{child}/lo",
        "device",
        child,
        Box(at - 16, row - 11, 32, 22),
        Label(at, row + 5, "lo", "device", "middle"),
        lane=LANE_A,
    )
    sheet.join(f"{child}#process", f"{child}/lo", "inside")


def draw_nic(sheet: Sheet, machine: Machine, nic: Device, middle: int, lean: int) -> None:
    at, half = middle + lean, 32 if len(nic.name) < 6 else 46
    address = address_of(nic)
    anchor: Anchor = "end" if lean > 0 else "start"
    beside = Label(at + (-half - 8 if lean > 0 else half + 8), BOTTOM - 12, address, "address", anchor)
    label = Label(at, BOTTOM + 5, nic.name, "device", "middle")
    box = Box(at - half, BOTTOM - FOOT, 2 * half, 2 * FOOT)
    sheet.put(
        f"{machine.id}/{nic.name}",
        "device",
        machine.id,
        box,
        label,
        *([beside] if address else []),
        lane=LANE_C,
    )
    bend = ((middle, LANE_C), (at, LANE_C)) if lean else ()
    sheet.join(gate_of(machine), f"{machine.id}/{nic.name}", "inside", *bend)
