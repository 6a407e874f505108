"""A real server in its own process and a real Chromium, started once for all browser tests of a worker."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("packet-journeys")
PATIENCE = 30  # seconds a start may take on a busy machine
DESK: ViewportSize = {"width": 1280, "height": 800}
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def is_browser_test(item: pytest.Item) -> bool:
    return HERE in item.path.parents


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is a browser test."""
    for item in items:
        if is_browser_test(item):
            item.add_marker(pytest.mark.browser)


# Playwright's event loop counts as running from launch to close. Between browser tests it is put aside, or any other
# test of the same process that calls `asyncio.run` would fail.
LOOP = pytest.StashKey[asyncio.AbstractEventLoop | None]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    if not is_browser_test(item):
        return (yield)
    stash = item.session.stash
    asyncio._set_running_loop(stash.get(LOOP, None))
    try:
        return (yield)
    finally:
        stash[LOOP] = asyncio._get_running_loop()
        asyncio._set_running_loop(None)


def chromium() -> str | None:
    """The browser to drive: `$CHROMIUM`, Chromium, Chrome, or the one that Playwright would fetch by itself."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found:
        return found
    with sync_playwright() as playwright:
        bundled = playwright.chromium.executable_path
    return bundled if Path(bundled).exists() else None


def answers(url: str) -> bool:
    with contextlib.suppress(URLError, ConnectionError), urlopen(url, timeout=PATIENCE) as response:
        return bool(response.status == 200)
    return False


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of `packet-journeys serve` on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [str(PROGRAM), "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(PATIENCE * 20):
            if answers(f"{url}/healthz"):
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(
                    f"{' '.join(command)} ended with {server.wait(timeout=1 / 20)} before it answered"
                )
        else:
            server.kill()
            pytest.fail(f"{' '.join(command)} did not answer within {PATIENCE} s")
        yield url
        server.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one the tests skip, or fail where `REQUIRE_BROWSER=1`."""
    path = chromium()
    if path is None:
        refuse = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
        refuse("no Chromium found: install `chromium`, or point $CHROMIUM at one")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS + sandbox)
        loop = asyncio.get_running_loop()
        yield launched
        asyncio._set_running_loop(loop)
        launched.close()


@pytest.fixture(scope="session")
def context(browser: Browser, server_url: str) -> BrowserContext:
    """The context that `page` lives in; for other settings call `browser.new_context(base_url=server_url, ...)`."""
    return browser.new_context(base_url=server_url, viewport=DESK, locale="en-GB")


@pytest.fixture(scope="session")
def shared_page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def complaints(shared_page: Page) -> Iterator[list[str]]:
    """Errors on the page's console (CSP violations too) and uncaught exceptions; a test that expects some clears it."""
    heard: list[str] = []

    def on_console(message: Any) -> None:
        if message.type == "error":
            heard.append(message.text)

    def on_error(error: Any) -> None:
        heard.append(str(error))

    shared_page.on("console", on_console)
    shared_page.on("pageerror", on_error)
    yield heard
    shared_page.remove_listener("console", on_console)
    shared_page.remove_listener("pageerror", on_error)


@pytest.fixture
def page(shared_page: Page, complaints: list[str]) -> Iterator[Page]:
    """One page for all tests, blank at the start of each; a test fails when its page complained."""
    yield shared_page
    shared_page.unroute_all()
    shared_page.goto("about:blank")
    shared_page.context.clear_cookies()
    shared_page.emulate_media(media="null", reduced_motion="null", color_scheme="null")
    shared_page.set_viewport_size(DESK)
    assert not complaints, "the page complained:\n" + "\n".join(complaints)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, for `page.evaluate`."""
    return (HERE / "vendor" / "axe.min.js").read_text(encoding="utf-8")
