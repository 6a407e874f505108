"""What a person waits for, timed by the page itself in a real Chromium (G19, G20)."""

from playwright.sync_api import Page

# Resolves one frame after the last wanted row is in the document, so when it has been painted.
ROWS_PAINTED = """async (rows) => {
    const frame = () => new Promise(requestAnimationFrame);
    while (document.querySelectorAll("li[id^=step-]").length < rows) {
        if (performance.now() > 30000) throw new Error(`fewer than ${rows} steps after 30 s`);
        await frame();
    }
    await frame();
    return performance.now();
}"""

PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) resolve(entry.startTime);
}).observe({type: "paint", buffered: true}))"""

READY = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def first_contentful_paint(page: Page, url: str) -> float:
    """Milliseconds from the start of the navigation."""
    page.goto(url, wait_until="load")
    return float(page.evaluate(PAINT))


def content_loaded(page: Page, url: str) -> float:
    """Milliseconds from the start of the navigation to the end of DOMContentLoaded."""
    page.goto(url, wait_until="load")
    return float(page.evaluate(READY))


def rows_painted(page: Page, url: str, rows: int) -> float:
    """Milliseconds from the start of the navigation until that many steps stand on the page."""
    page.goto(url, wait_until="commit")
    return float(page.evaluate(ROWS_PAINTED, rows))
