"""What a visit costs: octets as gzip would send them."""

import gzip

from starlette.testclient import TestClient

from app.resources import folder

STATIC = folder("static")


def zipped(*patterns: str) -> int:
    files = [path for pattern in patterns for path in STATIC.glob(pattern)]
    assert files, f"nothing matches {patterns}"
    return sum(len(gzip.compress(path.read_bytes())) for path in files)


def test_the_players_own_scripts_are_small() -> None:
    assert zipped("*.js") <= 40_000


def test_scripts_with_htmx_and_styles_are_small() -> None:
    assert zipped("*.js", "vendor/*.js") <= 60_000
    assert zipped("css/*.css") <= 20_000


def test_a_journey_is_small(client: TestClient) -> None:
    assert len(gzip.compress(client.get("/j/service/stream").content)) <= 60_000
