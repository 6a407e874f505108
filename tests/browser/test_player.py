"""The player in a real browser: it plays, it is stepped, and every road to a position leads to the same page."""

import re

import pytest
from playwright.sync_api import Page, expect

READY = "() => performance.getEntriesByName('journey-ready').length > 0"

# What a reader can see, without what only tells how it was reached.
SEEN = """() => {
    const copy = document.body.cloneNode(true);
    copy.querySelectorAll("noscript, #live, #tables, [id=transcript] li:not([aria-current])").forEach((e) => e.remove());
    return copy.innerHTML + document.querySelector("#scrub").value;
}"""


def open_at(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function(READY)


def position(page: Page) -> int:
    return int(page.input_value("#scrub"))


def press(page: Page, key: str, times: int = 1) -> None:
    for _ in range(times):
        page.keyboard.press(key)


def next_stop(page: Page) -> None:
    """Next plays; pressed again it finishes at once."""
    before = position(page)
    page.evaluate(
        """() => {
            document.querySelector("#next").click();
            if (document.querySelector("[data-running]")) document.querySelector("#next").click();
        }"""
    )
    assert position(page) > before


@pytest.fixture
def player(page: Page) -> Page:
    open_at(page, "/j/intra-node")
    return page


def test_play_moves_the_packet_and_stops_at_the_end_of_the_beat(player: Page) -> None:
    player.click("#play")
    expect(player.locator("#player")).to_have_attribute("data-running", "")
    expect(player.locator("#player")).not_to_have_attribute("data-running", "", timeout=15_000)
    last = int(player.locator(".beat").first.get_attribute("data-last") or "")
    assert position(player) == last
    assert player.url.endswith(f"/j/intra-node/{last}")


def test_while_it_plays_the_capsule_is_under_way(player: Page) -> None:
    player.click("#play")
    player.wait_for_function("() => document.querySelector('#scene .token')?.getAnimations().length > 0")
    places = player.evaluate(
        """async () => {
            const seen = new Set();
            while (document.querySelector("[data-running]")) {
                const box = document.querySelector("#scene .token.main")?.getBoundingClientRect();
                if (box) seen.add(`${Math.round(box.x)} ${Math.round(box.y)}`);
                await new Promise(requestAnimationFrame);
            }
            return seen.size;
        }"""
    )
    assert places > 10, f"the capsule was seen at {places} places only"


def test_pause_holds_it_and_play_goes_on(player: Page) -> None:
    player.select_option("#speed", "0.25")
    player.click("#play")
    player.wait_for_function("() => document.querySelector('#scene .token')?.getAnimations().length > 0")
    player.click("#play")
    held = player.evaluate("() => document.querySelector('#scene .token')?.getAnimations()[0].currentTime")
    expect(player.locator("#play-word")).to_have_text("Play")
    frames = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    player.evaluate(frames)
    assert (
        player.evaluate("() => document.querySelector('#scene .token')?.getAnimations()[0].currentTime")
        == held
    )
    player.select_option("#speed", "2")
    player.click("#play")
    expect(player.locator("#player")).not_to_have_attribute("data-running", "", timeout=15_000)


def test_keep_playing_goes_through_to_the_end(page: Page) -> None:
    open_at(page, "/j/pigeon")
    page.select_option("#speed", "2")
    page.click("#keep")
    page.click("#play")
    last = page.get_attribute("#scrub", "max") or ""
    expect(page.locator("#scrub")).to_have_value(last, timeout=60_000)


def test_keys_step_through_the_journey(player: Page) -> None:
    press(player, "End")
    assert position(player) == int(player.get_attribute("#scrub", "max") or "")
    press(player, "Home")
    assert position(player) == 0
    press(player, "Shift+ArrowRight", 3)
    assert position(player) == 3
    press(player, "Shift+ArrowLeft")
    assert position(player) == 2
    press(player, "PageDown", 2)
    assert position(player) == int(player.locator(".beat").first.get_attribute("data-last") or "")
    press(player, ".")
    press(player, "PageUp")
    assert position(player) == 0


def test_grains_stop_where_they_should(player: Page) -> None:
    player.check("[name=grain][value=steps]", force=True)
    next_stop(player)
    assert position(player) == 1
    assert "grain=steps" in player.url
    player.check("[name=grain][value=beats]", force=True)
    next_stop(player)
    assert position(player) == int(player.locator(".beat").first.get_attribute("data-last") or "")
    assert "grain" not in player.url


def test_a_beat_of_the_timeline_is_a_jump_that_back_undoes(player: Page) -> None:
    player.locator(".beat").nth(3).click()
    there = position(player)
    player.locator(".beat").nth(1).click()
    player.go_back()
    player.wait_for_function(f"() => document.querySelector('#scrub').value === '{there}'")


@pytest.mark.parametrize("slug", ["intra-node", "overlay", "service"])
def test_every_road_to_a_position_leads_to_the_same_page(page: Page, slug: str) -> None:
    open_at(page, f"/j/{slug}")
    stops = [int(beat.get_attribute("data-last") or "") for beat in page.locator(".beat").all()]
    chosen = stops[1:-1:3]
    by_next = {}
    for stop in stops:
        next_stop(page)
        assert position(page) == stop
        by_next[stop] = page.evaluate(SEEN)
    by_back = {}
    for stop in reversed(stops[:-1]):
        press(page, "ArrowLeft")
        assert position(page) == stop
        by_back[stop] = page.evaluate(SEEN)
    for stop in chosen:
        page.fill("#scrub", str(stop))
        scrubbed = page.evaluate(SEEN)
        page.reload()
        page.wait_for_function(READY)
        reloaded = page.evaluate(SEEN)
        open_at(page, f"/j/{slug}/{stop}")
        linked = page.evaluate(SEEN)
        assert by_next[stop] == by_back[stop] == scrubbed == reloaded == linked, (
            f"step {stop} of {slug} differs"
        )


def test_the_page_shows_the_step_before_the_stream_has_come(page: Page, complaints: list[str]) -> None:
    """A stream that never comes changes nothing of the picture that was asked for."""
    page.route("**/stream*", lambda route: route.abort())
    page.goto("/j/overlay/wrap", wait_until="load")
    expect(page.locator("#scene .token.main .capsule")).to_be_visible()
    expect(page.locator("#play")).to_have_attribute("aria-disabled", "true")
    page.click("#next", force=True)
    assert page.url.endswith("/j/overlay/wrap")
    page.unroute_all()
    complaints.clear()  # of the stream that was cut


def test_a_drawn_still_is_what_the_player_paints(page: Page, complaints: list[str]) -> None:
    page.route("**/stream*", lambda route: route.abort())
    page.goto("/j/overlay/wrap", wait_until="load")
    shape = "() => document.querySelector('#scene').outerHTML"
    drawn = page.evaluate(shape)
    page.unroute_all()
    complaints.clear()  # of the stream that was cut
    open_at(page, "/j/overlay/wrap")
    painted = page.evaluate(shape)
    tokens = re.compile(r'<g class="token main".*?</foreignObject></g>', re.DOTALL)
    assert tokens.findall(painted) == tokens.findall(drawn)


def test_a_device_in_the_picture_opens_its_tables_with_the_row_that_decided(page: Page) -> None:
    open_at(page, "/j/service/rules")
    hooks = page.locator("li.step[data-event=HookPassed][data-netns=node1]").first.get_attribute("data-seq")
    open_at(page, f"/j/service/{hooks}")
    page.click('[data-id="node1#hooks"]')
    expect(page.locator("#tables h2")).to_have_text("node1")
    expect(page.locator("#tables .decided").first).to_contain_text("KUBE-SERVICES")
    press(page, "End")
    expect(page.locator("#tables .decided")).to_have_count(0)


def test_a_setting_changes_the_journey(page: Page) -> None:
    open_at(page, "/j/service")
    page.select_option("[name=backend]", "none")
    page.click(".settings button")
    page.wait_for_function(READY)
    assert "backend=none" in page.url
    press(page, "End")
    expect(page.locator("#scene .tomb").first).to_be_attached()


def test_a_lost_network_stops_nothing_that_has_arrived(player: Page) -> None:
    player.context.set_offline(True)
    try:
        press(player, "End")
        press(player, "ArrowLeft")
        assert position(player) > 0
    finally:
        player.context.set_offline(False)


def test_with_reduced_motion_nothing_travels(player: Page) -> None:
    player.emulate_media(reduced_motion="reduce")
    player.click("#next")
    assert position(player) == int(player.locator(".beat").first.get_attribute("data-last") or "")
    moving = """() => document.getAnimations().flatMap((a) => a.effect.getKeyframes())
        .filter((frame) => "transform" in frame || "offsetDistance" in frame).length"""
    assert player.evaluate(moving) == 0


def test_one_sentence_is_announced_for_a_stop_and_none_while_scrubbing(player: Page) -> None:
    player.evaluate(
        """() => { window.said = []; new MutationObserver(() => window.said.push(document.querySelector("#live").textContent))
            .observe(document.querySelector("#live"), {childList: true}); }"""
    )
    player.evaluate(
        """() => { const scrub = document.querySelector("#scrub"); for (const value of [9, 20, 30]) {
            scrub.value = value; scrub.dispatchEvent(new Event("input")); } }"""
    )
    assert player.evaluate("() => window.said") == []
    press(player, "Home")
    said = player.evaluate("() => window.said")
    assert len(said) == 1
    assert len(said[0]) <= 140


def test_without_scripts_there_are_links_and_a_transcript(page: Page, server_url: str) -> None:
    assert page.context.browser is not None
    plain = page.context.browser.new_context(java_script_enabled=False, base_url=server_url)
    try:
        reader = plain.new_page()
        reader.goto("/j/intra-node/20")
        expect(reader.locator("#scene")).to_be_visible()
        reader.click("nav.plain >> text=Next")
        assert reader.url.endswith("/j/intra-node/21")
        reader.click("nav.plain >> text=Whole journey")
        assert reader.locator("li.step").count() > 50
    finally:
        plain.close()


def test_a_question_mark_opens_and_closes_the_list_of_keys(page: Page, server_url: str) -> None:
    page.goto(f"{server_url}/j/intra-node/10")
    page.wait_for_function("performance.getEntriesByName('journey-ready').length")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert page.locator("#player").get_attribute("data-at") == "10", (
        "keys moved the journey behind the dialog"
    )


def test_the_device_tab_opens_where_the_packet_is(page: Page, server_url: str) -> None:
    page.goto(f"{server_url}/j/intra-node/10")
    page.wait_for_function("performance.getEntriesByName('journey-ready').length")
    page.keyboard.press("d")
    expect(page.locator("#tables h2")).to_contain_text("node1")


def test_back_undoes_a_jump_from_an_address_without_a_step(page: Page, server_url: str) -> None:
    page.goto(f"{server_url}/j/intra-node")
    page.wait_for_function("performance.getEntriesByName('journey-ready').length")
    page.locator(".beat").nth(3).click()
    assert page.locator("#player").get_attribute("data-at") != "0"
    page.go_back()
    expect(page.locator("#player")).to_have_attribute("data-at", "0")


def test_tables_say_so_when_the_server_is_gone(page: Page, server_url: str, complaints: list[str]) -> None:
    page.goto(f"{server_url}/j/intra-node/10")
    page.wait_for_function("performance.getEntriesByName('journey-ready').length")
    page.keyboard.press("d")
    expect(page.locator("#tables h2")).to_contain_text("node1")
    page.route("**/steps/**", lambda route: route.abort())
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#tables")).to_contain_text("The server cannot be reached")
    complaints.clear()  # the browser itself logs a request that failed
