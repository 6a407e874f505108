"""The one way in: a built-in slug, a path or `-` becomes a Scenario, or a ScenarioError that says all that is wrong."""

import re
import sys
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from app.resources import folder
from app.scenario.assemble import Override, Source, scenario
from app.scenario.faults import Fault, ScenarioError, listing
from app.scenario.model import Scenario
from app.scenario.yaml_source import MAX_BYTES, documents, read

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FILE_NAME = re.compile(rf"([0-9]{{2}})-({SLUG.pattern})[.]yaml")


def slugs() -> tuple[str, ...]:
    """The built-in scenarios in the order of the story."""
    return tuple(builtin_files())


def builtin_files() -> dict[str, Path]:
    found = ((FILE_NAME.fullmatch(path.name), path) for path in sorted(folder("scenarios").glob("*.yaml")))
    return {match[2]: path for match, path in found if match}


def load(
    source: str,
    settings: Mapping[str, str] | None = None,
    override: Override | None = None,
    breaks: Collection[str] = (),
) -> Scenario:
    """SCENARIO of the command line: a slug, a path, or `-` for standard input.  Raises ScenarioError."""
    return scenario(opened(source), settings, override, breaks)


def opened(source: str) -> Source:
    """The file behind a slug, a path, or `-`, read and parsed.  Raises ScenarioError."""
    if SLUG.fullmatch(source):
        return opened_builtin(source)
    if source == "-":
        return parse(sys.stdin.buffer.read(MAX_BYTES + 1), "-", "stdin")
    return parse(read(Path(source), source), source, Path(source).stem)


def load_builtin(
    slug: str,
    settings: Mapping[str, str] | None = None,
    override: Override | None = None,
    breaks: Collection[str] = (),
) -> Scenario:
    """Only a built-in scenario: what the web server may open.  Raises ScenarioError."""
    return scenario(opened_builtin(slug), settings, override, breaks)


def opened_builtin(slug: str) -> Source:
    path = builtin_files().get(slug)
    if path is None:
        raise ScenarioError(
            [Fault(slug, None, "scenario", f"there is none of this name, expected one of {listing(slugs())}")]
        )
    return builtin_source(slug, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def builtin_source(slug: str, path: Path, _changed: int) -> Source:
    """Parsed once for as long as the file does not change."""
    file = f"scenarios/{path.name}"
    return replace(parse(read(path, file), file, slug), number=int(path.name[:2]))


def parse(data: bytes, file: str, slug: str) -> Source:
    """The octets of a file as located values.  Raises ScenarioError."""
    return Source(file, slug, 0, tuple(documents(data, file)))
