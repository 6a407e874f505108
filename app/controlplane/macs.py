"""Which MAC a device gets: one rule for each kind, so that a reader recognises a machine by its address.

All carry the machine's address in their last octets: 0a:58 + four octets in a pod (CNI's rule, `wire.addr.mac_of`),
2e:00:00:00 + two at the root end of a veth pair, 4e:f1:a0:00 + two on a VTEP, 52:54:00:00 + two on a NIC (52:54:00 is
what QEMU gives its cards).
"""

from app.wire.addr import Address, Mac


def octets(address: Address) -> list[int]:
    return [int(octet) for octet in address.split(".")]


def tailed(head: str, *tail: int) -> Mac:
    return ":".join([head, *(f"{octet:02x}" for octet in tail)])


def nic(address: Address) -> Mac:
    """192.168.1.10 → 52:54:00:00:01:0a"""
    return tailed("52:54:00:00", *octets(address)[2:])


def nic_on_segment(address: Address) -> Mac:
    """192.168.10.11 → 52:54:00:00:10:11, as the address is read; as `nic` where an octet needs three digits."""
    third, fourth = octets(address)[2:]
    return f"52:54:00:00:{third:02d}:{fourth:02d}" if third < 100 and fourth < 100 else nic(address)


def outside(address: Address) -> Mac:
    """203.0.113.50 → 52:54:00:00:cb:32: networks out there differ in their first octet."""
    first, _, _, fourth = octets(address)
    return tailed("52:54:00:00", first, fourth)


def veth(pod: Address) -> Mac:
    """10.244.1.2 → 2e:00:00:00:01:02"""
    return tailed("2e:00:00:00", *octets(pod)[2:])


def vtep(address: Address) -> Mac:
    """10.244.1.0 → 4e:f1:a0:00:01:00"""
    return tailed("4e:f1:a0:00", *octets(address)[2:])
