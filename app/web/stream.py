"""`/j/{slug}/stream`: the steps of a journey as server-sent events, each once, as the `<li>` that the page will hold.

Events are joined to a few large writes, because one write for each event costs ten times what the walk does.  The first
goes alone, so that something moves at once.  `Last-Event-ID` resumes after that step; the last event is `done`.
"""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.web.asked import demand
from app.web.told import Shelf, Told

JOINED = 128
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
DONE = b"event: done\ndata: \n\n"


async def stream(request: Request) -> Response:
    """Raises NoSuchJourney, NotUnderstood."""
    shelf: Shelf = request.app.state.shelf
    told = shelf.take(demand(request.path_params["slug"], request.query_params.multi_items()))
    after = resumed(request.headers.get("last-event-id"), told)
    return StreamingResponse(frames(told, after, request), media_type="text/event-stream", headers=HEADERS)


def resumed(last_event_id: str | None, told: Told) -> int:
    """The first step to send: the one after the last that was heard, or 0 where that is no step of this journey."""
    if last_event_id is None or not (last_event_id.isascii() and last_event_id.isdigit()):
        return 0
    heard = int(last_event_id[:9])
    return heard + 1 if heard <= told.last else 0


async def frames(told: Told, first: int, request: Request) -> AsyncIterator[bytes]:
    """Ends early when the server stops; a reader that has gone ends it at the next write."""
    begin, size = first, 1
    while begin < len(told.frames):
        if request.app.state.stopping:
            return
        yield b"".join(told.frames[begin : begin + size])
        begin, size = begin + size, JOINED
    yield DONE
