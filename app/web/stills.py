"""A picture that stands alone: as an image in a page it gets no style sheet from outside, so it carries one."""

from functools import lru_cache

from app.resources import folder


@lru_cache(maxsize=1)
def style() -> str:
    """The player's own style of pictures, and the colours that it names."""
    css = folder("static") / "css"
    return (css / "colours.css").read_text(encoding="utf-8") + (css / "scene.css").read_text(encoding="utf-8")


def standalone(svg: str) -> str:
    """The `<svg>` element with a namespace and its style."""
    begin = svg.index("<svg")
    head, body = svg[begin:].split(">", 1)
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{style()}</style>{body}'
