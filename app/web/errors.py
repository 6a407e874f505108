"""What is answered when something is wrong: a page with a way on, or RFC 9457 problem details where a program asks."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeAlias

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.scenario.faults import ScenarioError
from app.web.asked import NoSuchJourney, NotUnderstood, brief, known_slugs, scenario_of
from app.web.contexts import ErrorContext, WayOn
from app.web.inspector import NoSuchNetns, NoSuchStep
from app.web.render import render
from app.web.security import HEADERS

log = logging.getLogger(__name__)

Explanation: TypeAlias = tuple[int, str, tuple[str, ...]]
"""Status, title, one sentence for each fault."""


def install(app: FastAPI) -> None:
    """Every kind of error to one answer."""
    for error, explain in EXPLAINED.items():
        app.add_exception_handler(error, handler(explain))
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, crashed)


def handler(explain: Callable[[Any], Explanation]) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        return answer(request, *explain(error))

    return handle


def refused(request: Request, error: Exception) -> Response:
    """A path or a method that is not there."""
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    response = answer(request, error.status_code, title, (f"{request.method} {brief(request.url.path)}",))
    response.headers.update(error.headers or {})
    return response


def crashed(request: Request, error: Exception) -> Response:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    response = answer(
        request, 500, "Our fault", ("Something here is broken; the other journeys still work.",)
    )
    response.headers.update(HEADERS)  # this answer is made outside of the middleware that adds them
    return response


def invalid(error: RequestValidationError) -> Explanation:
    faults = tuple(f"{brief(str(fault['loc'][-1]))}: {fault['msg']}" for fault in error.errors())
    return 422, "Not understood", faults


EXPLAINED: dict[type[Exception], Callable[[Any], Explanation]] = {
    NoSuchJourney: lambda e: (404, "No such journey", (f"There is no journey called “{brief(str(e))}”.",)),
    NoSuchNetns: lambda e: (404, "No such namespace", (f"This journey has no namespace “{brief(str(e))}”.",)),
    NoSuchStep: lambda e: (404, "No such step", (f"This journey ends with step {e.last}.",)),
    NotUnderstood: lambda e: (422, "Not understood", e.faults),
    ScenarioError: lambda e: (422, "Not understood", tuple(map(str, e.faults))),
    RequestValidationError: invalid,
}


def answer(request: Request, status: int, title: str, faults: tuple[str, ...]) -> Response:
    if request.url.path.startswith("/api/"):
        return problem(status, title, faults)
    ways = [WayOn("/", "All journeys"), *(WayOn(f"/j/{s}", scenario_of(s).title) for s in known_slugs())]
    return HTMLResponse(render(ErrorContext(title=title, faults=faults, ways=tuple(ways))), status)


def problem(status: int, title: str, faults: tuple[str, ...]) -> JSONResponse:
    """RFC 9457: `type` about:blank says that the status is the type; `errors` is our extension, one text each."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": " ".join(faults),
        "errors": faults,
    }
    return JSONResponse(body, status, media_type="application/problem+json")
