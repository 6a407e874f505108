"""The words by which a probe's ends are named, and what they mean in one cluster.

`pod/NAME[.NS]`, `node/NAME`, `svc/NAME[.NS]`, `host/NAME`, `IP`, each with an optional `:PORT`; `http://HOST[:PORT]/PATH`;
or a bare name, if only one thing has it.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Literal, TypeAlias

from msgspec import Struct

from app.controlplane.infrastructure import Infrastructure
from app.kube.objects import Cluster, Pod, Service
from app.scenario.faults import listing, shown
from app.wire.addr import Address

Protocol: TypeAlias = Literal["tcp", "udp", "icmp"]
DEFAULT_PORTS: Mapping[str, int] = {"tcp": 80, "udp": 53, "icmp": 0}
GRAMMAR = "pod/NAME[.NS], node/NAME, svc/NAME[.NS][:PORT], host/NAME, IP[:PORT] or http://HOST[:PORT]/PATH"


class UnknownName(ValueError):
    """The text names nothing, or more than one thing; the message says what was expected."""


class Thing(Struct, frozen=True):
    """Something with a name.  `netns` is None for what cannot send; `ports`: protocol, number, name of what it serves."""

    word: str
    address: Address
    netns: str | None
    ports: tuple[tuple[str, int, str | None], ...] = ()


class Target(Struct, frozen=True):
    """Where a probe goes: `word` in canonical form; `host` and `path` as a request for it says them."""

    word: str
    address: Address
    port: int
    host: str
    path: str = "/"


class Names:
    """Everything in a cluster and around it that has a name or an address."""

    def __init__(self, cluster: Cluster, infra: Infrastructure, dns: Mapping[str, Address]) -> None:
        self.things = {thing.word: thing for thing in things(cluster, infra)}
        self.by_address = {thing.address: thing for thing in reversed(self.things.values()) if thing.netns}
        self.dns = {name.lower(): address for name, address in dns.items()}
        for host in infra.hosts:
            self.dns |= dict.fromkeys(map(str.lower, host.names), host.address)

    def sender(self, text: str) -> Thing:
        """The machine or pod that a probe starts from.  Raises UnknownName."""
        found = self.by_address.get(text) or self.thing(text)
        if found.netns is None:
            raise UnknownName(
                f"{found.word} has no network namespace to send from, expected a pod, a node or a host"
            )
        return found

    def target(self, text: str, protocol: Protocol) -> Target:
        """Where a probe goes.  Raises UnknownName."""
        if text.startswith("http://"):
            return self.page(text, protocol)
        name, port = split_port(text)
        if is_ipv4(name):
            number = self.port(port, (), protocol)
            return Target(joined(name, number), name, number, joined(name, number, DEFAULT_PORTS["tcp"]))
        thing = self.thing(name)
        number = self.port(port, thing.ports, protocol)
        host = joined(thing.address, number, DEFAULT_PORTS["tcp"])
        return Target(joined(thing.word, number), thing.address, number, host)

    def page(self, text: str, protocol: Protocol) -> Target:
        """`http://HOST[:PORT]/PATH`; the name is looked up before the journey begins."""
        match = re.fullmatch(r"http://([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(/[!-~]*)?", text)
        if not match or protocol != "tcp":
            raise UnknownName(f"{shown(text)} is no page, expected http://HOST[:PORT]/PATH over tcp")
        name, path = match[1].lower(), match[3] or "/"
        number = self.port(match[2], (), "tcp")
        host = joined(name, number, DEFAULT_PORTS["tcp"])
        return Target(f"http://{host}{path}", self.resolve(name), number, host, path)

    def resolve(self, name: str) -> Address:
        """What DNS answers: the file's own names, Services as `NAME[.NS[.svc[.cluster.local]]]`, or an address."""
        if is_ipv4(name):
            return name
        service = self.things.get(
            "svc/" + re.sub(r"(\.svc(\.cluster\.local)?)$", "", name).removesuffix(".default")
        )
        if name not in self.dns and service is None:
            raise UnknownName(
                f"no name {name!r} is known, expected {listing(sorted(self.dns))} or an address"
            )
        return self.dns.get(name) or (service.address if service else "")

    def thing(self, text: str) -> Thing:
        """`KIND/NAME[.NS]`, or a bare name that only one thing has."""
        full = text.removesuffix(".default") if "/" in text else text
        if full in self.things:
            return self.things[full]
        bare = [
            thing
            for thing in self.things.values()
            if "/" not in text and thing.word.partition("/")[2] == text
        ]
        if len(bare) == 1:
            return bare[0]
        if bare:
            raise UnknownName(
                f"{text!r} could be {listing([thing.word for thing in bare])}, expected one of them"
            )
        kind = text.partition("/")[0]
        alike = [word for word in self.things if word.startswith(f"{kind}/")]
        raise UnknownName(
            f"nothing is called {shown(text)}, expected {listing(alike or [*self.things])}, or {GRAMMAR}"
        )

    def port(
        self, given: str | None, served: tuple[tuple[str, int, str | None], ...], protocol: Protocol
    ) -> int:
        """A number, the name of a served port, or the first that is served by this protocol."""
        own = [(number, name) for its, number, name in served if its == protocol]
        if protocol == "icmp":
            return 0
        if given is None:
            return own[0][0] if own else DEFAULT_PORTS[protocol]
        by_name = {name: number for number, name in own}
        number = by_name.get(given, int(given) if given.isdecimal() and len(given) <= 5 else 0)
        if not 1 <= number <= 65535:
            raise UnknownName(
                f"{given!r} is no port, expected 1 to 65535"
                + "".join(f" or {name}" for name in by_name if name)
            )
        return number


def things(cluster: Cluster, infra: Infrastructure) -> Iterator[Thing]:
    """Everything that can be named, in the order in which messages list it."""
    for pod in cluster.pods:
        ports = tuple(
            (p.protocol.lower(), p.container_port, p.name) for own in pod.containers for p in own.ports
        )
        yield Thing(f"pod/{qualified(pod)}", pod.address, f"{pod.node}/{pod.key}", ports)
    for service in cluster.services:
        if service.cluster_ip:
            ports = tuple((port.protocol.lower(), port.port, port.name) for port in service.ports)
            yield Thing(f"svc/{qualified(service)}", service.cluster_ip, None, ports)
    for node in cluster.nodes:
        yield Thing(f"node/{node.name}", node.address, node.name)
    for host in infra.hosts:
        yield Thing(
            f"host/{host.name}",
            host.address,
            host.name,
            tuple(("tcp", port, None) for port, _ in host.serves),
        )
    for balancer in infra.balancers:
        yield Thing(f"host/{balancer.name}", balancer.vip, balancer.name, (("tcp", balancer.port, None),))


def qualified(thing: Pod | Service) -> str:
    return thing.name if thing.namespace == "default" else f"{thing.name}.{thing.namespace}"


def split_port(text: str) -> tuple[str, str | None]:
    name, colon, port = text.rpartition(":")
    return (name, port) if colon else (text, None)


def joined(name: str, port: int, default: int = 0) -> str:
    """`name:port`, without a port that goes without saying."""
    return name if port in (0, default) else f"{name}:{port}"


def is_ipv4(text: str) -> bool:
    try:
        return ip_address(text).version == 4
    except ValueError:
        return False
