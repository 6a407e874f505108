"""The engine's frames and tables against the kernel's, differences in words.  The kernel is right.

Compared are, in each namespace, the devices on which a frame was seen, in order, with addresses, ports, TTL, flags and
length of every header.  Open are a tunnel's source port, masqueraded ports chosen by chance, sequence numbers and
identifiers, and where bare ACKs and FINs stand among the rest: of those, only that they were seen.
"""

import re
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from difflib import SequenceMatcher

from app.datapath.events import ProbeEnded, Step
from app.datapath.walk import Looped
from app.kernel.netfilter import Dnat, PortMatch
from app.kernel.show import show
from app.kernel.world import World
from app.lab.job import Recording
from app.lab.programs import PING_OCTETS, octets
from app.lab.record import TABLES
from app.lab.sightings import OPEN, Sighting, computed, recorded
from app.process.programs import Act, Machines, Probe
from app.simulate import walk

PROXY_PORT = 40001
SEEDS = 16


def differences(
    machines: Machines, acts: tuple[Act, ...], steps: list[Step], recording: Recording
) -> list[str]:
    """One sentence for each difference; none if the engine computed what the kernel did.  Raises NotDecoded."""
    ports = fixed_ports(machines, acts)
    ours, theirs = computed(steps, ports), recorded(recording, ports)
    found = [
        difference for netns in machines.world.netns for difference in frames_differ(netns, ours, theirs)
    ]
    world = steps[-1].world if steps else machines.world
    return [*answers_differ(steps, recording), *found, *tables_differ(world, recording, ports)]


def answers_differ(steps: list[Step], recording: Recording) -> Iterator[str]:
    """How each probe ended: with which errno, or with which octets."""
    ends = [step.event for step in steps if isinstance(step.event, ProbeEnded)]
    for number, answer in enumerate(recording.answers, 1):
        end = ends[number - 1] if number <= len(ends) else None
        ours = "no end" if end is None else end.error or content(end)
        theirs = answer.error or answer.octets
        if ours != theirs:
            yield f"probe {number}: computed {ours!r}, kernel {theirs!r}"


def content(end: ProbeEnded) -> bytes:
    if end.key.protocol == "icmp":
        return PING_OCTETS
    return octets(end.message) if end.message else b""


def differences_of_any(machines: Machines, acts: tuple[Act, ...], recording: Recording) -> list[str]:
    """The fewest differences that any throw of the dice has: which endpoint a rule picks is chance on both sides."""
    fewest: list[str] | None = None
    for seed in range(SEEDS):
        found = differences(machines, acts, list(until_looped(machines, acts, seed)), recording)
        if fewest is None or len(found) < len(fewest):
            fewest = found
        if not found:
            break
    return fewest or []


def until_looped(machines: Machines, acts: tuple[Act, ...], seed: int) -> Iterator[Step]:
    with suppress(Looped):
        yield from walk(machines, acts, seed)


def fixed_ports(machines: Machines, acts: tuple[Act, ...]) -> Set[int]:
    """Every port that somebody wrote down; all others are chosen by chance."""
    ports = {PROXY_PORT}
    for act in acts:
        if isinstance(act, Probe):
            ports |= {act.sport, act.port}
    for netns in machines.world.netns.values():
        ports |= {device.vxlan.port for device in netns.config.devices.values() if device.vxlan}
        ports |= {socket.key.lport for socket in netns.learned.sockets.values()}
        for chains in netns.config.rules.tables.values():
            for rule in (rule for chain in chains.values() for rule in chain.rules):
                ports |= {match.port for match in rule.matches if isinstance(match, PortMatch) and match.port}
                if isinstance(rule.target, Dnat) and rule.target.port:
                    ports.add(rule.target.port)
    return ports


def frames_differ(netns: str, ours: list[Sighting], theirs: list[Sighting]) -> Iterator[str]:
    """In one namespace: firm frames in their order, the others by whether they were seen at all."""
    here = [sighting for sighting in ours if sighting.netns == netns]
    there = [sighting for sighting in theirs if sighting.netns == netns]
    firm_here = [sighting for sighting in here if sighting.firm]
    firm_there = [sighting for sighting in there if sighting.firm]
    missing: list[Sighting] = []
    extra: list[Sighting] = []
    blocks = SequenceMatcher(None, firm_here, firm_there, autojunk=False).get_opcodes()
    for tag, start, end, first, last in blocks:
        if tag != "equal":
            missing += firm_here[start:end]
            extra += firm_there[first:last]
    yield from unequal(missing, extra)
    yield from unequal(*set_differences(here, there))


def set_differences(computed: list[Sighting], seen: list[Sighting]) -> tuple[list[Sighting], list[Sighting]]:
    """Of the frames whose order is open: what only one side has, however often."""
    loose = {s for s in computed if not s.firm}, {s for s in seen if not s.firm}
    return sorted(loose[0] - loose[1], key=place), sorted(loose[1] - loose[0], key=place)


def place(sighting: Sighting) -> str:
    return sighting.place + sighting.name


def unequal(computed: list[Sighting], seen: list[Sighting]) -> Iterator[str]:
    """Pairs up what is nearly the same; the rest was seen by one side alone, or at another moment."""
    left = list(seen)
    alone: list[Sighting] = []
    for ours in computed:
        same = [theirs for theirs in left if theirs.place == ours.place and theirs.name == ours.name]
        if same:
            left.remove(same[0])
            yield field_differences(ours, same[0])
        else:
            alone.append(ours)
    yield from (f"{ours.place} {ours.name}: computed, the kernel had no such frame there" for ours in alone)
    yield from (f"{theirs.place} {theirs.name}: seen in the kernel, not computed" for theirs in left)


def field_differences(ours: Sighting, theirs: Sighting) -> str:
    pairs = zip(ours.fields, theirs.fields, strict=False)
    words = [
        f"computed {name} {value}, kernel {other}" for (name, value), (_, other) in pairs if value != other
    ]
    return f"{ours.place} {ours.name}: {'; '.join(words) or 'at another place in the order'}"


def tables_differ(world: World, recording: Recording, ports: Set[int]) -> Iterator[str]:
    """Lines of `ip neigh`, `bridge fdb`, `conntrack -L` that one side has and the other not, timers left out."""
    for netns in world.netns:
        for command in TABLES:
            ours = set(lines(show(world, netns, command).text, ports))
            theirs = set(lines(recording.text(netns, command), ports))
            yield from (f"{netns} {command}: computed {line}" for line in ours - theirs)
            yield from (f"{netns} {command}: the kernel has {line}" for line in theirs - ours)


def lines(text: str, ports: Set[int]) -> Iterable[str]:
    """Without the seconds left, the references held, the line that counts, and ports of chance."""
    for line in text.splitlines():
        timeless = re.sub(r"^(tcp|udp|icmp)( +\d+) \d+", r"\1\2", line.rstrip())
        timeless = re.sub(r" use=\d+$", "", timeless)
        if timeless and not timeless.startswith("conntrack v"):
            yield re.sub(r"(port|id)=(\d+)", lambda found: known(found[1], int(found[2]), ports), timeless)


def known(word: str, number: int, ports: Set[int]) -> str:
    return f"{word}={number if number in ports else OPEN}"
