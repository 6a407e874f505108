"""Addresses and prefixes: canonical text, arithmetic on integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wire.addr import DEFAULT, LOOPBACK, Prefix, mac_of, number, text

ADDRESSES = st.integers(0, 2**32 - 1)


@given(ADDRESSES)
def test_number_and_text_are_each_others_inverse(value: int) -> None:
    assert number(text(value)) == value


@given(ADDRESSES, st.integers(0, 32))
def test_a_prefix_holds_its_first_and_its_last_address_and_none_beyond(value: int, length: int) -> None:
    mask = Prefix(0, length).mask
    prefix = Prefix(value & mask, length)
    assert prefix.address in prefix
    assert prefix.last in prefix
    assert text(value) in prefix
    if number(prefix.last) < 2**32 - 1:
        assert text(number(prefix.last) + 1) not in prefix


@pytest.mark.parametrize(
    ("cidr", "last"),
    [
        ("10.244.1.0/24", "10.244.1.255"),
        ("10.244.1.2/32", "10.244.1.2"),
        ("0.0.0.0/0", "255.255.255.255"),
        ("10.96.0.0/12", "10.111.255.255"),
    ],
)
def test_a_prefix_reads_and_prints_as_it_is_written(cidr: str, last: str) -> None:
    prefix = Prefix.parse(cidr)
    assert (str(prefix), prefix.last) == (cidr, last)


def test_a_bare_address_is_a_prefix_of_one() -> None:
    assert str(Prefix.parse("10.244.1.2")) == "10.244.1.2/32"


@pytest.mark.parametrize("bad", ["10.244.1.2/24", "10.244.1.0/33", "node1", "10.244.1"])
def test_what_is_no_prefix_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Prefix.parse(bad)


@pytest.mark.parametrize("bad", ["10.244.1", "10.244.1.256", "", "pod1"])
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        number(bad)


def test_only_text_is_an_address() -> None:
    assert 5 not in DEFAULT
    assert "127.0.0.53" in LOOPBACK
    assert "128.0.0.1" not in LOOPBACK


def test_the_mac_of_an_address_is_0a58_and_its_octets() -> None:
    """CNI's bridge plugin: HardwareAddr of 10.244.1.2."""
    assert mac_of("10.244.1.2") == "0a:58:0a:f4:01:02"


def test_prefixes_sort_by_network_then_length() -> None:
    unsorted = [Prefix.parse(cidr) for cidr in ("10.2.0.0/16", "10.1.0.0/24", "10.1.0.0/16")]
    assert [str(prefix) for prefix in sorted(unsorted)] == ["10.1.0.0/16", "10.1.0.0/24", "10.2.0.0/16"]
