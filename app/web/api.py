"""The API: journeys as JSON, and the schema they keep."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.scenario.model import Scenario
from app.web.asked import demand, known_slugs, scenario_of
from app.web.models import BreakItem, Command, Journey, Problem, ScenarioItem, SettingItem, SettingOption
from app.web.pages import Shelved

READ = ["GET", "HEAD"]
router = APIRouter(prefix="/api")
WRONG: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}} for status in (404, 422)
}


@router.api_route("/scenarios", methods=READ)
async def scenarios() -> list[ScenarioItem]:
    """Every built-in journey, in the order of the story."""
    return [item(scenario_of(slug)) for slug in known_slugs()]


def item(scenario: Scenario) -> ScenarioItem:
    settings = [
        SettingItem(
            name=s.name, label=s.label, default=s.default,
            options=[SettingOption(value=o.value, label=o.label) for o in s.options],
        )
        for s in scenario.settings
    ]  # fmt: skip
    breaks = [
        BreakItem(
            name=b.name, label=b.label, when={name: list(options) for name, options in b.when.items()},
            commands=[Command(netns=change.netns, command=change.command) for change in b.changes],
        )
        for b in scenario.breaks
    ]  # fmt: skip
    return ScenarioItem(
        slug=scenario.slug, title=scenario.title, question=scenario.question, summary=scenario.summary,
        part=scenario.part, number=scenario.number, settings=settings, breaks=breaks,
    )  # fmt: skip


@router.api_route("/journeys/{slug}", methods=READ, response_model=Journey, responses=WRONG)
async def journey(request: Request, slug: str, shelf: Shelved) -> Response:
    """The whole journey.  The query is the scenario's settings, its `break`s and `seed`; the answer is encoded once and kept."""
    told = shelf.take(demand(slug, request.query_params.multi_items()))
    return Response(told.json, media_type="application/json")


@router.api_route("/schema", methods=READ)
async def schema() -> dict[str, Any]:
    """JSON Schema of a journey, schema 1."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Journey.model_json_schema()}
