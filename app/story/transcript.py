"""A journey as text: what `trace` prints, and the golden form that tests compare."""

from collections.abc import Callable, Iterator, Mapping

from app.story.view import ConnectionView, Grain, JourneyView, StepView


def transcript(view: JourneyView, grain: Grain = "beats") -> Iterator[str]:
    """Lines without line ends: what was asked, the journey at this grain, its connections, how it ended."""
    yield f"{view.title}: {view.probe.from_} → {view.probe.to} ({view.probe.protocol})"
    yield ""
    yield from GRAINS[grain](view)
    yield ""
    for connection in view.connections:
        yield from connection_lines(connection)
    yield view.outcome.sentence


def by_beats(view: JourneyView) -> Iterator[str]:
    for number, beat in enumerate(view.beats, 1):
        yield f"{number:>3}  {beat.text}  [{beat.first}-{beat.last}]"
        if beat.guide:
            yield f"       the guide says: {beat.guide}"
        if beat.kernel:
            yield f"       the kernel does: {beat.kernel}"


def by_hops(view: JourneyView) -> Iterator[str]:
    """One line for each softirq pass: where it ran, and what it did."""
    hops: dict[int, list[StepView]] = {}
    for step in view.steps:
        hops.setdefault(step.hop, []).append(step)
    for number, steps in hops.items():
        names = " ".join(dict.fromkeys(step.event for step in steps))
        yield f"{number:>4}  {steps[0].at.netns:<14} {short(steps[-1])}  ({names})"


def by_steps(view: JourneyView) -> Iterator[str]:
    for step in view.steps:
        at = step.at.device or step.at.netns
        yield f"{step.seq:>4}  {at:<20} {step.event:<18} {step.why}"
        for change in step.changed:
            yield f"{'':>27}{change.field}: {shown(change.before)} → {shown(change.after)}"


GRAINS: Mapping[Grain, Callable[[JourneyView], Iterator[str]]] = {
    "beats": by_beats,
    "hops": by_hops,
    "steps": by_steps,
}


def connection_lines(connection: ConnectionView) -> Iterator[str]:
    original, seen = connection.original, connection.translated
    rewritten = "" if original == seen else f", seen there as {seen.src} → {seen.dst}"
    yield f"{connection.protocol} {original.src} → {original.dst}{rewritten}"
    for candidate in connection.candidates:
        chosen = " (chosen)" if candidate.endpoint == connection.endpoint else ""
        yield f"     {candidate.probability:.0%} {candidate.endpoint}{chosen}"


def shown(value: object) -> str:
    return "-" if value is None else "+".join(value) if isinstance(value, list) else str(value)


def short(step: StepView) -> str:
    """The innermost addresses of a step's packet, as `src > dst`."""
    for layer in reversed(step.packet):
        if layer["layer"] == "ipv4":
            return f"{layer['src']} > {layer['dst']} ttl {layer['ttl']}"
        if layer["layer"] == "arp":
            asks = layer["op"] == "request"
            return (
                f"who has {layer['target_ip']}?"
                if asks
                else f"{layer['sender_ip']} is at {layer['sender_mac']}"
            )
    return step.why
