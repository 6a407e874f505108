"""The probes of a document as acts: every name resolved to a namespace, an address, a port and a message."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from app.kube.objects import Cluster
from app.process.programs import FIRST_PORT, Act, Probe, Restart
from app.scenario.faults import listing
from app.scenario.located import Complaint, Path
from app.scenario.names import Names, Protocol, Target, UnknownName
from app.scenario.schema import ProbeSpec, RestartSpec
from app.wire.packet import HttpRequest, Message, Text

GREETING, COOKIE = "hello", "Cookie"


class Ends(Struct, frozen=True):
    """A probe's ends, in canonical words."""

    from_: str
    to: str
    protocol: Protocol


class Resolved(Struct, frozen=True):
    """All acts of a scenario, and the ends of its first probe (None only if there were complaints)."""

    acts: tuple[Act, ...]
    ends: Ends | None
    complaints: tuple[Complaint, ...]


def resolve(specs: tuple[ProbeSpec, ...], names: Names, cluster: Cluster, written: Path = ()) -> Resolved:
    """Acts in order.  Source ports count up from 40001, so that each probe is a connection of its own.

    `written` is where in the document the probes stand.
    """
    acts: list[Act] = []
    ends: list[Ends] = []
    complaints: list[Complaint] = []
    for at, spec in enumerate(specs):
        try:
            if spec.restart is not None:
                acts.append(restart(spec.restart, names, cluster))
            else:
                own = ends_of(spec, names)
                acts.append(probe(spec, own, names, FIRST_PORT + len(ends)))
                ends.append(own)
        except Unresolved as unresolved:
            complaints.append(((*written, "probes", at, *unresolved.path), str(unresolved)))
    if not ends and not complaints:
        complaints.append(
            ((*written, "probes"), "restarts alone send nothing, expected a probe with from and to")
        )
    return Resolved(tuple(acts), ends[0] if ends else None, tuple(complaints))


class Unresolved(ValueError):
    """A word of a probe means nothing here; `path` is where it stands."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


def ends_of(spec: ProbeSpec, names: Names) -> Ends:
    """Raises Unresolved."""
    if spec.from_ is None or spec.to is None:
        missing = "from" if spec.from_ is None else "to"
        raise Unresolved((missing,), "is missing, expected from and to, or restart")
    if spec.protocol == "tcp" and not spec.dont_fragment:
        raise Unresolved(
            ("dontFragment",), "is false, expected so with udp and icmp only: TCP cuts by itself"
        )
    try:
        sender = names.sender(spec.from_)
    except UnknownName as unknown:
        raise Unresolved(("from",), str(unknown)) from None
    return Ends(sender.word, target_of(spec.to, spec.protocol, names).word, spec.protocol)


def target_of(text: str, protocol: Protocol, names: Names) -> Target:
    try:
        return names.target(text, protocol)
    except UnknownName as unknown:
        raise Unresolved(("to",), str(unknown)) from None


def probe(spec: ProbeSpec, ends: Ends, names: Names, sport: int) -> Probe:
    """A GET over TCP, a greeting over UDP, an echo request over ICMP."""
    target = names.target(ends.to, ends.protocol)
    message: Message | None = None
    if ends.protocol == "tcp":
        message = request(HttpRequest("GET", target.host, target.path), spec.octets)
    elif ends.protocol == "udp":
        message = greeting(spec.octets)
    netns = names.sender(ends.from_).netns or ""
    made = Probe(netns, ends.protocol, target.address, target.port, message, sport)
    return replace(
        made,
        timeout=made.timeout if spec.timeout_seconds is None else round(spec.timeout_seconds * 1_000_000),
        octets=spec.octets or made.octets,
        pmtudisc="want" if spec.dont_fragment else "dont",
    )


def request(plain: HttpRequest, octets: int | None) -> HttpRequest:
    """As large as it has to be: what makes requests large is cookies.  Raises Unresolved."""
    if octets is None:
        return plain
    least = replace(plain, headers=((COOKIE, ""),)).size
    if octets < least:
        raise Unresolved(("octets",), f"is {octets}, expected at least {least} for this request")
    return replace(plain, headers=((COOKIE, "x" * (octets - least)),))


def greeting(octets: int | None) -> Text:
    """As long as it has to be."""
    return Text(GREETING if octets is None else (f"{GREETING} " * octets)[:octets])


def restart(spec: RestartSpec, names: Names, cluster: Cluster) -> Restart:
    """Raises Unresolved where there is no such container."""
    try:
        thing = names.sender(spec.pod)
    except UnknownName as unknown:
        raise Unresolved(("restart", "pod"), str(unknown)) from None
    there = list(containers_in(thing.netns or "", cluster))
    if spec.container not in there:
        message = (
            f"there is no container {spec.container!r} in {thing.word}, expected one of {listing(there)}"
        )
        raise Unresolved(("restart", "container"), message)
    return Restart(thing.netns or "", spec.container)


def containers_in(netns: str, cluster: Cluster) -> Iterator[str]:
    for pod in cluster.pods:
        if f"{pod.node}/{pod.key}" == netns:
            yield from (container.name for container in pod.containers)
