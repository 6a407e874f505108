"""The programs as data: what is installed in a namespace.  What they do on a message is in `behaviour`."""

from collections.abc import Mapping
from typing import TypeAlias

from app.kernel.origin import Origin
from app.kernel.socket import PathMtuDiscovery
from app.kernel.world import World
from app.wire.addr import Address
from app.wire.packet import Message
from app.wire.record import Record

FIRST_PORT = 40001
"""Where clients and proxies begin to count their ports, so that both sides of a comparison have the same."""


class HttpServer(Record, frozen=True):
    """Answers every request with 200 and this body."""

    body: str


class EchoServer(Record, frozen=True):
    """Sends every datagram back as it came."""


class Upstream(Record, frozen=True):
    """Requests for this host and path prefix go to one of these endpoints.  `origin` is the object that says so."""

    host: str | None
    path: str
    endpoints: tuple[tuple[Address, int], ...]
    origin: Origin
    exact: bool = False


class ReverseProxy(Record, frozen=True):
    """Reads the request, chooses an upstream by host and path, opens a second connection; 404 where none fits."""

    upstreams: tuple[Upstream, ...]


class Client(Record, frozen=True):
    """The program of a probe: one request, one answer."""


Program: TypeAlias = HttpServer | EchoServer | ReverseProxy | Client


class Probe(Record, frozen=True):
    """One thing to send: by whom (a netns id), to where, what.  `port` is 0 for an ICMP echo; `timeout` in microseconds.

    `octets` is how much data an echo carries; `pmtudisc` is its socket's IP_MTU_DISCOVER, for datagrams and echoes.
    """

    netns: str
    protocol: str
    address: Address
    port: int
    message: Message | None = None
    sport: int = FIRST_PORT
    timeout: int = 3_500_000
    octets: int = 56
    pmtudisc: PathMtuDiscovery = "want"


class Restart(Record, frozen=True):
    """A container's process dies and is started again; its namespace stays."""

    netns: str
    process: str


Act: TypeAlias = Probe | Restart


class Machines(Record, frozen=True):
    """Kernels and what runs on them.  `programs` by (netns id, process name as in `Socket.process`)."""

    world: World
    programs: Mapping[tuple[str, str], Program]
