#!/usr/bin/env python3
"""Both ends of a conversation: a client that asks once, and servers that answer for ever.

    ends.py ask tcp|udp|icmp ADDRESS PORT SECONDS [want|do|dont]

sends standard input, and prints what comes back, or why nothing does.  The last word is about fragments, as ip(7) has
it: `dont` lets routers cut a packet up.

    ends.py serve http PROTOCOL PORT BODY
    ends.py serve echo PROTOCOL PORT
    ends.py serve proxy PROTOCOL PORT [HOST PATH ADDRESS:PORT]...

listens, then goes on in the background and prints the number of the process that does.  For a proxy, `*` is any host, a
path with `=` before it must be the whole path, and `-` says that there is no endpoint.

The lab calls these functions; lab.sh holds this file as it stands, so it is made of the standard library alone.
"""

import errno
import os
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

Answer = Callable[[bytes, str], bytes]  # to this question of that client

CHUNK = 65536
BACKLOG = 4096  # the queue that servers of a cluster ask for: net.core.somaxconn
KINDS = {
    "tcp": (socket.SOCK_STREAM, 0),
    "udp": (socket.SOCK_DGRAM, 0),
    "icmp": (socket.SOCK_DGRAM, socket.IPPROTO_ICMP),  # net/ipv4/ping.c: the port is the identifier
}
ECHO_REQUEST = struct.pack("!BBHHH", 8, 0, 0, 0, 1)  # the kernel writes checksum and identifier
IP_MTU_DISCOVER, PMTUDISC = 10, {"dont": 0, "want": 1, "do": 2}  # include/uapi/linux/in.h
IP_RECVERR = 11  # an ICMP error becomes an error of the socket


def ask(
    protocol: str, address: str, port: int, seconds: float, pmtudisc: str, question: bytes, sport: int = 0
) -> bytes:
    """One question, from any free port or from `sport`; one answer.  Raises OSError, ETIMEDOUT where none comes."""
    with socket.socket(socket.AF_INET, *KINDS[protocol]) as asking:
        asking.settimeout(seconds)
        asking.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC[pmtudisc])
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        header = ECHO_REQUEST if protocol == "icmp" else b""
        if header:
            asking.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        asking.bind(("", sport))
        try:
            asking.connect((address, port))
            asking.sendall(header + question)
            return message(asking)[len(header) :]
        except TimeoutError as patience:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from patience


def message(connection: socket.socket) -> bytes:
    """An HTTP message as long as its Content-Length says, or anything else as it comes in one piece."""
    octets = receive(connection)
    while b"HTTP/1.1" in octets and not is_whole(octets) and (more := receive(connection)):
        octets += more
    return octets


def receive(connection: socket.socket) -> bytes:
    """A redirect is reported as EREMOTEIO (net/ipv4/ping.c: ping_err), and the reply may come all the same."""
    while True:
        try:
            return connection.recv(CHUNK)
        except OSError as fault:
            if fault.errno != errno.EREMOTEIO:
                raise


def is_whole(octets: bytes) -> bool:
    head, blank, body = octets.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(blank) and len(body) >= (int(length[1]) if length else 0)


def listen(protocol: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, *KINDS[protocol])
    listening.bind(("0.0.0.0", port))
    if protocol == "tcp":
        listening.listen(BACKLOG)
    return listening


def serve(listening: socket.socket, answer: Answer) -> None:
    if listening.type == socket.SOCK_STREAM:
        while True:
            connection, (client, _) = listening.accept()
            threading.Thread(target=converse, args=(connection, client, answer), daemon=True).start()
    while True:
        with suppress(OSError):  # an answer may have no way back
            question, sender = listening.recvfrom(CHUNK)
            listening.sendto(answer(question, sender[0]), sender)


def converse(connection: socket.socket, client: str, answer: Answer) -> None:
    """One question, one answer; the client is the first to hang up, and may vanish at any time."""
    with connection, suppress(OSError):
        if question := message(connection):
            connection.sendall(answer(question, client))
            connection.recv(CHUNK)


def answering(kind: str, words: Sequence[str], sport: int = 0) -> Answer:
    """What a server of this kind answers.  `sport`: where a proxy's own connections come from, 0 for any free port."""
    if kind == "proxy":
        return proxy(words, sport)
    return lambda question, client: question if kind == "echo" else response("200 OK", *words)


def response(status: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def proxy(table: Sequence[str], sport: int) -> Answer:
    """A reverse proxy: the first line of the table that fits says where a request goes on to."""
    lines = list(zip(table[::3], table[1::3], table[2::3], strict=True))

    def answer(request: bytes, client: str) -> bytes:
        endpoint = next((to for host, path, to in lines if fits(host, path, request)), None)
        if endpoint is None:
            return response("404 Not Found")
        if endpoint == "-":
            return response("503 Service Unavailable")
        address, port = endpoint.split(":")
        with socket.create_connection((address, int(port)), source_address=("", sport)) as upstream:
            upstream.sendall(request[:-2] + f"X-Forwarded-For: {client}\r\n\r\n".encode())
            return message(upstream)

    return answer


def fits(host: str, path: str, request: bytes) -> bool:
    start, *headers = request.decode().split("\r\n")
    asked = start.split()[1]
    named = next((line[6:].partition(":")[0] for line in headers if line.startswith("Host: ")), None)
    wanted = asked == path[1:] if path.startswith("=") else asked.startswith(path)
    return wanted and host in ("*", named)


def client(protocol: str, address: str, port: str, seconds: str, pmtudisc: str = "want") -> None:
    try:
        answer = ask(protocol, address, int(port), float(seconds), pmtudisc, sys.stdin.buffer.read())
    except OSError as fault:
        sys.exit(f"{errno.errorcode.get(fault.errno or 0, 'error')}: {fault.strerror}")
    if protocol == "icmp":
        answer = f"{len(answer)} octets came back".encode()
    sys.stdout.buffer.write(answer + b"\n")


def server(kind: str, protocol: str, port: str, *words: str) -> None:
    """The parent is done when the server listens; the child goes on, alone and silent."""
    listening = listen(protocol, int(port))
    if child := os.fork():
        print(child)  # noqa: T201
        return
    os.setsid()
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    serve(listening, answering(kind, words))


if __name__ == "__main__":
    roles: dict[str, Callable[..., None]] = {"ask": client, "serve": server}
    roles[sys.argv[1]](*sys.argv[2:])
