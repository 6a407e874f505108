#!/usr/bin/env python3
"""ask.py tcp|udp|icmp ADDRESS PORT SECONDS [want|do|dont]: sends standard input there, prints what comes back, or why nothing does.

The last word is about fragments, as ip(7) has it: `dont` lets routers cut a packet up.
Goes into lab.sh as it stands, so it is made of the standard library alone.
"""

import errno
import os
import socket
import struct
import sys

KINDS = {
    "tcp": (socket.SOCK_STREAM, 0),
    "udp": (socket.SOCK_DGRAM, 0),
    "icmp": (socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
}
ECHO_REQUEST = struct.pack("!BBHHH", 8, 0, 0, 0, 1)
IP_MTU_DISCOVER, PMTUDISC = 10, {"dont": 0, "want": 1, "do": 2}
IP_RECVERR = 11  # an ICMP error becomes an error of the socket


def ask(protocol: str, address: str, port: int, seconds: float, pmtudisc: str, question: bytes) -> bytes:
    """One question, one answer.  Raises OSError."""
    with socket.socket(socket.AF_INET, *KINDS[protocol]) as asking:
        asking.settimeout(seconds)
        asking.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC[pmtudisc])
        if protocol == "icmp":
            asking.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            question = ECHO_REQUEST + question
        asking.connect((address, port))
        asking.sendall(question)
        answer = asking.recv(65536)
        while b"HTTP/1.1" in answer and not whole(answer) and (more := asking.recv(65536)):
            answer += more
    return answer[len(ECHO_REQUEST) :] if protocol == "icmp" else answer


def whole(response: bytes) -> bool:
    """Has all the content that its Content-Length speaks of arrived?"""
    head, blank, content = response.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length:" in line]
    return bool(blank) and len(content) >= int(lengths[0] if lengths else 0)


def main() -> None:
    protocol, address, port, seconds, pmtudisc = [*sys.argv[1:], "want"][:5]
    question = sys.stdin.buffer.read()
    try:
        answer = ask(protocol, address, int(port), float(seconds), pmtudisc, question)
    except TimeoutError:
        sys.exit(f"ETIMEDOUT: {os.strerror(errno.ETIMEDOUT)}")
    except OSError as fault:
        sys.exit(f"{errno.errorcode.get(fault.errno or 0, 'error')}: {fault.strerror}")
    if protocol == "icmp":
        print(f"{len(answer)} octets came back")  # noqa: T201
    else:
        sys.stdout.buffer.write(answer + b"\n")


if __name__ == "__main__":
    main()
