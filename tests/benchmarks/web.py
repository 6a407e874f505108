"""Streams and pages of the product beside bare Starlette (G14, G16, G19, G20).

The floor streams as many events as the journey has steps, and has them rendered before it is asked. A seed that nobody
has asked for yet makes the server compute the journey; the same address again takes a kept one, and so does the stream of
every page, because the page itself was written from the journey just before.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from itertools import count, repeat

from playwright.sync_api import Page, sync_playwright

from app.scenario.load import load
from app.simulate import simulate
from tests.benchmarks import client, pages
from tests.benchmarks.engine import PROGRAM
from tests.benchmarks.harness import Ratio, Side, compare
from tests.browser.conftest import ARGUMENTS, chromium

SLUG = "service"
CONNECTION_ROUNDS = 100


def measure() -> Iterator[tuple[str, Ratio]]:
    steps = len(simulate(load(SLUG)).steps)
    floor_command = [sys.executable, "-m", "tests.benchmarks.floor_web", str(steps)]
    with client.served(str(PROGRAM), "serve", "--port") as product, client.served(*floor_command) as floor:
        yield from streams(product, floor, f"/j/{SLUG}/stream")
        yield from visits(f"http://127.0.0.1:{product}/j/{SLUG}", f"http://127.0.0.1:{floor}/", steps)


def streams(product: int, floor: int, path: str) -> Iterator[tuple[str, Ratio]]:
    fresh = (f"{path}?seed={seed}" for seed in count(1))

    def rate(port: int, paths: Iterator[str]) -> Side:
        return lambda: asyncio.run(client.throughput(port, paths))

    bare = rate(floor, repeat("/stream"))
    yield "G14", compare(rate(product, fresh), bare)
    yield "G14 kept", compare(rate(product, repeat(path)), bare)

    def waited(port: int, paths: Iterator[str], index: int) -> Side:
        return lambda: client.first_and_last(port, next(paths))[index]

    for index, name in enumerate(["G16 first", "G16 last"]):
        floor_side = waited(floor, repeat("/stream"), index)
        yield name, compare(waited(product, fresh, index), floor_side, CONNECTION_ROUNDS)
        yield f"{name} kept", compare(waited(product, repeat(path), index), floor_side, CONNECTION_ROUNDS)


def visits(product: str, floor: str, steps: int) -> Iterator[tuple[str, Ratio]]:
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS + sandbox)
        page = browser.new_page()

        def both(wait: Callable[[Page, str], float]) -> Ratio:
            return compare(lambda: wait(page, product), lambda: wait(page, floor))

        yield "G19 paint", both(pages.first_contentful_paint)
        yield "G19 ready", both(pages.content_loaded)
        yield "G20", both(lambda page, url: pages.rows_painted(page, url, steps))
        browser.close()
