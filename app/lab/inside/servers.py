"""The listening processes: each a thread that lives in its namespace, with blocking sockets."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from app.lab.inside.namespaces import Namespaces
from app.lab.job import Server, Upstream
from app.process.programs import FIRST_PORT

BACKLOG = 4096
CHUNK = 65536
Handler = Callable[[Server, bytes, str], bytes]


def start(namespaces: Namespaces, server: Server) -> None:
    """Returns when the socket listens."""
    with namespaces.inside(server.netns):
        kind = socket.SOCK_STREAM if server.protocol == "tcp" else socket.SOCK_DGRAM
        opened = socket.socket(socket.AF_INET, kind)
        opened.bind(("0.0.0.0", server.port))
        if server.protocol == "tcp":
            opened.listen(BACKLOG)
    serve = serve_tcp if server.protocol == "tcp" else serve_udp

    def live() -> None:
        namespaces.enter(server.netns)
        serve(server, opened)

    threading.Thread(target=live, daemon=True).start()


def serve_udp(server: Server, opened: socket.socket) -> None:
    """Goes on when an answer has no way back, or an error about an earlier one comes in."""
    while True:
        with suppress(OSError):
            octets, sender = opened.recvfrom(CHUNK)
            opened.sendto(octets, sender)


def serve_tcp(server: Server, opened: socket.socket) -> None:
    handle: Handler = {"http": respond, "echo": echo, "proxy": forward}[server.kind]
    while True:
        connection, (client, _) = opened.accept()
        threading.Thread(target=converse, args=(server, connection, client, handle), daemon=True).start()


def converse(server: Server, connection: socket.socket, client: str, handle: Handler) -> None:
    """One request, one response; the client is the one to close.  A client may vanish: then there is nothing to say."""
    with connection:
        try:
            request = read_message(connection)
            if request:
                connection.sendall(handle(server, request, client))
                connection.recv(CHUNK)
        except OSError:
            return


def read_message(connection: socket.socket) -> bytes:
    """An HTTP message as long as its Content-Length says, or any other text as it came in one piece."""
    octets = connection.recv(CHUNK)
    while octets and b"HTTP/1.1" in octets and not is_whole(octets):
        more = connection.recv(CHUNK)
        if not more:
            break
        octets += more
    return octets


def is_whole(octets: bytes) -> bool:
    head, end, body = octets.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def echo(server: Server, request: bytes, client: str) -> bytes:
    return request


def respond(server: Server, request: bytes, client: str) -> bytes:
    return response(200, "OK", server.body)


def response(status: int, reason: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def forward(server: Server, request: bytes, client: str) -> bytes:
    """The request goes to the first upstream that fits, by a connection of the proxy's own, from the first free port."""
    upstream = next((u for u in server.upstreams if fits(u, request)), None)
    if upstream is None:
        return response(404, "Not Found")
    if not upstream.endpoints:
        return response(503, "Service Unavailable")
    with socket.create_connection(upstream.endpoints[0], source_address=("", FIRST_PORT)) as connection:
        connection.sendall(request[:-2] + f"X-Forwarded-For: {client}\r\n\r\n".encode())
        return read_message(connection)


def fits(upstream: Upstream, request: bytes) -> bool:
    """By host and path, exact or prefix."""
    start, *headers = request.decode().split("\r\n")
    path = start.split()[1]
    host = next((line[6:].partition(":")[0] for line in headers if line.startswith("Host: ")), None)
    wanted = path == upstream.path if upstream.exact else path.startswith(upstream.path)
    return wanted and upstream.host in (None, host)
