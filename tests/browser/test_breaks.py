"""Breaking it and mending it in a real browser, with scripts and without, at a desk, on a phone and in a hall."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import breakages
from tests.breakages import Breakage
from tests.browser.test_access import violations  # noqa: F401  # a fixture
from tests.browser.test_layout import HIDDEN, OVERLAPS, READY, SIZES, open_sized

LONG = "/j/routed?break=rp-filter"


def test_it_is_broken_by_one_choice_and_mended_by_one_link(page: Page) -> None:
    page.goto("/j/routed")
    page.select_option("[name=break]", "no-route-in-cloud")
    page.click(".settings button")
    page.wait_for_function(READY)
    assert page.url.endswith("/j/routed?break=no-route-in-cloud")
    expect(page.locator(".broken")).to_contain_text("cloud# ip route del 10.244.2.0/24")
    page.keyboard.press("End")
    expect(page.locator("#scene .tomb").first).to_be_attached()
    page.click(".mend")
    page.wait_for_function(READY)
    assert page.url.endswith("/j/routed")
    expect(page.locator(".broken")).to_have_count(0)


def test_a_place_in_a_broken_journey_has_an_address_and_tables_of_the_broken_world(page: Page) -> None:
    page.goto("/j/routed/30?break=no-route-in-cloud")
    page.wait_for_function(READY)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.url.endswith("?break=no-route-in-cloud")
    page.click("#tab-device")
    page.click("[data-inspect=cloud]")
    expect(page.locator("#tables h2")).to_have_text("cloud")
    routes = page.locator("#tables section", has_text="ip route").first
    expect(routes).to_contain_text("10.244.1.0/24")
    expect(routes).not_to_contain_text("10.244.2.0/24")


def test_no_script_is_needed(browser: Browser, server_url: str) -> None:
    context = browser.new_context(base_url=server_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/j/intra-node")
    page.select_option("[name=break]", "dead-pod")
    page.click(".settings button")
    expect(page.locator(".broken")).to_contain_text("node1# ip link del vethyyy")
    page.click(".mend")
    expect(page.locator(".broken")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_broken_fits_every_screen_and_leaves_room_for_the_picture(page: Page, size: str) -> None:
    open_sized(page, size, LONG)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    told, stage = page.locator(".broken").bounding_box(), page.locator("#stage").bounding_box()
    assert told and stage
    assert told["height"] <= 0.24 * SIZES[size][1]
    assert stage["height"] >= min(330, 0.4 * SIZES[size][1])


def test_the_link_that_mends_it_needs_no_line_of_its_own(page: Page) -> None:
    open_sized(page, "desk", "/j/overlay?break=no-fdb")
    told, typed = page.locator(".broken .mend").bounding_box(), page.locator(".broken pre").bounding_box()
    assert told and typed
    assert abs(told["y"] - typed["y"]) < typed["height"] / 2


@pytest.mark.parametrize("own", breakages.once(), ids=str)
def test_the_picture_of_a_broken_world_can_be_read_at_every_beat(page: Page, own: Breakage) -> None:
    open_sized(page, "desk", f"/j/{own.slug}?{own.query}")
    assert page.evaluate(OVERLAPS) == []
    for beat in page.locator(".beat").all():
        beat.click()
        assert page.evaluate(HIDDEN) == [], f"at {page.url}"


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_broken_page_is_accessible(page: Page, violations: object, size: str) -> None:  # noqa: F811
    open_sized(page, size, LONG)
    assert callable(violations)
    assert violations(page) == []
