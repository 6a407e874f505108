"""Accessible from the first page: axe finds nothing, and the keyboard reaches everything."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

READY = "() => performance.getEntriesByName('journey-ready').length > 0"
RUN = """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}))
    .violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`)"""


@pytest.fixture
def violations(axe: str, complaints: list[str]) -> Callable[[Page], Any]:
    """What axe finds.  It tries out inline styles, which the policy refuses and the console notes: that is no complaint."""

    def run(page: Page) -> Any:
        assert not [text for text in complaints if "status of 4" not in text]
        page.evaluate(axe)
        found = page.evaluate(RUN)
        complaints.clear()
        return found

    return run


@pytest.mark.parametrize("path", ["/", "/j/nowhere", "/j/pigeon?transcript=whole", "/j/pigeon?colour=red"])
def test_pages_without_a_player(page: Page, violations: Callable[[Page], Any], path: str) -> None:
    page.goto(path)
    assert violations(page) == []


@pytest.mark.parametrize("size", [(1440, 900), (360, 800), (1920, 1080)])
@pytest.mark.parametrize("address", ["/j/intra-node", "/j/pigeon/40"])
def test_the_player(
    page: Page, violations: Callable[[Page], Any], size: tuple[int, int], address: str
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(address)
    page.wait_for_function(READY)
    assert violations(page) == []


@pytest.mark.parametrize("tab", ["device", "steps"])
def test_the_inspector(page: Page, violations: Callable[[Page], Any], tab: str) -> None:
    page.goto("/j/intra-node/flood")
    page.wait_for_function(READY)
    page.click(f"#tab-{tab}")
    if tab == "device":
        page.click("[data-inspect=node1]")
        expect(page.locator("#tables h2")).to_have_text("node1")
    assert violations(page) == []


def test_every_control_is_reached_by_tab_and_shows_that_it_is(page: Page) -> None:
    page.goto("/j/service")
    page.wait_for_function(READY)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.id || document.activeElement.name || ''"))
    assert {
        "first",
        "back",
        "play",
        "next",
        "last",
        "keep",
        "speed",
        "scrub",
        "grain",
        "tab-packet",
    } <= reached


def test_tabs_are_moved_through_by_arrows(page: Page) -> None:
    page.goto("/j/service")
    page.wait_for_function(READY)
    page.focus("#tab-packet")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-device")).to_be_focused()
    expect(page.locator("#pane-device")).to_be_visible()
    assert page.input_value("#scrub") == "0"


def test_escape_closes_what_the_badge_says(page: Page) -> None:
    page.goto("/j/overlay")
    page.wait_for_function(READY)
    page.click(".checked summary")
    expect(page.locator(".checked pre")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".checked pre")).to_be_hidden()
    expect(page.locator(".checked summary")).to_be_focused()
