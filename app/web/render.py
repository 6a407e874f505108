"""Templates: found beside the program, escaped always, and strict about names."""

from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.diagram.paths import svg
from app.resources import folder
from app.web import drawing
from app.web.assets import digest
from app.web.contexts import Context

FRAMES = ("node", "root", "child", "cloud", "host", "balancer", "switch")
BARS = ("bridge", "tooth")


@lru_cache(maxsize=1)
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(folder("templates")), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    prefix = f"/static/{digest(folder('static'))}"
    env.globals |= helpers(prefix)
    return env


def helpers(prefix: str) -> dict[str, Any]:
    """Names that every template knows besides its context."""
    outlines = {
        name: getattr(drawing, name) for name in ("cloud", "hexagon", "gate", "globe", "funnel", "bird")
    }
    return {"asset": lambda name: f"{prefix}/{name}", "path": svg, "FRAMES": FRAMES, "BARS": BARS, **outlines}


def render(context: Context) -> str:
    fields = {field: getattr(context, field) for field in type(context).__struct_fields__}
    return environment().get_template(context.TEMPLATE).render(fields)


def markup(context: Context) -> Markup:
    """Rendered and therefore safe to put into another template."""
    return Markup(render(context))


__all__ = ["environment", "markup", "render"]
