"""The floor of the web: bare Starlette with one static page, 20 kB of script, and rendered events of 600 bytes each.

Run as a program with two arguments: how many events a stream has, and the loopback port.
"""

import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

EVENTS, EVENT_BYTES, SCRIPT_BYTES = 40, 600, 20_000

FRAMES = [
    f"id: {n}\ndata: <li id='step-{n}'>{'x' * (EVENT_BYTES - 40)}</li>\n\n".encode() for n in range(EVENTS)
]

PAGE = (
    "<!doctype html><title>floor</title><script type=module src=/script.js></script><h1>Floor</h1><ol></ol>"
)

READER = """
const source = new EventSource("/stream");
source.onmessage = (event) => document.querySelector("ol").insertAdjacentHTML("beforeend", event.data);
source.onerror = () => source.close();
"""
SCRIPT = READER + f"/* {'x' * (SCRIPT_BYTES - len(READER))} */"


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def script(request: Request) -> Response:
    return PlainTextResponse(SCRIPT, media_type="text/javascript")


async def healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


def rendered(events: int) -> list[bytes]:
    return [
        f"id: {n}\ndata: <li id='step-{n}'>{'x' * (EVENT_BYTES - 40)}</li>\n\n".encode()
        for n in range(events)
    ]


def create_app(events: int) -> Starlette:
    ready = rendered(events)

    async def frames() -> AsyncIterator[bytes]:
        for frame in ready:
            yield frame

    async def stream(request: Request) -> Response:
        return StreamingResponse(frames(), media_type="text/event-stream")

    handlers = {"/": page, "/script.js": script, "/stream": stream, "/healthz": healthz}
    return Starlette(routes=[Route(path, handler) for path, handler in handlers.items()])


if __name__ == "__main__":
    events, port = map(int, sys.argv[1:])
    uvicorn.run(create_app(events), host="127.0.0.1", port=port, log_level="error", access_log=False)
