#!/usr/bin/env python3
"""serve.py http PORT BODY | echo tcp|udp PORT | proxy PORT [HOST PATH ADDRESS:PORT]...

Listens, then goes on in the background and prints the number of the process that does.  For a proxy, `*` is any host, a
path with `=` before it must be the whole path, and `-` says that there is no endpoint.
Goes into lab.sh as it stands, so it is made of the standard library alone.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable

Answer = Callable[[bytes, str], bytes]


def response(status: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def proxy(table: list[str]) -> Answer:
    """A reverse proxy: the first line of the table that fits says where a request goes on to."""
    lines = list(zip(table[::3], table[1::3], table[2::3], strict=True))

    def answer(request: bytes, client: str) -> bytes:
        start, *headers = request.decode().split("\r\n")
        path = start.split()[1]
        host = next((line[6:].split(":")[0] for line in headers if line.startswith("Host: ")), "")
        fitting = (to for of, where, to in lines if of in ("*", host) and fits(where, path))
        endpoint = next(fitting, None)
        if endpoint is None:
            return response("404 Not Found")
        if endpoint == "-":
            return response("503 Service Unavailable")
        address, port = endpoint.split(":")
        with socket.create_connection((address, int(port))) as upstream:
            upstream.sendall(request[:-2] + f"X-Forwarded-For: {client}\r\n\r\n".encode())
            return upstream.recv(65536)

    return answer


def fits(where: str, path: str) -> bool:
    return path == where[1:] if where.startswith("=") else path.startswith(where)


def serve_tcp(listening: socket.socket, answer: Answer, end: bytes) -> None:
    while True:
        connection, (client, _) = listening.accept()
        threading.Thread(target=converse, args=(connection, client, answer, end), daemon=True).start()


def converse(connection: socket.socket, client: str, answer: Answer, end: bytes) -> None:
    """One question, up to `end`; one answer; who asked is the first to hang up."""
    with connection:
        try:
            question = connection.recv(65536)
            while question and end not in question and (more := connection.recv(65536)):
                question += more
            connection.sendall(answer(question, client))
            connection.recv(65536)
        except OSError:
            return


def serve_udp(listening: socket.socket) -> None:
    while True:
        listening.sendto(*listening.recvfrom(65536))


def in_the_background() -> None:
    """Returns in the child; the parent prints the child's number and is done."""
    if child := os.fork():
        print(child, flush=True)  # noqa: T201
        os._exit(0)
    os.setsid()
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)


def main() -> None:
    kind, *words = sys.argv[1:]
    protocol = words.pop(0) if kind == "echo" else "tcp"
    port, *more = words
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
    listening.bind(("0.0.0.0", int(port)))
    if protocol == "tcp":
        listening.listen(4096)  # the queue that servers of a cluster ask for: net.core.somaxconn
    in_the_background()
    if protocol == "udp":
        serve_udp(listening)
    elif kind == "echo":
        serve_tcp(listening, lambda question, client: question, b"")
    elif kind == "proxy":
        serve_tcp(listening, proxy(more), b"\r\n\r\n")
    else:
        serve_tcp(listening, lambda question, client: response("200 OK", more[0]), b"\r\n\r\n")


if __name__ == "__main__":
    main()
