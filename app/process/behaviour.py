"""What programs do when their socket wakes them: the upcalls of the transport layer."""

from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from app.datapath.events import Errno, ProbeEnded, ProcessDecided, ProcessRestarted, TimerFired
from app.datapath.kernel import Arm, Kernel, Walk
from app.datapath.tcp import tcp_close, tcp_connect, tcp_sendmsg
from app.datapath.udp import ping, udp_connect, udp_sendmsg
from app.kernel.socket import Relay, Socket, SocketKey
from app.process.programs import (
    FIRST_PORT,
    Act,
    Client,
    EchoServer,
    HttpServer,
    Probe,
    Program,
    Restart,
    ReverseProxy,
    Upstream,
)
from app.wire.packet import HttpRequest, HttpResponse, Message, Text

CLIENT = "curl"
ROUTE_ERRORS: Mapping[str, Errno] = {
    "blackhole": "EINVAL",
    "unreachable": "EHOSTUNREACH",
    "prohibit": "EACCES",
}


class Processes:
    """Wakes the right program; a socket whose process is not installed belongs to the client of a probe."""

    def __init__(self, programs: Mapping[tuple[str, str], Program]) -> None:
        self.programs = programs

    def program(self, k: Kernel, process: str) -> Program:
        return self.programs.get((k.id, process), Client())

    def connected(self, k: Kernel, key: SocketKey) -> Walk[None]:
        """The handshake is over: whoever connected sends what it came for."""
        cookie = k.netns.learned.sockets[key].cookie
        message = cookie.request if isinstance(cookie, Relay) else cookie
        if message is not None:
            yield from tcp_sendmsg(k, key, message)

    def readable(self, k: Kernel, key: SocketKey, message: Message, process: str) -> Walk[None]:
        match self.program(k, process):
            case HttpServer(body):
                yield from tcp_sendmsg(k, key, HttpResponse(200, "OK", body))
            case EchoServer():
                yield from (udp_sendmsg if key.protocol == "udp" else tcp_sendmsg)(k, key, message)
            case ReverseProxy() as proxy:
                yield from relay(k, key, message, process, proxy)
            case Client():
                yield ProbeEnded(None, None, "recv", key, None, message)
                if key.protocol == "tcp":
                    yield from tcp_close(k, key)

    def peer_closed(self, k: Kernel, key: SocketKey) -> Walk[None]:
        """The other side has said everything, and so have we."""
        yield from tcp_close(k, key)

    def failed(self, k: Kernel, socket: Socket, error: Errno) -> Walk[None]:
        """connect(2) or recv(2) returned an error: a client gives up, a relay answers 502 in its upstream's place."""
        if isinstance(socket.cookie, Relay):
            yield from tcp_sendmsg(k, socket.cookie.downstream, HttpResponse(502, "Bad Gateway"))
        elif isinstance(self.program(k, socket.process), Client) and not gone(k, socket):
            call = "connect" if socket.key.protocol == "tcp" else "recv"
            yield ProbeEnded(None, None, call, socket.key, error)


def gone(k: Kernel, socket: Socket) -> bool:
    """A datagram socket fails once; TCP's is gone already when its failure is told."""
    return socket.key.protocol != "tcp" and socket.key not in k.netns.learned.sockets


def relay(k: Kernel, key: SocketKey, message: Message, process: str, proxy: ReverseProxy) -> Walk[None]:
    """A request is sent on over a second connection; an answer from there goes back over the first."""
    cookie = k.netns.learned.sockets[key].cookie
    if isinstance(cookie, Relay):
        yield from tcp_sendmsg(k, cookie.downstream, message)
        yield from tcp_close(k, key)
        return
    assert isinstance(message, HttpRequest), "a reverse proxy reads requests"
    chosen = choose(proxy, message)
    if chosen is None or not chosen.endpoints:
        yield ProcessDecided(None, None, "recv", process, message, None, chosen.origin if chosen else None)
        status = HttpResponse(503, "Service Unavailable") if chosen else HttpResponse(404, "Not Found")
        yield from tcp_sendmsg(k, key, status)
        return
    address, port = chosen.endpoints[k.below(len(chosen.endpoints))]
    yield ProcessDecided(None, None, "connect", process, message, (address, port), chosen.origin)
    forwarded = replace(message, headers=(*message.headers, ("X-Forwarded-For", key.remote)))
    yield from tcp_connect(k, process, address, port, free_port(k), Relay(key, forwarded))


def choose(proxy: ReverseProxy, request: HttpRequest) -> Upstream | None:
    """Host first, then the longest path prefix (networking/v1 Ingress)."""
    host = request.host.partition(":")[0]
    fits = [u for u in proxy.upstreams if u.host in (None, host) and fits_path(request.path, u)]
    return max(fits, key=lambda u: (u.host is not None, len(u.path)), default=None)


def fits_path(path: str, upstream: Upstream) -> bool:
    """A prefix is compared element by element: /foo holds /foo/bar, not /foobar (networking/v1 PathType)."""
    path, prefix = path.partition("?")[0], upstream.path.rstrip("/")
    return path == upstream.path if upstream.exact else path == prefix or path.startswith(f"{prefix}/")


def free_port(k: Kernel) -> int:
    taken = {key.lport for key in k.netns.learned.sockets if key.protocol == "tcp"}
    return next(port for port in range(FIRST_PORT, 65536) if port not in taken)


def perform(act: Act, k: Kernel) -> Walk[None]:
    """Do what the scenario says: send a probe, or restart a process."""
    if isinstance(act, Restart):
        yield ProcessRestarted(None, None, "execve", act.process)
        return
    yield Arm(act.timeout, partial(give_up, probe=act), lapses=True)
    message = act.message
    key: SocketKey | None
    if act.protocol == "tcp":
        key = yield from tcp_connect(k, CLIENT, act.address, act.port, act.sport, message)
    elif act.protocol == "udp":
        key = yield from udp_connect(k, CLIENT, act.address, act.port, act.sport, act.pmtudisc)
        if key is not None:
            yield from udp_sendmsg(k, key, message or Text(""))
    else:
        key = yield from ping(k, "ping", act.address, act.sport, act.octets, act.pmtudisc)
    if key is None:
        yield ProbeEnded(None, None, "connect", SocketKey("tcp", "", act.sport), no_way_out(k, act))


def no_way_out(k: Kernel, probe: Probe) -> Errno:
    """What connect(2) says.  net/ipv4/fib_semantics.c: fib_props; tcp_ipv4.c: tcp_v4_connect; datagram.c: ip4_datagram_connect."""
    route = k.fib.lookup(probe.address)
    if route is not None and k.fib.is_broadcast(probe.address):
        return "ENETUNREACH" if probe.protocol == "tcp" else "EACCES"
    return ROUTE_ERRORS.get(route.type if route else "", "ENETUNREACH")


def give_up(k: Kernel, *, probe: Probe) -> Walk[None]:
    """The client's own patience ends; a probe that has ended by then ended the walk, and no timer runs after that."""
    yield TimerFired(None, None, "schedule_timeout", probe.timeout)
    key = next((key for key in k.netns.learned.sockets if key.lport == probe.sport), None)
    yield ProbeEnded(None, None, "connect", key or SocketKey("tcp", "", probe.sport), "ETIMEDOUT")
