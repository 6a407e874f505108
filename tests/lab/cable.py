"""Two machines and a cable between them: the smallest network that a sandbox can hold."""

from app.lab.job import Command

PAIR = Command(
    None, ("ip", "link", "add", "a0", "netns", "a", "type", "veth", "peer", "name", "b0", "netns", "b")
)


def up(netns: str, number: int) -> Command:
    lines = f"link set lo up\naddress add 10.0.0.{number}/24 dev {netns}0\nlink set {netns}0 up\n"
    return Command(netns, ("ip", "-batch", "-"), lines)


CABLE = (PAIR, up("a", 1), up("b", 2))
"""`a` is 10.0.0.1 on a0, `b` is 10.0.0.2 on b0."""
