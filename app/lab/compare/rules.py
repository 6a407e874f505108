"""Rules: which of them each packet hit in each chain, on its way through each table at each hook.

A packet that no rule decided about went by the policy.  Chains without rules that let all pass are left out: they are walked
to no effect, and the engine does not walk them.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import zip_longest

from msgspec import Struct

from app.datapath.events import ChainVisit, Dropped, HookPassed, Step
from app.kernel.netfilter import Chain, Jump
from app.kernel.show.iptables import rule_text
from app.kernel.world import World
from app.lab.compare import headers
from app.lab.compare.pairing import paired
from app.lab.compare.rows import Row
from app.lab.job import Hit, Recording

NO_RULES = Chain("", ())
Position = tuple[str, int]
"""A chain and the place of a rule in it, from 0."""


LOOPBACK = "lo"
"""What comes in by it interrupts the very call that sent it, before that has gone through its own rules; walked, it waits its turn."""


class Passage(Struct, frozen=True):
    """A packet shown to a table at a hook: the rules it hit, in order, in iptables' words, and what became of it."""

    netns: str
    table: str
    hook: str
    iif: str | None
    oif: str | None
    name: str
    firm: bool
    hits: tuple[str, ...]
    verdict: str
    mark: int

    @property
    def place(self) -> str:
        """`node1 nat PREROUTING`"""
        return f"{self.netns} {self.table} {self.hook}"


def rule_rows(netns: str, ours: Iterable[Passage], theirs: Iterable[Passage]) -> Iterator[Row]:
    """In one namespace: every rule hit, by firm packets in their order, by the others if at all."""
    here = [passage for passage in ours if passage.netns == netns]
    there = [passage for passage in theirs if passage.netns == netns]
    for one, other in paired(here, there):
        yield from rows_of(netns, one, other)


def rows_of(netns: str, ours: Passage | None, theirs: Passage | None) -> Iterator[Row]:
    """A row for each rule; the difference is told where the ways part, or at once if they do not."""
    sides = list(zip_longest(lines(ours), lines(theirs)))
    parting = next((n for n, (left, right) in enumerate(sides) if left != right), 0)
    words = None if ours is theirs else difference(ours, theirs)
    for n, (left, right) in enumerate(sides):
        yield Row("rules", netns, left, right, words if n == parting else None)


def lines(passage: Passage | None) -> Iterator[str]:
    """`nat PREROUTING, SYN 10.244.1.2:40001 > 10.96.0.40:80: -A KUBE-SERVICES ... -j KUBE-SVC-TCOU7JCQXEZGVUNU`"""
    if passage:
        yield from (f"{passage.table} {passage.hook}, {passage.name}: {hit}" for hit in passage.hits)


def difference(ours: Passage | None, theirs: Passage | None) -> str:
    if ours is None:
        assert theirs, "one side has the packet"
        return f"{theirs.place}, {theirs.name}: shown to the rules in the kernel, not computed"
    if theirs is None:
        return f"{ours.place}, {ours.name}: computed, the kernel did not show it to these rules"
    return f"{ours.place}, {ours.name}: {otherwise(ours, theirs)}"


def otherwise(ours: Passage, theirs: Passage) -> str:
    """The first rule by which the ways part, else what else is not the same."""
    for left, right in zip_longest(ours.hits, theirs.hits):
        if left != right:
            return f"computed {left or 'no further rule'}, the kernel went by {right or 'no further rule'}"
    fields = (
        (name, getattr(ours, name), getattr(theirs, name)) for name in ("iif", "oif", "verdict", "mark")
    )
    words = [f"computed {name} {left}, kernel {right}" for name, left, right in fields if left != right]
    return "; ".join(words) or "at another place in the order"


