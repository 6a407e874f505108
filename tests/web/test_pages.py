"""The pages: what is there, and what is answered to a question that makes no sense."""

import re

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from app.scenario.load import load_builtin, slugs
from tests import breakages
from tests.breakages import Breakage

CHOICES = [
    (slug, setting.name, option.value)
    for slug in slugs()
    for setting in load_builtin(slug).settings
    for option in setting.options
]


def test_the_gallery_leads_to_every_journey(client: TestClient) -> None:
    page = client.get("/").text
    assert not [slug for slug in slugs() if f'href="/j/{slug}"' not in page]


@pytest.mark.parametrize("slug", slugs())
def test_a_journey_begins_with_a_picture_a_caption_and_a_timeline(client: TestClient, slug: str) -> None:
    answer = client.get(f"/j/{slug}")
    assert answer.status_code == 200
    for part in ('<svg id="scene"', 'id="sentence"', 'class="beat"', 'id="scrub"', "/stream"):
        assert part in answer.text, f"{slug} has no {part}"


@pytest.mark.parametrize("slug", slugs())
def test_the_gallery_has_a_still_of_it(client: TestClient, slug: str) -> None:
    answer = client.get(f"/j/{slug}/still.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg") and "<style>" in answer.text and "var(--ink)" in answer.text


@pytest.mark.parametrize(("slug", "name", "value"), CHOICES)
def test_every_setting_has_its_page(client: TestClient, slug: str, name: str, value: str) -> None:
    answer = client.get(f"/j/{slug}?{name}={value}")
    assert answer.status_code == 200, answer.text[:400]
    assert f'<option value="{value}" selected>' in answer.text


@pytest.mark.parametrize("own", breakages.once(), ids=str)
def test_every_break_has_its_page_which_says_what_was_typed(client: TestClient, own: Breakage) -> None:
    page = client.get(f"/j/{own.slug}?{own.query}")
    assert page.status_code == 200, page.text[:400]
    assert f'<option value="{own.name}" selected>' in page.text
    shown = page.text[page.text.index('class="broken"') :]
    for change in own.load().changes:
        prompt = f"{change.netns.rpartition('/')[2]}#"
        assert f'<span class="prompt">{prompt}</span> {escape(change.command)}' in shown


def test_only_what_fits_the_settings_is_offered(client: TestClient) -> None:
    cloud, switch = client.get("/j/routed").text, client.get("/j/routed?fabric=l2").text
    assert '<option value="no-route">' in cloud and '<option value="no-route">' not in switch
    assert '<option value="dead-pod">' in cloud and '<option value="dead-pod">' in switch


def test_a_whole_world_shows_nothing_broken_and_a_world_without_breaks_offers_none(
    client: TestClient,
) -> None:
    assert 'class="broken"' not in client.get("/j/routed").text
    assert 'name="break"' not in client.get("/j/pigeon").text


def test_the_way_back_to_the_whole_world_keeps_everything_else(client: TestClient) -> None:
    page = client.get("/j/service?backend=self&break=no-hairpin&seed=2&grain=hops").text
    assert 'href="/j/service?backend=self&amp;seed=2&amp;grain=hops">Mend it</a>' in page


def test_beats_that_nobody_wrote_are_named_by_what_happens_in_them(client: TestClient) -> None:
    page = client.get("/j/routed?break=no-route").text
    assert re.findall(r'<span class="label">([^<]*)</span>', page) == [
        "segment sent", "arp asked", "icmp sent", "dropped", "probe ended",
    ]  # fmt: skip


def test_a_beat_that_is_a_step_is_not_told_twice(client: TestClient) -> None:
    page = client.get("/j/routed/move-4?break=no-route").text
    assert '<p class="sentence" id="sentence">node1 drops it: no route leads there.</p>' in page
    assert '<p class="step-line" id="step-line"></p>' in page


