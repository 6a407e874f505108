"""Desk, phone and hall: nothing scrolls sideways, nothing overlaps, everything can be read."""

import pytest
from playwright.sync_api import Page, expect

from app.scenario.load import slugs

READY = "() => performance.getEntriesByName('journey-ready').length > 0"
HAIRPIN = "/j/service?backend=self&break=no-hairpin"
SIZES = {
    "desk": (1440, 900),
    "laptop": (1280, 720),
    "tablet": (820, 1180),
    "phone": (360, 800),
    "hall": (1920, 1080),
}

# Pairs of labels in the picture whose letters cross: a quarter of a line is empty above and below them.
OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll("#scene text")].map((t) => [t.textContent, t.getBoundingClientRect()]);
    const cross = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom - a.height / 4, b.bottom - b.height / 4) - Math.max(a.top + a.height / 4, b.top + b.height / 4) > 0;
    return boxes.flatMap(([s, a], at) => boxes.slice(at + 1).filter(([, b]) => cross(a, b)).map(([t]) => `${s} / ${t}`));
}"""

# Does the resting capsule lie on the name of a device or of a machine?
HIDDEN = """() => {
    const capsule = document.querySelector("#scene .capsule")?.getBoundingClientRect();
    if (!capsule) return [];
    return [...document.querySelectorAll("#scene text.device, #scene text.name")].filter((text) => {
        const box = text.getBoundingClientRect();
        return Math.min(box.right, capsule.right) - Math.max(box.left, capsule.left) > 2
            && Math.min(box.bottom, capsule.bottom) - Math.max(box.top, capsule.top) > 4;
    }).map((text) => text.textContent);
}"""

SMALLEST = """() => Math.min(...[...document.querySelectorAll("#scene text, #scene .cell")].map((text) => {
    const svg = document.querySelector("#scene");
    return parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a;
}))"""


def open_sized(page: Page, size: str, address: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    page.wait_for_function(READY)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("address", ["/j/overlay/40", "/j/load-balancer/100", "/j/service/30", HAIRPIN])
def test_nothing_scrolls_sideways(page: Page, size: str, address: str) -> None:
    open_sized(page, size, address)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_the_header_says_break_it_and_no_part_of_it_lies_on_another(page: Page, size: str) -> None:
    open_sized(page, size, HAIRPIN)
    word = page.locator(".settings .break")
    assert float(word.evaluate("(label) => parseFloat(getComputedStyle(label).fontSize)")) >= 14
    crowded = (
        "(labels) => labels.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.textContent)"
    )
    assert page.locator(".settings label").evaluate_all(crowded) == []
    boxes = [
        box
        for part in page.locator(".top select, .top .button:visible, .crumb").all()
        if (box := part.bounding_box())
    ]
    for at, one in enumerate(boxes):
        assert one["width"] >= 60
        for other in boxes[at + 1 :]:
            apart = (
                one["y"] + one["height"] <= other["y"]
                or one["x"] + one["width"] <= other["x"]
                or other["x"] + other["width"] <= one["x"]
            )
            assert apart, f"{one} lies on {other}"


@pytest.mark.parametrize("size", SIZES)
def test_the_first_step_shows_the_question_and_the_last_one_how_it_ended(page: Page, size: str) -> None:
    open_sized(page, size, HAIRPIN)
    line, player = page.locator("#step-line"), page.locator("#player")
    expect(line).to_be_visible()
    expect(line).to_have_text(player.get_attribute("data-question") or "")
    page.keyboard.press("End")
    expect(line).to_have_text(player.get_attribute("data-outcome") or "")
    cut = line.evaluate("(it) => it.scrollWidth > it.clientWidth || it.scrollHeight > it.clientHeight + 2")
    assert not cut or size == "tablet", "the end of the sentence cannot be read"


def test_the_gallery_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", ["desk", "hall"])
@pytest.mark.parametrize("slug", slugs())
def test_no_label_lies_on_another(page: Page, size: str, slug: str) -> None:
    open_sized(page, size, f"/j/{slug}")
    assert page.evaluate(OVERLAPS) == []


@pytest.mark.parametrize("size", ["desk", "hall"])
@pytest.mark.parametrize("slug", slugs())
def test_the_capsule_hides_no_name_at_any_beat(page: Page, size: str, slug: str) -> None:
    open_sized(page, size, f"/j/{slug}")
    for beat in page.locator(".beat").all():
        beat.click()
        assert page.evaluate(HIDDEN) == [], f"at {page.url}"


@pytest.mark.parametrize(("size", "floor"), [("desk", 13), ("phone", 12.5), ("hall", 22)])
def test_words_in_the_picture_are_large_enough(page: Page, size: str, floor: float) -> None:
    open_sized(page, size, "/j/overlay/wrap")
    assert page.evaluate(SMALLEST) >= floor


@pytest.mark.parametrize("size", ["desk", "phone", "hall"])
def test_nothing_shifts_while_a_journey_plays(page: Page, size: str) -> None:
    open_sized(page, size, "/j/overlay")
    page.evaluate(
        """() => { window.shift = 0; new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shift += entry.value; }).observe({type: "layout-shift"}); }"""
    )
    for _ in range(page.locator(".beat").count()):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("() => window.shift") <= 0.001


def test_on_a_phone_the_camera_follows_the_packet(page: Page) -> None:
    open_sized(page, "phone", "/j/overlay")
    for beat in page.locator(".beat").all():
        beat.click(force=True)
        seen = page.evaluate(
            """() => {
                const window_ = document.querySelector("#stage").getBoundingClientRect();
                const spot = document.querySelector("#scene .spot").getBoundingClientRect();
                return spot.left >= window_.left - 60 && spot.right <= window_.right + 60
                    && spot.top >= window_.top - 1 && spot.bottom <= window_.bottom + 1
                    || spot.width > window_.width;
            }"""
        )
        assert seen, f"the packet is out of sight at {page.url}"