def computed(steps: Iterable[Step], ports: Set[int]) -> Iterator[Passage]:
    """What a rule tracer would show of this walk, each packet's way through a table where it ends.

    REJECT sends its message from inside the rule: only then comes the packet's own end.
    """
    refused: dict[tuple[str, int], Passage] = {}
    for step in steps:
        event = step.event
        if isinstance(event, HookPassed):
            found = passage(step.at, event, step.world[step.at].config.rules.tables[event.table], ports)
            if event.verdict == "REJECT":
                refused[step.at, event.before.id] = found
            else:
                yield found
        elif isinstance(event, Dropped) and event.skb and (step.at, event.skb.id) in refused:
            yield refused.pop((step.at, event.skb.id))


def passage(netns: str, event: HookPassed, chains: Mapping[str, Chain], ports: Set[int]) -> Passage:
    assert event.skb, "a hook is passed by a packet"
    hits = [rule_line(chains, at) for at in in_order(event.visits, chains)]
    policy = [] if event.path else [policy_line(chains[event.hook].policy)]
    return Passage(
        netns,
        event.table,
        event.hook,
        event.iif,
        event.oif,
        headers.name_of(event.before.ip, ports),
        headers.is_firm(event.before.ip) and event.iif != LOOPBACK,
        (*hits, *policy),
        "drop" if event.verdict in ("DROP", "REJECT") else "accept",
        event.skb.mark,
    )


def in_order(visits: Iterable[ChainVisit], chains: Mapping[str, Chain]) -> Iterator[Position]:
    """Visits are noted when a chain is entered, so the chain that a rule jumps to is always the next one."""
    entered = iter(visits)

    def through(visit: ChainVisit) -> Iterator[Position]:
        for position in visit.matched:
            yield visit.chain, position
            if isinstance(chains[visit.chain].rules[position].target, Jump):
                yield from through(next(entered))

    yield from through(next(entered))


def recorded(recording: Recording, world: World, ports: Set[int]) -> Iterator[Passage]:
    """What the kernel's rule tracer showed; `world` has the rules' words.  Raises NotDecoded."""
    for hits in ways(recording.hits):
        first, last = hits[0], hits[-1]
        chains = chains_of(world, first.netns, first.table)
        base = chains.get(first.chain, NO_RULES)
        if base.rules or last.verdict == "drop" or any(hit.position is not None for hit in hits):
            ip = headers.decoded(first.octets)
            yield Passage(
                first.netns,
                first.table,
                first.chain,
                first.iif,
                first.oif,
                headers.name_of(ip, ports),
                headers.is_firm(ip) and first.iif != LOOPBACK,
                tuple(hit_lines(hits, chains)),
                last.verdict,
                last.mark,
            )


def chains_of(world: World, netns: str, table: str) -> Mapping[str, Chain]:
    tables = world[netns].config.rules.tables.items()
    return next((chains for name, chains in tables if name == table), {})


def ways(hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    """The hits of each packet in each table, in the order in which the ways ended.  Others may come in between."""
    under_way: dict[tuple[str, int], list[Hit]] = {}
    for hit in hits:
        if hit.octets:
            under_way[hit.netns, hit.skb] = []
        under_way[hit.netns, hit.skb].append(hit)
        if hit.verdict in ("accept", "drop"):
            yield under_way.pop((hit.netns, hit.skb))


def hit_lines(hits: Iterable[Hit], chains: Mapping[str, Chain]) -> Iterator[str]:
    for hit in hits:
        if hit.position is not None:
            yield rule_line(chains, (hit.chain, hit.position))
        elif hit.verdict != "continue":
            yield policy_line(hit.verdict.upper())


def rule_line(chains: Mapping[str, Chain], at: Position) -> str:
    """As `iptables-save` prints it."""
    name, position = at
    rules = chains.get(name, NO_RULES).rules
    if position >= len(rules):
        return f"-A {name} (its rule {position + 1}, which was not computed)"
    return f"-A {name}{rule_text(rules[position])}"


def policy_line(policy: str | None) -> str:
    return f"policy {policy}"
