"""The few features that the pages use of the vendored htmx, each proven under the strict content security policy.

The answers come from the test itself, so a failure here is htmx's (or the policy's), never the server's.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
ORIGIN = "http://vendor.test"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"

MAIN = "import htmx from './htmx.esm.min.js'; import './hx-sse.min.js'; window.version = htmx.version;"
STREAM = (
    "id: 0\ndata: <li id='step-0'>sent</li>\n\n"
    "id: 1\ndata: <li id='step-1'>received</li>\n\n"
    "event: outcome\ndata: delivered\n\n"
    "event: end\ndata: \n\n"
)
PAGE = """<!doctype html><title>vendor</title><script type="module" src="/main.js"></script>
<ol hx-sse:connect="/stream" hx-sse:close="end" hx-swap="beforeend"></ol>
<button hx-get="/tables" hx-target="#tables">Tables</button><div id="tables"></div>"""
ANSWERS = {
    "/": (PAGE, "text/html"),
    "/main.js": (MAIN, "text/javascript"),
    "/stream": (STREAM, "text/event-stream"),
    "/tables": ("<table><tr><td>10.0.1.2</table>", "text/html"),
    **{
        f"/{path.name}": (path.read_text(encoding="utf-8"), "text/javascript") for path in VENDOR.glob("*.js")
    },
}


@pytest.fixture
def asked() -> list[str]:
    """The paths that the page asked for, in order."""
    return []


@pytest.fixture
def site(browser: Browser, asked: list[str]) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        asked.append(path)
        body, kind = ANSWERS.get(path, ("", "text/plain"))
        route.fulfill(body=body, content_type=kind, headers={"Content-Security-Policy": POLICY})

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/")
    yield page
    page.close()
    assert not complaints, "the page complained:\n" + "\n".join(complaints)


def test_one_module_starts_htmx_and_its_extension(site: Page) -> None:
    assert site.evaluate("window.version") == "4.0.1"


def test_each_event_of_a_stream_is_appended_once_and_in_order(site: Page) -> None:
    expect(site.locator("ol > li")).to_have_text(["sent", "received"])


def test_the_closing_event_ends_the_stream_for_good(site: Page, asked: list[str]) -> None:
    """Without `hx-sse:close` htmx would connect again after half a second, for ever."""
    site.wait_for_function("document.querySelector('ol')._htmx && !document.querySelector('ol')._htmx.sse")
    expect(site.locator("ol > li")).to_have_count(2)
    assert asked.count("/stream") == 1


def test_a_named_event_reaches_the_scripts_and_changes_no_markup(site: Page) -> None:
    """Asked on a fresh list, because the first stream may be over before a listener is there."""
    site.evaluate(
        """() => {
            const list = document.querySelector("ol").cloneNode(false);
            list.addEventListener("outcome", (event) => { window.heard = event.detail.data; });
            document.querySelector("ol").replaceWith(list);
            window.htmx.process(list);
        }"""
    )
    site.wait_for_function("window.heard === 'delivered'")
    expect(site.get_by_text("delivered")).to_have_count(0)


def test_a_click_fetches_a_part_into_its_target(site: Page) -> None:
    site.get_by_role("button", name="Tables").click()
    expect(site.locator("#tables td")).to_have_text("10.0.1.2")
