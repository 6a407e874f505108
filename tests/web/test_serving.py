"""The server as a process: it stops when it is told to, whoever is still listening."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

SERVE = "import sys; from app.main import serve; serve('127.0.0.1', int(sys.argv[1]))"
PATIENCE = 30


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        yield process, port
        process.kill()


def connected(port: int) -> socket.socket:
    """A connection, as soon as somebody listens: the kernel is asked again and again, nobody sleeps."""
    for _ in range(100_000):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            continue
    raise TimeoutError("the server did not start")


def test_term_ends_it_with_a_stream_open_that_nobody_reads(
    server: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = server
    with connected(port) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(
            b"GET /j/ingress/stream HTTP/1.1\r\nHost: x\r\n\r\n" * 30
        )  # far more than buffers hold
        assert reader.recv(64).startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pytest.fail("two seconds after TERM the server was still there")


@pytest.mark.parametrize(
    "path", ["/", "/j/overlay", "/j/overlay/3", "/api/scenarios", "/api/schema", "/healthz"]
)
def test_a_head_request_is_answered_like_a_get_without_its_body(client: TestClient, path: str) -> None:
    """RFC 9110 9.1: a server has GET and HEAD."""
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
