"""What every event has in common."""

from app.kernel.netns import Netns
from app.kernel.skb import Skb
from app.wire.record import Record


class Event(Record, frozen=True):
    """`skb` is None where no packet is concerned (a timer, a socket call)."""

    skb: Skb | None
    dev: str | None
    function: str

    def apply(self, netns: Netns) -> Netns:
        return netns
