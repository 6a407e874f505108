"""`packet-journeys check`"""

from argparse import Namespace

from app.cli.arguments import SCENARIO, Commands, Lines, command


def add(commands: Commands) -> None:
    checker = command(
        commands,
        "check",
        check,
        "Say what is wrong with a scenario file, what is ignored, what was decided.",
    )
    checker.add_argument("file", metavar="FILE", help=SCENARIO)


def check(asked: Namespace) -> Lines:
    from app.scenario.check import check as checked
    from app.simulate import broken_promises

    yield from checked(asked.file, broken_promises)
