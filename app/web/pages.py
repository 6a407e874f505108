"""The pages: the gallery, the player, its stills and its inspector."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, Response

from app.web.asked import Asked, demand, known_slugs, scenario_of, understand
from app.web.contexts import Card, GalleryContext, Part, SceneContext
from app.web.inspector import inspect
from app.web.player_page import nearest, player, poster, whole
from app.web.render import render
from app.web.stills import standalone
from app.web.told import Shelf, Told

READ = ["GET", "HEAD"]
router = APIRouter(include_in_schema=False)
PARTS = {1: "One address for each pod", 2: "Across nodes, by overlay", 3: "Services, in and out"}
REVALIDATE = {"Cache-Control": "no-cache"}


async def shelf_of(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


Shelved = Annotated[Shelf, Depends(shelf_of)]


@router.api_route("/", methods=READ)
async def gallery() -> HTMLResponse:
    scenarios = [scenario_of(slug) for slug in known_slugs()]
    parts = tuple(
        Part(number, title, tuple(Card(s.slug, s.title, s.question) for s in scenarios if s.part == number))
        for number, title in PARTS.items()
    )
    return HTMLResponse(
        render(GalleryContext(parts=tuple(part for part in parts if part.cards))), headers=REVALIDATE
    )


@router.api_route("/j/{slug}", methods=READ)
async def beginning(request: Request, slug: str, shelf: Shelved) -> HTMLResponse:
    asked = understand(slug, without(request, "transcript"))
    told = shelf.take(asked)
    if request.query_params.get("transcript") == "whole":
        return HTMLResponse(render(whole(asked, told)), headers=REVALIDATE)
    return answered(asked, told, "0")


@router.api_route("/j/{slug}/still.svg", methods=READ)
async def still(request: Request, slug: str, shelf: Shelved) -> Response:
    """A picture of the journey's world for the gallery; it carries its own style, as an image has to."""
    told = shelf.take(demand(slug, request.query_params.multi_items()))
    drawing = render(SceneContext(scene=told.scene, still=poster(told)))
    return Response(
        standalone(drawing), media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=300"}
    )


@router.api_route("/j/{slug}/{step}", methods=READ)
async def moment(request: Request, slug: str, step: str, shelf: Shelved) -> HTMLResponse:
    asked = understand(slug, request.query_params.multi_items())
    return answered(asked, shelf.take(asked), step)


@router.api_route("/j/{slug}/steps/{seq}/netns/{netns_id:path}", methods=READ)
async def netns(
    request: Request, slug: str, seq: Annotated[int, Path(ge=0)], netns_id: str, shelf: Shelved
) -> HTMLResponse:
    """The tables of a namespace at a step, as a piece of a page.  Raises NoSuchStep, NoSuchNetns."""
    told = shelf.take(demand(slug, without(request, "grain")))
    return HTMLResponse(render(inspect(told, seq, netns_id)), headers=REVALIDATE)


def answered(asked: Asked, told: Told, step: str) -> HTMLResponse:
    """The player at the step asked for, or at the nearest one with a note and the status 422."""
    at, notes = nearest(told, step)
    status = 422 if notes or asked.faults else 200
    return HTMLResponse(render(player(asked, told, at, notes)), status, headers=REVALIDATE)


def without(request: Request, name: str) -> list[tuple[str, str]]:
    return [(key, value) for key, value in request.query_params.multi_items() if key != name]
