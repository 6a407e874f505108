"""What every event has in common."""

from msgspec import Struct

from app.kernel.netns import Netns
from app.kernel.skb import Skb


class Event(Struct, frozen=True):
    """`skb` is None where no packet is concerned (a timer, a socket call)."""

    skb: Skb | None
    dev: str | None
    function: str

    def apply(self, netns: Netns) -> Netns:
        return netns
