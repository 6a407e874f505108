"""What a world is made of, seen from outside: which machines are nodes, routers, switches, hosts, and what is to be drawn of them."""

from collections.abc import Collection
from typing import Literal, TypeAlias

from msgspec import Struct

from app.kernel.device import Device
from app.kernel.netfilter import Dnat
from app.kernel.netns import IP_FORWARD, Netns
from app.kernel.world import World

Sort: TypeAlias = Literal["node", "router", "switch", "host", "balancer"]

MOST_MACHINES = 6
MOST_CHILDREN = 6


class Machine(Struct, frozen=True):
    """A root namespace and its children.  `seen` are the ids that the journey visits."""

    root: Netns
    children: tuple[Netns, ...]
    sort: Sort
    seen: frozenset[str]

    @property
    def id(self) -> str:
        return self.root.id

    @property
    def hooked(self) -> bool:
        """Is there a rule at any hook?  Without one nothing happens there that is worth a gate in the picture."""
        return any(self.root.config.rules.at_hook.values())

    def devices(self, kind: str) -> list[Device]:
        return [device for device in self.root.config.devices.values() if device.kind == kind]


def machines(world: World, seen: Collection[str]) -> list[Machine]:
    """The machines to draw, in the world's order: those the journey visits and what is cabled
    to a router or switch among them; in a small world the other nodes too."""
    visited = frozenset(seen)
    ids = list(world.netns)
    roots = [name for name in ids if "/" not in name]
    found = [
        machine(world, root, [name for name in ids if name.startswith(root + "/")], visited) for root in roots
    ]
    if not visited:
        return found
    touched = {name.partition("/")[0].partition("#")[0] for name in visited}
    near = {
        far
        for m in found
        if m.id in touched and m.sort in ("router", "switch")
        for far, _ in peers(m.root).values()
    }
    few = len(found) <= MOST_MACHINES
    return [m for m in found if m.id in touched | near or (few and m.sort == "node")]


def machine(world: World, root: str, children: list[str], seen: frozenset[str]) -> Machine:
    shown = (
        children
        if len(children) <= MOST_CHILDREN
        else sorted(children, key=lambda name: name not in seen)[:MOST_CHILDREN]
    )
    kept = tuple(world[name] for name in children if name in shown)
    return Machine(world[root], kept, sort_of(world[root], bool(children)), seen)


def sort_of(root: Netns, has_children: bool) -> Sort:
    """Told from what is in it, so that any world can be drawn, whatever its machines are called."""
    devices = root.config.devices.values()
    if has_children or any(device.kind == "vxlan" for device in devices):
        return "node"
    if any(device.kind == "bridge" for device in devices):
        addressed = any(device.addresses for device in devices if device.kind != "loopback")
        return "node" if addressed else "switch"
    cables = sum(device.kind == "physical" for device in devices)
    if translates(root) and cables == 1:
        return "balancer"
    return "router" if root.config.on(IP_FORWARD) else "host"


def translates(root: Netns) -> bool:
    chains = root.config.rules.tables.get("nat", {}).values()
    return any(isinstance(rule.target, Dnat) for chain in chains for rule in chain.rules)


def address_of(device: Device) -> str:
    return device.addresses[0].address if device.addresses else ""


def peers(root: Netns) -> dict[str, tuple[str, str]]:
    """Device name → (netns, device) of the other end, for every device that has one."""
    return {d.name: (d.peer.netns, d.peer.device) for d in root.config.devices.values() if d.peer}
