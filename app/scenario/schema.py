"""The Scenario document: what a file says that Kubernetes does not.  Unknown fields are faults."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from app.scenario.kinds import (
    Command,
    Count,
    DeviceName,
    IPv4Block,
    IPv4Text,
    Label,
    Line,
    MacText,
    Mtu,
    NodePort,
    ObjectName,
    Octets,
    Paragraph,
    Port,
    Seconds,
    Word,
    api_name,
)  # fmt: skip

Host: TypeAlias = Annotated[str, Meta(min_length=1, max_length=300)]
Choices: TypeAlias = dict[str, tuple[str, ...]]
"""By setting, the options for which something holds."""


class Document(Struct, frozen=True, forbid_unknown_fields=True, rename=api_name):
    """Base of every mapping in the document."""


class NetworkSpec(Document, frozen=True):
    """The CNI plugin; fields as in `controlplane.infrastructure.Network`.  `serviceCIDR`: the cluster IPs' block."""

    plugin: Literal["bridge", "flannel-vxlan", "flannel-host-gw"] = "bridge"
    bridge: DeviceName = "cbr0"
    cluster_cidr: IPv4Block = "10.244.0.0/16"
    service_cidr: IPv4Block = "10.96.0.0/12"
    mtu: Mtu | None = None
    hairpin: bool = True
    bridge_nf_call_iptables: bool = True
    ip_masq: bool = True
    egress_masquerade: bool = False
    non_masquerade_cidr: IPv4Block = "10.0.0.0/8"


class ProxySpec(Document, frozen=True):
    """kube-proxy's options, as in `controlplane.infrastructure.Proxy`."""

    mode: Literal["iptables", "none"] = "iptables"
    cluster_cidr: IPv4Block | None = "10.244.0.0/16"
    masquerade_all: bool = False
    masquerade_bit: Annotated[int, Meta(ge=0, le=31, description="a bit from 0 to 31")] = 14


class FabricSpec(Document, frozen=True):
    """How nodes are joined, as in `controlplane.infrastructure.Fabric`; the delay is one way."""

    kind: Literal["cloud", "l2", "pigeon"] = "cloud"
    pod_routes: bool = True
    route_limit: Count | None = None
    delay_seconds: Seconds = 0.0
    mtu: Mtu = 1500


class ServedSpec(Document, frozen=True):
    port: Port
    body: Paragraph


class HostSpec(Document, frozen=True):
    """A machine on the internet side; it answers to `names`."""

    name: Label
    address: IPv4Text
    mac: MacText | None = None
    names: tuple[ObjectName, ...] = ()
    serves: tuple[ServedSpec, ...] = ()


class BalancerSpec(Document, frozen=True):
    """A layer 4 balancer: `vip:port` goes to `nodePort` of the target nodes."""

    name: Label
    address: IPv4Text
    vip: IPv4Text
    port: Port
    node_port: NodePort
    targets: Annotated[tuple[ObjectName, ...], Meta(min_length=1)]
    mac: MacText | None = None


class OutsideSpec(Document, frozen=True):
    """All that is no part of the cluster.  `names` is what DNS answers, beside the names of the hosts."""

    hosts: tuple[HostSpec, ...] = ()
    load_balancers: tuple[BalancerSpec, ...] = ()
    names: dict[str, IPv4Text] = {}


class RestartSpec(Document, frozen=True):
    pod: Host
    container: Label


class ProbeSpec(Document, frozen=True):
    """`from`, `to`, `protocol`; or `restart` in their place.

    `octets` are those that a request, a datagram or an echo carries; `dontFragment` is how Linux sends unless told otherwise.
    """

    from_: Host | None = None
    to: Host | None = None
    protocol: Literal["tcp", "udp", "icmp"] = "tcp"
    timeout_seconds: Seconds | None = None
    octets: Octets | None = None
    dont_fragment: bool = True
    restart: RestartSpec | None = None


class PatternSpec(Document, frozen=True):
    """Which step is meant: event and kernel function by name, a glob on netns or device id, fields of the packet."""

    event: str | None = None
    at: str | None = None
    function: str | None = None
    packet: dict[str, str | int | bool] = {}


class BeatSpecDocument(Document, frozen=True):
    """One told move."""

    id: Word
    text: Line
    on: PatternSpec
    guide: Paragraph | None = None
    kernel: Paragraph | None = None
    when: Choices = {}


class PatchSpec(Document, frozen=True):
    """What an option changes: merge patches (RFC 7386) of this document and of objects, objects that come and go."""

    scenario: Any = None
    objects: dict[str, Any] = {}
    add: tuple[Any, ...] = ()
    remove: tuple[str, ...] = ()


class OptionSpec(Document, frozen=True):
    label: Line
    patch: PatchSpec = msgspec.field(default_factory=PatchSpec)


class SettingSpec(Document, frozen=True):
    label: Line
    default: str
    options: dict[str, OptionSpec]


class EndsSpec(Document, frozen=True):
    """`address:port`; a glob, because a masqueraded port is anybody's guess."""

    src: str
    dst: str


class ConnectionSpec(Document, frozen=True):
    """A connection as its client opened it, and as its server saw it."""

    original: EndsSpec
    translated: EndsSpec
    dnat: bool = False
    masqueraded: bool = False


class WriterSpec(Document, frozen=True):
    component: str
    object: str


class ClaimSpec(Document, frozen=True):
    """What must come true, where `when` fits.  Later claims add to earlier ones, and overrule them in single values."""

    when: Choices = {}
    verdict: Literal["delivered", "rejected", "dropped", "unanswered", "looped", "undecided"] | None = None
    reason: str | None = None
    at: str | None = None
    by: WriterSpec | None = None
    sees: tuple[PatternSpec, ...] = ()
    never: tuple[PatternSpec, ...] = ()
    connections: tuple[ConnectionSpec, ...] = ()


class BreakSpec(Document, frozen=True):
    """A fault: what an administrator would type, by namespace; `patch` says what no command can.

    `probes` stand in place of the scenario's while it is broken, `beats` and `expect` always do.
    """

    label: Line
    when: Choices = {}
    run: dict[str, tuple[Command, ...]] = {}
    patch: PatchSpec = msgspec.field(default_factory=PatchSpec)
    probes: tuple[ProbeSpec, ...] = ()
    beats: tuple[BeatSpecDocument, ...] = ()
    expect: tuple[ClaimSpec, ...] = ()


class ScenarioDocument(Document, frozen=True):
    """The whole of it."""

    api_version: Literal["packet-journeys/v1"]
    kind: Literal["Scenario"]
    title: Line
    question: Line
    summary: Paragraph
    probes: Annotated[tuple[ProbeSpec, ...], Meta(min_length=1)]
    part: Literal[1, 2, 3] = 1
    network: NetworkSpec = NetworkSpec()
    proxy: ProxySpec = ProxySpec()
    fabric: FabricSpec = FabricSpec()
    outside: OutsideSpec = OutsideSpec()
    beats: tuple[BeatSpecDocument, ...] = ()
    settings: dict[str, SettingSpec] = {}
    breaks: dict[str, BreakSpec] = {}
    expect: tuple[ClaimSpec, ...] = ()


def json_schema() -> dict[str, Any]:
    """The document's shape for editors (JSON Schema 2020-12)."""
    return msgspec.json.schema(ScenarioDocument)
