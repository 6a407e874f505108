"""The web program put together: `create_app` for any ASGI server, `serve` for the one that is built in."""

import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from app.web import api, errors, pages
from app.web.assets import Assets
from app.web.security import SecurityHeaders
from app.web.stream import stream
from app.web.told import Shelf

GRACE = 1  # seconds that open answers get when the server is told to stop


def create_app() -> FastAPI:
    """Everything that the server answers.  The shelf of journeys belongs to the app, so two apps share nothing."""
    app = FastAPI(
        title="Packet Journeys",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.state.shelf = Shelf()
    app.state.stopping = False
    assets = Assets()
    app.mount(assets.prefix, assets, name="static")
    app.add_route("/j/{slug}/stream", stream, include_in_schema=False)
    app.add_api_route(
        "/healthz",
        healthz,
        methods=["GET", "HEAD"],
        include_in_schema=False,
        response_class=PlainTextResponse,
    )
    app.include_router(api.router)
    app.include_router(pages.router)
    errors.install(app)
    app.add_middleware(SecurityHeaders)
    return app


async def healthz() -> str:
    return "ok\n"


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """What was loaded at the start stays: the collector need not look at it again, which would pause every stream."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    yield
    gc.unfreeze()


class Server(uvicorn.Server):
    """Tells the streams to end before it waits for them; uvicorn alone would wait for ever."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stop(self.config.app)
        await super().shutdown(sockets)


def stop(app: object) -> None:
    if isinstance(app, FastAPI):
        app.state.stopping = True


def serve(host: str, port: int) -> None:
    """Says where it is and blocks until it is told to stop; an open stream holds it up for a second at most.

    Raises OSError where the address is not to be had.  Port 0 takes a free one.
    """
    with socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
    ) as probe:
        port = probe.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    print(f"Packet Journeys at http://{shown}:{port}/, until Ctrl+C", flush=True)  # noqa: T201
    app: ASGIApp = create_app()
    Server(uvicorn.Config(app, host, port, log_level="warning", timeout_graceful_shutdown=GRACE)).run()
