"""Static files under an address that holds a hash of them all: cached for ever, and never stale."""

import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.resources import folder

FOR_EVER = "public, max-age=31536000, immutable"


def digest(root: Path) -> str:
    """Changes when any file does.  One for all, because ES modules name each other by relative addresses."""
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(root)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:12]


class Assets(StaticFiles):
    """`/static/{hash}/main.js`"""

    def __init__(self) -> None:
        root = folder("static")
        super().__init__(directory=root)
        self.prefix = f"/static/{digest(root)}"

    def url(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = FOR_EVER
        return response
