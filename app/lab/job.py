"""What goes into the sandbox and what comes out: plain values, so that they can be sent through a pipe."""

from typing import Literal

from msgspec import Struct

Seconds = float


class Command(Struct, frozen=True):
    """A program run in a namespace (None: outside all of them) with this text on its standard input."""

    netns: str | None
    argv: tuple[str, ...]
    text: str = ""


class Sysctl(Struct, frozen=True):
    """`sysctl -w name=value` in a namespace."""

    netns: str
    name: str
    value: str


class Server(Struct, frozen=True):
    """A listening process: an HTTP server with one body, an echo, or a reverse proxy; `words` as in `app.lab.ends`."""

    netns: str
    kind: Literal["http", "echo", "proxy"]
    protocol: Literal["tcp", "udp"]
    port: int
    words: tuple[str, ...] = ()


class Errand(Struct, frozen=True):
    """One thing a client does: from a fixed port, send this, wait so long for the answer.  `pmtudisc` as ip(7) names it."""

    netns: str
    protocol: str
    sport: int
    address: str
    port: int
    octets: bytes
    timeout: Seconds
    pmtudisc: Literal["want", "do", "dont"] = "want"


UNASKED = "rule hits were not asked for"
NOT_INSTALLED = ": command not found"
"""What a reading says, as a shell would, of a program that is not there."""


class Reading(Struct, frozen=True):
    """A command whose output is wanted, before the first errand or when all is over."""

    netns: str
    command: str


class Job(Struct, frozen=True):
    """`namespaces` are made first, then `sysctls` are written, then `setup` runs, then `changes` break it, in order.

    Then the servers listen, the `before` readings are taken, the errands run, and the `readings` are taken.  `traced`:
    every rule hit is recorded too.
    """

    namespaces: tuple[str, ...]
    sysctls: tuple[Sysctl, ...]
    setup: tuple[Command, ...]
    servers: tuple[Server, ...] = ()
    errands: tuple[Errand, ...] = ()
    readings: tuple[Reading, ...] = ()
    changes: tuple[Command, ...] = ()
    before: tuple[Reading, ...] = ()
    traced: bool = False


class Frame(Struct, frozen=True):
    """One frame as a capture on a device saw it; `time` in nanoseconds of the clock, `octets` whole."""

    netns: str
    device: str
    outgoing: bool
    time: int
    octets: bytes


class Answer(Struct, frozen=True):
    """How an errand ended: an errno's name, or what came back."""

    error: str | None
    octets: bytes = b""


class Hit(Struct, frozen=True):
    """A rule that matched, a chain's end, or a built-in chain's policy, as one packet met it on its way through a table.

    `position` is the rule's in its chain, from 0, or None where no rule was hit; `verdict` is accept, drop, jump, goto,
    return or continue (without a rule: the chain ended).  The first hit of a packet in a table carries its devices and
    `octets`, its IPv4 and transport headers, 20 octets of these; others have neither.  `skb` is the same while a packet is
    in the namespace, and may be another's later.
    """

    netns: str
    skb: int
    table: str
    chain: str
    position: int | None
    verdict: str
    iif: str | None
    oif: str | None
    mark: int
    octets: bytes


class Window(Struct, frozen=True):
    """The kernel's number for each namespace (what /proc/PID/ns/net shows), and when the errands began and ended.

    In nanoseconds of the monotonic clock.
    """

    namespaces: dict[str, int]
    begin: int
    end: int


class KernelDrop(Struct, frozen=True):
    """A packet that the kernel freed for a reason, in a function.  `octets` from its network header on, cut short.

    `protocol` is the Ethernet type.
    """

    netns: str
    time: int
    reason: str
    function: str
    protocol: int
    octets: bytes


class KernelLookup(Struct, frozen=True):
    """A routing table that the kernel asked, and its answer.  `error` is 0 or a negative errno.

    `oif` is the only device that the packet may leave by, 0 for any.
    """

    netns: str
    time: int
    error: int
    oif: int
    dst: str
    gateway: str | None
    device: str


class Recording(Struct, frozen=True):
    """Frames in order of time; an answer for each errand; what each reading printed, after the errands and before them.

    `hits` are in order within each namespace that has tables; `untraced` says why there are none, None if they were traced.
    `drops` and `lookups` are None where the machine does not show them: then `unseen` says why, a sentence each.
    """

    frames: tuple[Frame, ...]
    answers: tuple[Answer, ...]
    texts: dict[str, dict[str, str]]
    before: dict[str, dict[str, str]] = {}
    hits: tuple[Hit, ...] = ()
    untraced: str | None = UNASKED
    window: Window | None = None
    drops: tuple[KernelDrop, ...] | None = None
    lookups: tuple[KernelLookup, ...] | None = None
    unseen: tuple[str, ...] = ()

    def text(self, netns: str, command: str) -> str:
        return self.texts[netns][command]
