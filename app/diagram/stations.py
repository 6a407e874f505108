"""Which station of the picture a step happens at, told from its event's name and its place."""

from app.diagram.shapes import Scene

ROUTING = {
    "RouteLookedUp", "Forwarded", "Fragmented", "RedirectDue", "ExceptionLearned",
    "DeliveredLocally", "IcmpSent", "IcmpIgnored", "ErrorWithheld",
}  # fmt: skip
FILTERING = {
    "FragmentHeld",
    "Reassembled",
    "HookPassed",
    "Translated",
    "ConntrackFound",
    "ConntrackCreated",
    "ConntrackConfirmed",
    "ConntrackDestroyed",
}
ABOVE = {
    "SocketOpened", "SocketFound", "SegmentSent", "MessageRead", "ProcessDecided", "ProbeEnded", "ProcessRestarted", "TimerFired",
}  # fmt: skip
SWITCHING = {"FdbLearned", "FdbLookedUp", "PassedUp"}


def candidates(event: str, netns: str, device: str | None) -> list[str]:
    """Stations that would do, the best first: a small namespace has no gate and no hexagon, its stack is one spot."""
    route, hooks, process = f"{netns}#route", f"{netns}#hooks", f"{netns}#process"
    at = [device] if device else []
    if event in ROUTING:
        return [route, process, hooks, *at]
    if event in FILTERING:
        return [hooks, route, process, *at]
    if event in ABOVE:
        return [process, hooks, route, *at]
    return [*at, route, process, hooks]


def station(
    scene: Scene, event: str, netns: str, device: str | None, bridge: str | None = None
) -> str | None:
    """A station's id, or None for a place that is not drawn.  `bridge` is the device id of the port's master, if it has one."""
    first = [bridge] if bridge and event in SWITCHING else []
    return next(
        (name for name in (*first, *candidates(event, netns, device)) if name in scene.stations), None
    )
