"""The command line: `packet-journeys COMMAND`, one file for each command.

Exit 0: done, whatever the journey's outcome.  Exit 2: bad input, one line per fault with file, line, field and what was
expected.  Each command imports what it needs, so that a trace starts in a moment and never waits for the web.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from app.cli import catalogue, check, lab, serve, show, trace
from app.cli.arguments import Judged, Lines
from app.scenario.faults import ScenarioError

COMMANDS = {"serve": serve, "list": catalogue, "trace": trace, "show": show, "check": check, "lab": lab}


def parser() -> ArgumentParser:
    """Everything that can be said on the command line."""
    whole_program = ArgumentParser(
        "packet-journeys",
        description="Computed journeys of packets through Kubernetes networking.",
        allow_abbrev=False,
    )
    commands = whole_program.add_subparsers(metavar=" | ".join(COMMANDS), title="commands")
    for module in COMMANDS.values():
        module.add(commands)
    return whole_program


def run(words: Sequence[str]) -> int:
    """Do what the words say; the exit status."""
    asked = parser().parse_args(list(words) or ["serve"])
    if "does" not in asked:
        parser().error(f"expected one of {', '.join(COMMANDS)}")
    try:
        return printed(asked.does(asked))
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 2


def printed(lines: Lines | Judged) -> int:
    """Every line as soon as it is there: the lab takes its time."""
    while True:
        try:
            print(next(lines), flush=True)
        except StopIteration as end:
            return end.value or 0


def main() -> None:
    """Entry point of the installed program."""
    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
