"""The scalar types of both file formats: what is allowed, and how a message says so."""

from typing import Annotated, TypeAlias

from msgspec import Meta


def described(format_name: str, words: str) -> Meta:
    return Meta(description=words, extra_json_schema={"format": format_name})


IPv4Text: TypeAlias = Annotated[str, described("ipv4", "an IPv4 address such as 10.244.1.2")]
IpText: TypeAlias = Annotated[str, described("ip", "an IP address such as 10.244.1.2")]
IPv4Block: TypeAlias = Annotated[
    str, described("ipv4-cidr", "an IPv4 block such as 10.244.1.0/24, host bits clear")
]
Block: TypeAlias = Annotated[str, described("cidr", "a block such as 10.244.1.0/24, host bits clear")]
MAC_PATTERN = "([0-9a-f]{2}:){5}[0-9a-f]{2}"
MacText: TypeAlias = Annotated[
    str,
    Meta(pattern=MAC_PATTERN, description="a MAC such as 0a:58:0a:f4:01:02, lower case"),
]

Port: TypeAlias = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
NodePort: TypeAlias = Annotated[int, Meta(ge=30000, le=32767, description="a node port from 30000 to 32767")]
Mtu: TypeAlias = Annotated[int, Meta(ge=68, le=65535, description="an MTU from 68 to 65535 octets")]
Octets: TypeAlias = Annotated[int, Meta(ge=1, le=65507, description="1 to 65507 octets")]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=10_000, description="a whole number from 0 to 10000")]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1_000_000, description="seconds, 0 to 1000000")]

DNS_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
Label: TypeAlias = Annotated[
    str, Meta(pattern=DNS_LABEL, description="a DNS label: a-z, 0-9 and -, at most 63 characters")
]
ObjectName: TypeAlias = Annotated[
    str,
    Meta(
        pattern=rf"{DNS_LABEL}([.]{DNS_LABEL})*", max_length=253, description="a DNS name: a-z, 0-9, - and ."
    ),
]
DeviceName: TypeAlias = Annotated[
    str, Meta(pattern=r"[a-zA-Z0-9_.-]{1,15}", description="a device name of at most 15 characters")
]
Word: TypeAlias = Annotated[
    str, Meta(pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", description="a word of letters, digits, - and _")
]
Line: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=140, description="a sentence of 1 to 140 characters")
]
Paragraph: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=1000, description="text of 1 to 1000 characters")
]
Command: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=300, description="a command of 1 to 300 characters")
]

CAPITALS = {"cidr": "CIDR", "cidrs": "CIDRs", "ip": "IP", "ips": "IPs"}


def api_name(name: str) -> str:
    """`pod_cidr` as `podCIDR`, `from_` as `from`: how the Kubernetes API spells a field."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(CAPITALS.get(word, word.capitalize()) for word in rest)
