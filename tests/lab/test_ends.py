"""Both ends of a conversation, on the machine's own loopback."""

import errno
import socket
import threading

import pytest

from app.lab.ends import answering, ask, fits, is_whole, listen, serve
from app.lab.programs import octets
from app.wire.packet import HttpRequest, HttpResponse

HERE = "127.0.0.1"
REQUEST = octets(HttpRequest("GET", "shop.example", "/cart", (("Accept", "*/*"),)))
LONG = "x" * 1_000_000  # comes in many pieces


def served(kind: str, *words: str, protocol: str = "tcp", sport: int = 0) -> int:
    """The port of a server that runs as long as the tests do."""
    listening = listen(protocol, 0)
    threading.Thread(target=serve, args=(listening, answering(kind, words, sport)), daemon=True).start()
    return int(listening.getsockname()[1])


def asked(port: int, protocol: str = "tcp", question: bytes = REQUEST, sport: int = 0) -> bytes:
    return ask(protocol, HERE, port, 10, "want", question, sport)


def free_port() -> int:
    with socket.create_server((HERE, 0)) as held:
        return int(held.getsockname()[1])


def test_an_answer_is_read_whole() -> None:
    assert asked(served("http", LONG)) == octets(HttpResponse(200, "OK", LONG))


def test_a_proxy_reads_its_upstreams_answer_whole() -> None:
    upstream = served("http", LONG)
    proxy = served("proxy", "shop.example", "/", f"{HERE}:{upstream}")
    assert asked(proxy) == octets(HttpResponse(200, "OK", LONG))


def test_a_proxy_says_on_whose_behalf_it_asks() -> None:
    proxy = served("proxy", "*", "/", f"{HERE}:{served('echo')}")
    assert f"X-Forwarded-For: {HERE}".encode() in asked(proxy)


def test_a_proxy_answers_itself_where_there_is_nobody_to_ask() -> None:
    assert asked(served("proxy", "blog.example", "/", "-")).startswith(b"HTTP/1.1 404 Not Found")
    assert asked(served("proxy", "shop.example", "/", "-")).startswith(b"HTTP/1.1 503 Service Unavailable")


def test_an_echo_is_what_was_said() -> None:
    assert asked(served("echo", protocol="udp"), "udp", b"hello") == b"hello"
    assert asked(served("echo"), "tcp", b"hello") == b"hello"


def test_a_question_comes_from_the_wanted_port() -> None:
    sport = free_port()
    with listen("tcp", 0) as listening:
        port = listening.getsockname()[1]
        threading.Thread(target=asked, kwargs={"port": port, "sport": sport}, daemon=True).start()
        connection, sender = listening.accept()
        with connection:
            connection.sendall(b"heard")
    assert sender == (HERE, sport)


def test_where_nobody_answers_it_is_the_errno() -> None:
    with listen("udp", 0) as silent, pytest.raises(TimeoutError) as patience:
        ask("udp", HERE, silent.getsockname()[1], 0.01, "want", b"hello")
    assert patience.value.errno == errno.ETIMEDOUT
    with pytest.raises(ConnectionRefusedError):
        asked(free_port())


def test_a_message_is_whole_when_its_content_is() -> None:
    whole = octets(HttpResponse(200, "OK", "hello"))
    assert is_whole(whole)
    assert not is_whole(whole[:-1])
    assert not is_whole(b"HTTP/1.1 200 OK\r\n")


def test_a_proxy_looks_at_host_and_path() -> None:
    assert fits("shop.example", "/", REQUEST)
    assert fits("*", "=/cart", REQUEST)
    assert not fits("blog.example", "/", REQUEST)
    assert not fits("shop.example", "=/c", REQUEST)
