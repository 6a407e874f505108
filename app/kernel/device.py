"""Network devices: veth, bridge, VXLAN, loopback, and the physical NIC that a link joins to another machine."""

from typing import Literal, TypeAlias

from app.kernel.origin import KERNEL, Origin
from app.wire.addr import ZERO_MAC, Address, Mac, Prefix, number, text
from app.wire.record import Record

Kind: TypeAlias = Literal["loopback", "veth", "physical", "bridge", "vxlan"]


class Interface(Record, frozen=True):
    """An address on a device, with the length of its on-link prefix."""

    address: Address
    length: int

    @classmethod
    def parse(cls, cidr: str) -> "Interface":
        address, _, length = cidr.partition("/")
        return cls(text(number(address)), int(length or 32))

    @property
    def prefix(self) -> Prefix:
        return Prefix(number(self.address) & Prefix(0, self.length).mask, self.length)

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"

    def is_secondary(self, among: tuple["Interface", ...]) -> bool:
        """Of the addresses of a device that have the same prefix, the first one is the primary (net/ipv4/devinet.c)."""
        return next(other for other in among if other.prefix == self.prefix) != self


class Peer(Record, frozen=True):
    """The other end of a veth pair or of a cable: what leaves here is received there."""

    netns: str
    device: str


class VxlanLink(Record, frozen=True):
    """`ip link add type vxlan id VNI dstport PORT local ADDRESS nolearning`  (drivers/net/vxlan/vxlan_core.c)."""

    vni: int
    local: Address
    lower: str
    port: int = 8472


class Device(Record, frozen=True):
    """One line of `ip -d link` and its addresses.  `mtu` in octets, `delay` in microseconds as netem would add it on leaving.

    `opened`: it is down but has been up.  `mtu_by_hand`: a bridge that no longer follows its ports.  `port_no`: from 1.
    """

    name: str
    kind: Kind
    index: int = 0
    mac: Mac = ZERO_MAC
    addresses: tuple[Interface, ...] = ()
    mtu: int = 1500
    up: bool = True
    peer: Peer | None = None
    master: str | None = None
    port_no: int = 0
    hairpin: bool = False
    promiscuous: bool = False
    vxlan: VxlanLink | None = None
    delay: int = 0
    opened: bool = False
    mtu_by_hand: bool = False
    origin: Origin = KERNEL
