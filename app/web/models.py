"""The published shape of the journey, from which its JSON Schema is made.  Equal to `story.view`, field by field: a test compares."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["delivered", "rejected", "dropped", "unanswered", "looped", "undecided"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Origin(Model):
    """Who wrote the rule or entry, and for which object."""

    component: str
    object: str


class Place(Model):
    """Ids of one grammar: `node1`, `node1/pod1`, `node1/pod1/eth0`."""

    node: str
    netns: str
    device: str | None


class Change(Model):
    """One field of the packet; `layer.name`, or a layer's name alone where a whole header came (before is null) or went."""

    field: str
    before: Any
    after: Any


class Step(Model):
    """One thing the kernel did."""

    seq: int = Field(ge=0)
    tick: int = Field(ge=0, description="animation frame: hops from the start")
    cause: int | None = Field(description="seq of the step that led to this one")
    hop: int = Field(ge=0, description="counts softirq passes")
    beat: str | None
    at: Place
    event: str
    function: str = Field(description="the kernel's own name for what did it")
    skb: int | None
    clone_of: int | None
    packet: list[dict[str, Any]] = Field(description="headers, outermost first; `layer` names each")
    changed: list[Change]
    why: str
    evidence: dict[str, Any]
    origin: Origin | None
    time: int = Field(description="microseconds since the start")
    reply: bool = Field(description="was the packet sent by the side that was asked?")


class Beat(Model):
    """A told move: steps `first` to `last`."""

    id: str
    text: str
    first: int
    last: int
    guide: str | None = None
    kernel: str | None = None


class Outcome(Model):
    """How it ended."""

    verdict: Verdict
    reason: str
    at: str | None
    by: Origin | None
    sentence: str


class Ends(Model):
    src: str
    dst: str


class Candidate(Model):
    endpoint: str
    probability: float


class Connection(Model):
    """All ends are `address:port`."""

    protocol: str
    original: Ends
    translated: Ends
    dnat: bool
    masqueraded: bool
    endpoint: str | None
    candidates: list[Candidate]


class Probe(Model):
    from_: str = Field(alias="from")
    to: str
    protocol: str
    seed: int


class Journey(Model):
    """The whole document, schema 1."""

    schema_: Literal[1] = Field(alias="schema")
    scenario: str
    title: str
    probe: Probe
    outcome: Outcome
    connections: list[Connection]
    beats: list[Beat]
    steps: list[Step]


class SettingOption(Model):
    value: str
    label: str


class SettingItem(Model):
    """A choice that a scenario offers."""

    name: str
    label: str
    default: str
    options: list[SettingOption]


class Command(Model):
    """Typed in the namespace of this id."""

    netns: str
    command: str


class BreakItem(Model):
    """A fault that a scenario offers; `when`: by setting, the options that it is for."""

    name: str
    label: str
    when: dict[str, list[str]]
    commands: list[Command]


class ScenarioItem(Model):
    """A built-in journey as `/api/scenarios` lists it."""

    slug: str
    title: str
    question: str
    summary: str
    part: int
    number: int
    settings: list[SettingItem]
    breaks: list[BreakItem]


class Problem(Model):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[str]
