"""What a word of the command line must be."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, TypeAlias, get_args

from app.scenario.names import Protocol

if TYPE_CHECKING:
    from app.scenario.model import Scenario

SCENARIO = "a built-in name, a path, or - for standard input"
Lines: TypeAlias = Generator[str, None, None]
"""What a command prints, line by line."""
Judged: TypeAlias = Generator[str, None, int]
"""The same; what it returns is its exit status."""
Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def command(
    commands: Commands, name: str, does: Callable[[Namespace], Lines | Judged], help: str
) -> ArgumentParser:
    """A command of the program: `does` yields the lines it prints."""
    made = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
    made.set_defaults(does=does)
    return made


def add_journey(parser: ArgumentParser, *, optional: bool = False) -> None:
    """SCENARIO, its settings, and another probe in place of its own."""
    parser.add_argument("scenario", metavar="SCENARIO", nargs="?" if optional else None, help=SCENARIO)
    add_choices(parser)
    parser.add_argument("--from", dest="from_", metavar="W", help="who sends: pod/NAME, node/NAME, host/NAME")
    parser.add_argument(
        "--to", metavar="W", help="to whom: the same, svc/NAME:PORT, IP:PORT, http://HOST/PATH"
    )
    parser.add_argument("--protocol", choices=get_args(Protocol))


def add_choices(parser: ArgumentParser) -> None:
    """Which state of the scenario: settings, and what is broken."""
    parser.add_argument(
        "--set", type=pair, action="append", default=[], metavar="K=V", help="a setting; repeatable"
    )
    parser.add_argument(
        "--break",
        dest="breaks",
        action="append",
        default=[],
        metavar="NAME",
        help="something broken; repeatable",
    )


def scenario_of(asked: Namespace) -> "Scenario":
    """What `add_journey` asked for.  Raises ScenarioError."""
    from app.scenario.assemble import Override
    from app.scenario.load import load

    override = Override(asked.from_, asked.to, asked.protocol)
    return load(asked.scenario, dict(asked.set), override, asked.breaks)


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
