"""The connections of a journey: as each client opened them, as each server saw them, and what chance could have chosen."""

from collections.abc import Iterator, Mapping, Sequence

from app.datapath.events import ChainVisit, HookPassed, SegmentSent, Step, Translated
from app.kernel.netfilter import Chain, Dnat, Jump, StatisticMatch
from app.kernel.skb import Skb
from app.wire.packet import Icmp, IPv4, Udp, Vxlan
from app.wire.record import Record


class Candidate(Record, frozen=True):
    """An end that the rules could have led to, and how likely."""

    endpoint: str
    probability: float


class Connection(Record, frozen=True):
    """Ends are `address:port`; `translated` is what the last machine saw that the first packet reached."""

    protocol: str
    src: str
    dst: str
    translated_src: str
    translated_dst: str
    dnat: bool
    masqueraded: bool
    endpoint: str | None
    candidates: tuple[Candidate, ...]
    first: int


def connections_of(steps: Sequence[Step]) -> tuple[Connection, ...]:
    """One for every first packet that a process sent, in order."""
    return tuple(
        follow(steps, step, step.event.skb)
        for step in steps
        if isinstance(step.event, SegmentSent) and opens(step.event) and step.event.skb
    )


def opens(event: SegmentSent) -> bool:
    """A client's first packet: a SYN that is no retransmission, a datagram or an echo from a socket of its own."""
    socket = event.socket
    if event.retransmission or socket is None:
        return False
    return socket.state == "SYN_SENT" or socket.key.protocol != "tcp"


def follow(steps: Sequence[Step], sent: Step, skb: Skb) -> Connection:
    """Follow one skb, by its id, to where it ended."""
    own = [
        s for s in steps[sent.seq :] if s.event.skb and s.event.skb.id == skb.id and not s.event.skb.is_arp
    ]
    rewrites = [s.event for s in own if isinstance(s.event, Translated)]
    src, dst = ends(skb.ip)
    last = own[-1].event.skb
    assert last is not None
    seen_src, seen_dst = ends(innermost(last))
    dnat = any(event.kind == "DNAT" for event in rewrites)
    candidates = candidates_of(own)
    return Connection(
        skb.ip.protocol, src, dst, seen_src, seen_dst, dnat, any(masquerades(s) for s in own),
        seen_dst if candidates else None, candidates, sent.seq,
    )  # fmt: skip


def masquerades(step: Step) -> bool:
    return isinstance(step.event, HookPassed) and step.event.verdict in ("MASQUERADE", "SNAT")


def innermost(skb: Skb) -> IPv4:
    """The packet a process would care about: inside a tunnel, the inner one."""
    ip = skb.ip
    while isinstance(ip.payload, Udp) and isinstance(ip.payload.payload, Vxlan):
        carried = ip.payload.payload.payload.payload
        if not isinstance(carried, IPv4):
            break
        ip = carried
    return ip


def ends(ip: IPv4) -> tuple[str, str]:
    l4 = ip.payload
    if isinstance(l4, Icmp):
        return ip.src, ip.dst
    return f"{ip.src}:{l4.sport}", f"{ip.dst}:{l4.dport}"


def candidates_of(steps: Sequence[Step]) -> tuple[Candidate, ...]:
    """The last chain in which chance, or a single entry, chose the DNAT that was done."""
    for step in reversed(steps):
        event = step.event
        if isinstance(event, HookPassed) and event.verdict == "DNAT":
            chains = step.world.netns[step.at].config.rules.tables[event.table]
            return choice_in(event.visits, chains)
    return ()


def choice_in(visits: Sequence[ChainVisit], chains: Mapping[str, Chain]) -> tuple[Candidate, ...]:
    """The chain above the one that rewrote is where the choice was made."""
    deciding = next(i for i in reversed(range(len(visits))) if rewrote(visits[i], chains))
    above = (visit for visit in reversed(visits[:deciding]) if visit.depth == visits[deciding].depth - 1)
    chosen_in = next(above, None)
    if chosen_in is None:
        return ()
    return tuple(Candidate(end, round(p, 10)) for end, p in offers(chains[chosen_in.chain], chains))


def rewrote(visit: ChainVisit, chains: Mapping[str, Chain]) -> bool:
    return bool(visit.matched) and isinstance(chains[visit.chain].rules[visit.matched[-1]].target, Dnat)


def offers(chain: Chain, chains: Mapping[str, Chain]) -> Iterator[tuple[str, float]]:
    """Each end with its probability: a rule's own chance times that of getting so far."""
    left = 1.0
    for rule in chain.rules:
        if not isinstance(rule.target, Jump):
            continue
        end = rewrites_to(chains[rule.target.chain])
        if end is None:
            continue
        chance = next((m.probability for m in rule.matches if isinstance(m, StatisticMatch)), 1.0)
        yield end, left * chance
        left *= 1 - chance


def rewrites_to(chain: Chain) -> str | None:
    targets = (rule.target for rule in chain.rules)
    return next((f"{t.address}:{t.port}" for t in targets if isinstance(t, Dnat)), None)
