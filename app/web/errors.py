"""What is answered when something is wrong: a page with a way on, or RFC 9457 problem details where a program asks."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.scenario.faults import ScenarioError
from app.scenario.load import load_builtin, slugs
from app.web.asked import NoSuchJourney, NotUnderstood, brief
from app.web.contexts import ErrorContext, WayOn
from app.web.inspector import NoSuchNetns, NoSuchStep
from app.web.render import render

log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Every kind of error to one answer."""

    @app.exception_handler(NoSuchJourney)
    async def no_journey(request: Request, error: NoSuchJourney) -> Response:
        return answer(
            request, 404, "No such journey", (f"There is no journey called “{brief(str(error))}”.",)
        )

    @app.exception_handler(NoSuchNetns)
    async def no_netns(request: Request, error: NoSuchNetns) -> Response:
        return answer(
            request, 404, "No such namespace", (f"This journey has no namespace “{brief(str(error))}”.",)
        )

    @app.exception_handler(NoSuchStep)
    async def no_step(request: Request, error: NoSuchStep) -> Response:
        return answer(request, 404, "No such step", (f"This journey ends with step {error.last}.",))

    @app.exception_handler(NotUnderstood)
    async def not_understood(request: Request, error: NotUnderstood) -> Response:
        return answer(request, 422, "Not understood", error.faults)

    @app.exception_handler(ScenarioError)
    async def scenario(request: Request, error: ScenarioError) -> Response:
        return answer(request, 422, "Not understood", tuple(map(str, error.faults)))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = tuple(f"{brief(str(fault['loc'][-1]))}: {fault['msg']}" for fault in error.errors())
        return answer(request, 422, "Not understood", faults)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        title = HTTPStatus(error.status_code).phrase
        response = answer(request, error.status_code, title, (f"{request.method} {brief(request.url.path)}",))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def crashed(request: Request, error: Exception) -> Response:
        log.error("%s %s", request.method, request.url.path, exc_info=error)
        return answer(
            request, 500, "Our fault", ("Something here is broken; the other journeys still work.",)
        )


def answer(request: Request, status: int, title: str, faults: tuple[str, ...]) -> Response:
    if request.url.path.startswith("/api/"):
        return problem(status, title, faults)
    ways = [WayOn("/", "All journeys"), *(WayOn(f"/j/{s}", load_builtin(s).title) for s in slugs())]
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
