"""Text on its way into HTML: everything goes through `safe`, which remembers what it has escaped."""

from functools import lru_cache
from typing import Any

from markupsafe import escape


@lru_cache(maxsize=16384)
def safe(text: str) -> str:
    """Escaped, and on one line, as a field of a server-sent event must be.  The same few thousand addresses and names come
    again and again; remembering them costs a fifth of escaping them."""
    return str(escape(" ".join(text.split()) if not text.isascii() or "\n" in text or "\r" in text else text))


def prompt(netns: str) -> str:
    """What a shell in this namespace shows: `pod1#`"""
    return f"{netns.rpartition('/')[2]}#"


def abridged(text: str, most: int) -> str:
    """What a datagram says may be as long as a datagram: its beginning, and how long it is."""
    return text if len(text) <= most else f"{text[: most // 2].strip()} … ({len(text)} bytes)"


def shown(value: Any) -> str:
    """A field's value as a reader sees it, not yet escaped."""
    if isinstance(value, str):
        return abridged(value, 200)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " ".join(f"{name}: {shown(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(shown, value))
    return str(value)
