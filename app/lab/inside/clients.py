"""The client of a probe: sends from a fixed port, waits for the answer, and names the errno when there is none."""

import errno
import socket
import struct

from app.lab.inside.servers import CHUNK, read_message
from app.lab.job import Answer, Errand

ECHO_REQUEST = 8
IP_MTU_DISCOVER, IP_RECVERR = 10, 11  # include/uapi/linux/in.h; the socket module does not name them
PMTUDISC = {"dont": 0, "want": 1, "do": 2}
ICMP_HEADER = struct.Struct("!BBHHH")


def do(errand: Errand) -> Answer:
    """Runs in the namespace of its caller."""
    try:
        return Answer(None, PROTOCOLS[errand.protocol](errand))
    except TimeoutError:
        return Answer("ETIMEDOUT")
    except OSError as fault:
        return Answer(errno.errorcode.get(fault.errno or 0, str(fault)))


def by_tcp(errand: Errand) -> bytes:
    with connected(errand, socket.SOCK_STREAM) as opened:
        opened.sendall(errand.octets)
        return read_message(opened)


def by_udp(errand: Errand) -> bytes:
    with connected(errand, socket.SOCK_DGRAM) as opened:
        opened.send(errand.octets)
        return opened.recv(CHUNK)


def by_icmp(errand: Errand) -> bytes:
    """An unprivileged echo socket (net/ipv4/ping.c): its port is the identifier, the kernel does the checksum."""
    with connected(errand, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as opened:
        opened.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)  # an ICMP error becomes an errno
        opened.send(ICMP_HEADER.pack(ECHO_REQUEST, 0, 0, 0, 1) + errand.octets)
        return reply(opened)[ICMP_HEADER.size :]


def reply(opened: socket.socket) -> bytes:
    """A redirect is reported as EREMOTEIO (net/ipv4/ping.c: ping_err), and the reply may come all the same."""
    while True:
        try:
            return opened.recv(CHUNK)
        except OSError as fault:
            if fault.errno != errno.EREMOTEIO:
                raise


def connected(errand: Errand, kind: int, protocol: int = 0) -> socket.socket:
    opened = socket.socket(socket.AF_INET, kind, protocol)
    opened.settimeout(errand.timeout)
    opened.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC[errand.pmtudisc])
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind(("", errand.sport))
    opened.connect((errand.address, errand.port))
    return opened


PROTOCOLS = {"tcp": by_tcp, "udp": by_udp, "icmp": by_icmp}