def test_everything_on_a_broken_page_is_of_the_broken_world(client: TestClient) -> None:
    page = client.get("/j/routed?break=no-route-in-cloud").text
    assert 'data-stream="/j/routed/stream?break=no-route-in-cloud"' in page
    table = client.get("/j/routed/steps/0/netns/cloud?break=no-route-in-cloud").text
    assert "10.244.1.0/24" in table and "10.244.2.0/24" not in table
    whole = client.get("/j/routed?break=no-route-in-cloud&transcript=whole").text
    assert "ip route del 10.244.2.0/24" in whole and "no route leads there" in whole
    still = client.get("/j/intra-node/still.svg")
    assert still.content != client.get("/j/intra-node/still.svg?break=dead-pod").content


def test_the_page_of_a_step_shows_its_packet_before_any_script_ran(client: TestClient) -> None:
    page = client.get("/j/overlay/wrap").text
    assert 'class="token main"' in page
    assert "Beat 5 of" in page


def test_without_scripts_the_whole_journey_can_be_read(client: TestClient) -> None:
    page = client.get("/j/intra-node?transcript=whole").text
    assert (
        page.count('<li id="step-')
        == int(client.get("/api/journeys/intra-node").json()["steps"][-1]["seq"]) + 1
    )


def test_the_same_address_gives_the_same_page_to_the_byte(client: TestClient) -> None:
    assert client.get("/j/service/40").content == client.get("/j/service/40").content


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/j/nowhere", 404, "no journey called"),
        ("/j/..%2f..%2fetc%2fpasswd", 404, "Where to go on"),
        ("/j/%00", 404, "Where to go on"),
        ("/j/pod/99999", 422, "its last one"),
        ("/j/pod/-1", 422, "neither a step"),
        ("/j/pod/<script>alert(1)<%2fscript>", 404, "Where to go on"),
        ("/j/pod/no-such-beat", 422, "neither a step"),
        ("/j/service?backend=nonsense", 422, "backend is one of"),
        ("/j/service?colour=red", 422, "is no setting of this journey"),
        ("/j/routed?break=nonsense", 422, "break is one of"),
        ("/j/routed?fabric=l2&break=no-route", 422, "only with fabric=cloud"),
        ("/j/service?seed=x", 422, "seed must be"),
        ("/j/service?grain=atoms", 422, "grain is one of"),
        ("/j/pod/steps/0/netns/node9", 404, "no namespace"),
        ("/j/pod/steps/99999/netns/node1", 404, "ends with step"),
        ("/j/pod/steps/x/netns/node1", 422, "seq"),
        ("/nothing/here", 404, "Where to go on"),
    ],
)
def test_a_question_that_makes_no_sense_gets_a_clear_answer(
    client: TestClient, path: str, status: int, says: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert says in answer.text
    assert "<script>alert" not in answer.text
    assert "Traceback" not in answer.text


def test_a_step_that_does_not_exist_is_answered_with_the_nearest(client: TestClient) -> None:
    last = client.get("/api/journeys/pod").json()["steps"][-1]["seq"]
    assert f'data-at="{last}"' in client.get("/j/pod/99999").text


def test_what_was_written_in_the_address_is_never_markup(client: TestClient) -> None:
    evil = "<img src=x onerror=alert(1)>"
    for path in (f"/j/service?{evil}=1", f"/j/service?backend={evil}", f"/j/{evil}", f"/j/pod/{evil}"):
        assert "<img src=x" not in client.get(path).text


def test_other_methods_are_refused(client: TestClient) -> None:
    assert client.post("/j/pod").status_code == 405


def test_static_files_are_cached_for_ever_under_an_address_that_names_their_content(
    client: TestClient,
) -> None:
    page = client.get("/j/pod").text
    url = page.split('src="')[1].split('"')[0]
    answer = client.get(url)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in answer.headers["content-type"]
    assert "max-age" not in client.get(url.replace("main.js", "none.js")).headers.get("cache-control", "")


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
