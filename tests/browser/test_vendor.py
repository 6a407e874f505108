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

MAIN = "import htmx from './htmx.esm.min.js'; window.version = htmx.version;"
PAGE = """<!doctype html><title>vendor</title><script type="module" src="/main.js"></script>
<button hx-get="/tables" hx-target="#tables">Tables</button><div id="tables"></div>"""
ANSWERS = {
    "/": (PAGE, "text/html"),
    "/main.js": (MAIN, "text/javascript"),
    "/tables": ("<table><tr><td>10.0.1.2</table>", "text/html"),
    **{
        f"/{path.name}": (path.read_text(encoding="utf-8"), "text/javascript") for path in VENDOR.glob("*.js")
    },
}


@pytest.fixture
def site(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        body, kind = ANSWERS.get(path, ("", "text/plain"))
        route.fulfill(body=body, content_type=kind, headers={"Content-Security-Policy": POLICY})

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/")
    yield page
    page.close()
    assert not complaints, "the page complained:\n" + "\n".join(complaints)


def test_a_module_starts_htmx(site: Page) -> None:
    assert site.evaluate("window.version") == "4.0.1"


def test_a_click_fetches_a_part_into_its_target(site: Page) -> None:
    site.get_by_role("button", name="Tables").click()
    expect(site.locator("#tables td")).to_have_text("10.0.1.2")
