"""What every record is made from: immutable values."""

import gc

import pytest

from app.wire.packet import IPv4, Udp


def test_a_record_never_changes() -> None:
    packet = IPv4("10.0.0.1", "10.0.0.2", Udp(1, 2))
    with pytest.raises(AttributeError):
        packet.ttl = 3  # type: ignore[misc]


def test_records_are_compared_and_hashed_by_value() -> None:
    one, other = (IPv4("10.0.0.1", "10.0.0.2", Udp(1, 2)) for _ in range(2))
    assert one == other and hash(one) == hash(other)
    assert one is not other


def test_the_collector_does_not_look_at_them() -> None:
    """They cannot form a cycle: a record is made from what existed before it."""
    assert not gc.is_tracked(IPv4("10.0.0.1", "10.0.0.2", Udp(1, 2)))
