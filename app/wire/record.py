"""What every record of the house is made from."""

from msgspec import Struct


class Record(Struct, frozen=True, gc=False):
    """Immutable, slotted, matchable, hashed and compared by value.

    A record is made from what existed before it and never changes, so records cannot form a cycle, and the garbage
    collector need not look at the thousands that a journey leaves behind.
    """
