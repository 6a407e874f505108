"""Chain names: a prefix, and a hash of the service port's name, so that every node arrives at the same ones.

The hash knows the port's name and protocol but neither the cluster IP nor the port's number.
"""

from base64 import b32encode
from functools import lru_cache
from hashlib import sha256


@lru_cache(maxsize=65536)
def hash16(text: str) -> str:
    """The first 16 characters of the base32 of SHA-256: 80 bits, for which the 28 characters of a name have room."""
    return b32encode(sha256(text.encode()).digest())[:16].decode()


def port_hash(name: str, protocol: str) -> str:
    """`ns1/svc1:p80` and `tcp` → XPGD46QRK7WJZT7O; nothing stands between the two."""
    return hash16(name + protocol)


def endpoint_chain(name: str, protocol: str, endpoint: str) -> str:
    """The chain that DNATs to one endpoint, `ip:port`, of one service port."""
    return "KUBE-SEP-" + hash16(name + protocol + endpoint)
