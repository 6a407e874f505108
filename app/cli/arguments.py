"""What a word of the command line must be."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from collections.abc import Callable, Iterator
from typing import TypeAlias, get_args

from app.scenario.names import Protocol

SCENARIO = "a built-in name, a path, or - for standard input"
Lines: TypeAlias = Iterator[str]
Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def command(commands: Commands, name: str, does: Callable[[Namespace], Lines], help: str) -> ArgumentParser:
    """A command of the program: `does` yields the lines it prints."""
    made = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
    made.set_defaults(does=does)
    return made


def add_journey(parser: ArgumentParser) -> None:
    """SCENARIO, its settings, and another probe in place of its own."""
    parser.add_argument("scenario", metavar="SCENARIO", help=SCENARIO)
    add_choices(parser)
    parser.add_argument("--from", dest="from_", metavar="W", help="who sends: pod/NAME, node/NAME, host/NAME")
    parser.add_argument(
        "--to", metavar="W", help="to whom: the same, svc/NAME:PORT, IP:PORT, http://HOST/PATH"
    )
    parser.add_argument("--protocol", choices=get_args(Protocol))


def add_choices(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--set", type=pair, action="append", default=[], metavar="K=V", help="a setting; repeatable"
    )


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ArgumentTypeError(f"expected NAME=VALUE, not {text!r}")
    return name, value


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"expected a whole number, not {text!r}")
    return int(text)


def port(text: str) -> int:
    if whole(text) > 65535:
        raise ArgumentTypeError(f"expected a port from 0 to 65535, not {text!r}")
    return int(text)
