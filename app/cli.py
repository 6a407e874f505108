"""The command line: `packet-journeys serve | list | trace | check`.

Exit 0: done, whatever the journey's outcome.  Exit 2: bad input, one line per fault with file, line, field and what was
expected.  Each command imports what it needs, so that a trace starts in a moment and never waits for the web.
"""

# ruff: noqa: PLC0415 - the imports are where their time is spent

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from app.scenario.faults import Fault, ScenarioError
from app.scenario.names import Protocol
from app.story.view import Grain

SCENARIO = "a built-in name, a path, or - for standard input"


def serve(asked: Namespace) -> Iterator[str]:
    from app import main

    try:
        main.serve(asked.host, asked.port)
    except OSError as error:
        place = f"{asked.host}:{asked.port}"
        message = f"{error.strerror}, expected a free one: choose it with --host or --port"
        raise ScenarioError([Fault(place, None, "address", message)]) from error
    yield from ()


def list_scenarios(_: Namespace) -> Iterator[str]:
    from app.scenario.load import load, slugs

    for scenario in map(load, slugs()):
        yield f"{scenario.slug:<15} {scenario.question}"
        for setting in scenario.settings:
            values = "|".join(option.value for option in setting.options)
            yield f"{'':<15}   --set {setting.name}={values} (default {setting.default})"


def trace(asked: Namespace) -> Iterator[str]:
    from app.scenario.assemble import Override
    from app.scenario.load import load
    from app.simulate import simulate
    from app.story.transcript import transcript

    scenario = load(asked.scenario, dict(asked.set), Override(asked.from_, asked.to, asked.protocol))
    view = simulate(scenario, asked.seed).view()
    if asked.json:
        import msgspec

        yield msgspec.json.encode(view).decode()
    else:
        yield from transcript(view, asked.grain)


def check(asked: Namespace) -> Iterator[str]:
    from app.scenario.check import check as checked
    from app.simulate import broken_promises

    return checked(asked.file, broken_promises)


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


def parser() -> ArgumentParser:
    """Everything that can be said on the command line."""
    whole_program = ArgumentParser(
        "packet-journeys",
        description="Computed journeys of packets through Kubernetes networking.",
        allow_abbrev=False,
    )
    commands = whole_program.add_subparsers(metavar="serve | list | trace | check", title="commands")

    def command(name: str, does: Callable[[Namespace], Iterator[str]], help: str) -> ArgumentParser:
        one = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        one.set_defaults(does=does)
        return one

    server = command("serve", serve, "Start the web server; this is what happens without a command.")
    server.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    server.add_argument(
        "--port", type=port, default=8000, help="port to listen on (%(default)s); 0 takes a free one"
    )
    command("list", list_scenarios, "The built-in scenarios, their questions and their settings.")
    tracer = command("trace", trace, "Walk one packet and tell its journey.")
    tracer.add_argument("scenario", metavar="SCENARIO", help=SCENARIO)
    tracer.add_argument("--from", dest="from_", metavar="W", help="who sends: pod/NAME, node/NAME, host/NAME")
    tracer.add_argument(
        "--to", metavar="W", help="to whom: the same, svc/NAME:PORT, IP:PORT, http://HOST/PATH"
    )
    tracer.add_argument("--protocol", choices=get_args(Protocol))
    tracer.add_argument(
        "--set", type=pair, action="append", default=[], metavar="K=V", help="a setting; repeatable"
    )
    tracer.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="what chance decides is a function of it"
    )
    tracer.add_argument("--grain", choices=get_args(Grain), default="beats", help="how finely it is told")
    tracer.add_argument("--json", action="store_true", help="the whole journey as JSON, schema 1")
    checker = command(
        "check", check, "Say what is wrong with a scenario file, what is ignored, what was decided."
    )
    checker.add_argument("file", metavar="FILE", help=SCENARIO)
    return whole_program


def run(words: Sequence[str]) -> int:
    """Do what the words say; the exit status."""
    asked = parser().parse_args(list(words) or ["serve"])
    if "does" not in asked:
        parser().error("expected one of serve, list, trace, check")
    try:
        for line in asked.does(asked):
            print(line)
    except ScenarioError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return 2
    return 0


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
