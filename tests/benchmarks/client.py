"""Servers in their own process, and the thinnest client that can time their streams: raw sockets, nothing parsed."""

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE = 30
END = b"0\r\n\r\n"  # the last chunk of an answer of unknown length


@contextlib.contextmanager
def served(*command: str) -> Iterator[int]:
    """`command PORT` running until the block ends; gives the port once `/healthz` answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with subprocess.Popen(
        [*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            deadline = time.monotonic() + PATIENCE
            while not healthy(port):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    raise RuntimeError(f"{' '.join(command)} ended with {server.wait(timeout=1 / 20)}")
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{' '.join(command)} did not answer within {PATIENCE} s")
            yield port
        finally:
            server.terminate()


def healthy(port: int) -> bool:
    with (
        contextlib.suppress(URLError, ConnectionError),
        urlopen(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        return bool(answer.status == 200)
    return False


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode()


def first_and_last(port: int, path: str) -> tuple[float, float]:
    """Seconds from opening a connection to the first event, and to the end of the stream."""
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request(path))
        heard, first = b"", 0.0
        while not heard.endswith(END):
            chunk = connection.recv(1 << 16)
            if not chunk:
                raise ConnectionError(f"{path}: the stream broke off")
            heard += chunk
            first = first or (time.perf_counter() - start if b"data:" in heard else 0.0)
    return first, time.perf_counter() - start


class Reader(asyncio.Protocol):
    """Asks for the next stream as soon as one has ended, until there are no more paths."""

    def __init__(self, paths: Iterator[str]) -> None:
        self.paths, self.tail = paths, b""
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        path = next(self.paths, None)
        if path is not None:
            self.transport.write(request(path))
        else:
            self.finished.set_result(None)
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.tail = (self.tail + data)[-len(END) :]
        if self.tail == END:
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(ConnectionError("a stream broke off"))


async def throughput(port: int, paths: Iterator[str], connections: int = 50, streams: int = 200) -> float:
    """Whole streams per second, so many over that many connections that never pause; each takes the next path."""
    loop, wanted = asyncio.get_running_loop(), islice(paths, streams)
    start = time.perf_counter()
    readers = [
        await loop.create_connection(partial(Reader, wanted), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.gather(*(reader.finished for _, reader in readers))
    return streams / (time.perf_counter() - start)
