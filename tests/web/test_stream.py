"""The stream of steps."""

import re

import pytest
from starlette.testclient import TestClient

Event = tuple[str, str, str]


def events(text: str) -> list[Event]:
    """(event, id, data) of each event, read as a browser reads them."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if fields:
            found.append((fields.get("event", "message"), fields.get("id", ""), fields.get("data", "")))
    return found


def test_every_step_comes_once_in_order_and_then_the_stream_says_that_it_is_done(client: TestClient) -> None:
    answer = client.get("/j/intra-node/stream")
    *steps, end = events(answer.text)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [int(number) for _, number, _ in steps] == list(range(len(steps)))
    assert len(steps) == len(client.get("/api/journeys/intra-node").json()["steps"])
    assert end[0] == "done"


def test_a_step_is_one_list_item_on_one_line(client: TestClient) -> None:
    for _, number, data in events(client.get("/j/ingress/stream").text)[:-1]:
        assert re.match(rf'<li id="step-{number}" class="step" ', data)
        assert data.endswith("</li>")
        assert data.count("<li id=") == 1


def test_after_a_break_it_goes_on_where_it_was_lost(client: TestClient) -> None:
    whole = events(client.get("/j/pod/stream").text)
    rest = events(client.get("/j/pod/stream", headers={"Last-Event-ID": "9"}).text)
    assert rest == whole[10:]


@pytest.mark.parametrize("heard", ["x", "-1", "999999999999", "١٢"])
def test_a_last_event_id_that_is_none_starts_anew(client: TestClient, heard: str) -> None:
    answer = client.get("/j/pod/stream", headers={b"Last-Event-ID": heard.encode()})
    assert events(answer.text)[0][1] == "0"


def test_after_the_last_step_only_the_end_is_left(client: TestClient) -> None:
    last = client.get("/api/journeys/pod").json()["steps"][-1]["seq"]
    assert events(client.get("/j/pod/stream", headers={"Last-Event-ID": str(last)}).text) == [
        ("done", "", "")
    ]


def test_settings_change_the_stream(client: TestClient) -> None:
    assert client.get("/j/service/stream?backend=none").text != client.get("/j/service/stream").text


def test_an_unknown_setting_is_refused_not_guessed(client: TestClient) -> None:
    assert client.get("/j/service/stream?backend=nonsense").status_code == 422
    assert client.get("/j/nowhere/stream").status_code == 404


def test_nothing_is_stored_between_server_and_reader(client: TestClient) -> None:
    headers = client.get("/j/pod/stream").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
