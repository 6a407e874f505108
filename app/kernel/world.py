"""Every network namespace there is, by id."""

from collections.abc import Mapping

from app.kernel.netns import Netns
from app.wire.record import Record


class World(Record, frozen=True):
    """The state of all kernels at one moment.  Immutable: a change makes a new world that shares all the rest."""

    netns: Mapping[str, Netns]

    def __getitem__(self, id: str) -> Netns:
        return self.netns[id]

    def replace(self, netns: Netns) -> "World":
        return World({**self.netns, netns.id: netns})
