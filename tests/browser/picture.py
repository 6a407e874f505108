"""Makes the picture of the README: `make picture`.  Not a test of the suite; it only borrows its server and browser."""

from pathlib import Path

from playwright.sync_api import Page

from app.scenario.load import load
from app.simulate import simulate

PICTURE = Path(__file__).parents[2] / "static" / "pictures" / "player.png"


def test_take_the_picture_of_the_readme(page: Page, server_url: str) -> None:
    wrap = next(beat.first for beat in simulate(load("overlay")).beats if beat.spec.id == "wrap")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server_url}/j/overlay/{wrap}", wait_until="networkidle")
    page.wait_for_selector(".capsule.tunnel")
    PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=PICTURE)
