"""What all commands have in common: words, options, and two ways not to be carried out."""

import re
from collections.abc import Iterable

from app.kernel.device import Device
from app.kernel.netns import Netns
from app.wire.addr import Mac


class UnknownCommand(ValueError):
    """A command line, or an option of one, that this program cannot interpret."""


class CommandRefused(ValueError):
    """The real program would understand, and say no, in these words."""


def options(words: Iterable[str], *, valued: Iterable[str] = (), flags: Iterable[str] = ()) -> dict[str, str]:
    """`mtu 1400 up` as a dict, in the order of writing; a flag stands for itself.  Raises UnknownCommand."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word in flags:
            found[word] = word
        elif word in valued:
            found[word] = next(rest, "")
            if not found[word]:
                raise UnknownCommand(f"{word!r} wants a value")
        else:
            raise UnknownCommand(f"{word!r} is none of {', '.join((*valued, *flags))}")
    return found


def device_of(netns: Netns, name: str) -> Device:
    """Raises CommandRefused as iproute2 does."""
    device = netns.config.devices.get(name)
    if device is None:
        raise CommandRefused(f'Cannot find device "{name}"')
    return device


def named(words: list[str]) -> tuple[str, list[str]]:
    """`[dev] DEV …`: the name, and the words behind it.  Raises UnknownCommand."""
    words = words[1:] if words[:1] == ["dev"] else words
    if not words:
        raise UnknownCommand("the name of a device is missing")
    return words[0], words[1:]


def whole(text: str) -> int:
    """A whole number.  Raises UnknownCommand."""
    if not text.isdecimal():
        raise UnknownCommand(f"{text!r} is no whole number")
    return int(text)


def mac(text: str) -> Mac:
    """A MAC in canonical form.  Raises CommandRefused."""
    octets = text.lower().split(":")
    if len(octets) != 6 or not all(re.fullmatch("[0-9a-f]{1,2}", octet) for octet in octets):
        raise CommandRefused(f'"{text}" is invalid lladdr.')
    return ":".join(octet.zfill(2) for octet in octets)
