"""Nothing on a page that the policy would refuse, and the policy on every answer."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.resources import folder
from app.web.security import HEADERS

TEMPLATES = sorted(path for path in folder("templates").rglob("*") if path.is_file())
SCRIPTS = sorted(path for path in folder("static").glob("*.js"))
FORBIDDEN = {
    "a style attribute": r"\sstyle\s*=",
    "an inline handler": r"\son[a-z]+\s*=",
    "hx-on": r"hx-on",
    "a trigger filter": r"hx-trigger\s*=\s*[\"'][^\"']*\[",
    "javascript:": r"javascript:",
    "an address elsewhere": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
    "an inline style sheet": r"<style",
}


@pytest.mark.parametrize(
    "path", ["/", "/j/pod", "/j/pod/stream", "/j/nowhere", "/api/scenarios", "/api/nothing", "/healthz"]
)
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS


def test_an_answer_about_our_own_fault_carries_them_too_and_tells_nothing() -> None:
    def crash() -> None:
        raise RuntimeError("secret")

    app = create_app()
    app.add_api_route("/crash", crash)
    answer = TestClient(app, raise_server_exceptions=False).get("/crash")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Our fault" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_that_the_policy_refuses(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_evaluates_nothing_and_asks_nobody_else(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert not re.findall(r"\beval\(|new Function|import\(\s*[`\"']https?:|fetch\(\s*[`\"']https?:", text)


class Inline(HTMLParser):
    """Collects scripts with a body, and attributes that run or style."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", ["/", "/j/overlay/40", "/j/overlay?transcript=whole", "/j/nowhere"])
def test_a_page_as_sent_has_nothing_inline(client: TestClient, path: str) -> None:
    parser = Inline()
    parser.feed(client.get(path).text)
    assert not parser.found
