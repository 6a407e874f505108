"""The API and the schema that it publishes."""

import jsonschema  # type: ignore[import-untyped]
import pytest
from starlette.testclient import TestClient

from app.scenario.load import load_builtin, slugs
from tests import breakages

JOURNEYS = (
    [(slug, "") for slug in slugs()]
    + [
        (slug, f"?{setting.name}={option.value}")
        for slug in slugs()
        for setting in load_builtin(slug).settings
        for option in setting.options
        if option.value != setting.default
    ]
    + [(own.slug, f"?{own.query}") for own in breakages.once()]
)


@pytest.fixture(scope="module")
def schema(client: TestClient) -> dict[str, object]:
    return dict(client.get("/api/schema").json())


@pytest.mark.parametrize(("slug", "query"), JOURNEYS)
def test_a_journey_keeps_the_published_schema(
    client: TestClient, schema: dict[str, object], slug: str, query: str
) -> None:
    answer = client.get(f"/api/journeys/{slug}{query}")
    assert answer.status_code == 200
    jsonschema.Draft202012Validator(schema).validate(answer.json())


def test_scenarios_are_listed_in_the_order_of_the_story(client: TestClient) -> None:
    listed = client.get("/api/scenarios").json()
    assert [scenario["slug"] for scenario in listed] == list(slugs())
    assert all(scenario["question"] and scenario["title"] for scenario in listed)


def test_scenarios_list_what_can_be_broken_and_how(client: TestClient) -> None:
    routed = next(own for own in client.get("/api/scenarios").json() if own["slug"] == "routed")
    assert {
        "name": "no-route-in-cloud",
        "label": "The cloud has lost its route to node2's pods",
        "when": {"fabric": ["cloud"]},
        "commands": [{"netns": "cloud", "command": "ip route del 10.244.2.0/24"}],
    } in routed["breaks"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/journeys/nowhere", 404),
        ("/api/journeys/service?backend=nonsense", 422),
        ("/api/journeys/service?seed=minus", 422),
        ("/api/journeys/routed?break=nonsense", 422),
        ("/api/nothing", 404),
    ],
)
def test_errors_are_problem_details(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["errors"]


def test_all_faults_are_told_at_once(client: TestClient) -> None:
    problem = client.get("/api/journeys/service?backend=nonsense&colour=red").json()
    assert len(problem["errors"]) == 2


def test_the_same_address_gives_the_same_journey_to_the_byte(client: TestClient) -> None:
    assert client.get("/api/journeys/egress").content == client.get("/api/journeys/egress?seed=0").content
