"""The command line: `packet-journeys serve | list | trace | check`.

Exit 0: done, whatever the journey's outcome.  Exit 2: bad input, one line per fault with file, line, field and what was
expected.  The web is imported by `serve` alone, so that a trace starts in a moment.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn, cast, get_args

import typer

from app.scenario.faults import Fault, ScenarioError
from app.scenario.names import Protocol
from app.story.view import Grain

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Source = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A built-in name, a path, or - for standard input.")
]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
From = Annotated[
    str | None, typer.Option("--from", metavar="W", help="Who sends: pod/NAME, node/NAME, host/NAME.")
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="W", help="To whom: pod/, svc/NAME:PORT, IP:PORT, http://HOST/PATH."),
]
Transport = Annotated[str | None, typer.Option(metavar="tcp|udp|icmp", help="What is sent.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="K=V", help="A setting of the scenario; repeatable.")
]


@cli.callback(invoke_without_command=True)
def main_command(context: typer.Context) -> None:
    """Computed journeys of packets through Kubernetes networking.  Without a command: serve."""
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Start the web server and print its address."""
    from app import main  # noqa: PLC0415 - FastAPI costs more than a whole trace

    try:
        main.serve(host, port)
    except OSError as error:
        refuse(f"{host}:{port}: {error.strerror}; choose another address with --host or --port")


@cli.command("list")
def list_command() -> None:
    """The built-in scenarios, their questions and their settings."""
    from app.scenario.load import load, slugs  # noqa: PLC0415 - as above

    with faults_reported():
        for scenario in map(load, slugs()):
            print(f"{scenario.slug:<15} {scenario.question}")
            for setting in scenario.settings:
                values = "|".join(option.value for option in setting.options)
                print(f"{'':<15}   --set {setting.name}={values} (default {setting.default})")


@cli.command()
def trace(
    scenario: Source,
    from_: From = None,
    to: To = None,
    protocol: Transport = None,
    set_: Settings = None,
    seed: Annotated[int, typer.Option(min=0, help="What chance decides is a function of this.")] = 0,
    grain: Annotated[str, typer.Option(metavar="beats|hops|steps", help="How finely it is told.")] = "beats",
    json: Annotated[bool, typer.Option("--json", help="The whole journey as JSON, schema 1.")] = False,
) -> None:
    """Walk one packet and tell its journey."""
    from app.scenario.assemble import Override  # noqa: PLC0415 - as above
    from app.scenario.load import load  # noqa: PLC0415
    from app.simulate import simulate  # noqa: PLC0415
    from app.story.transcript import transcript  # noqa: PLC0415

    told = grain_of(grain)
    with faults_reported():
        loaded = load(scenario, settings_of(set_ or []), Override(from_, to, protocol_of(protocol)))
        view = simulate(loaded, seed).view()
    if json:
        import msgspec  # noqa: PLC0415

        sys.stdout.buffer.write(msgspec.json.encode(view) + b"\n")
    else:
        print("\n".join(transcript(view, told)))


@cli.command()
def check(file: Annotated[str, typer.Argument(help="A scenario file, a built-in name, or -.")]) -> None:
    """Read a scenario file with every setting it offers and say what is wrong, what is ignored, what was decided."""
    from app.scenario.check import check as checked  # noqa: PLC0415 - as above

    with faults_reported():
        print("\n".join(checked(file)))


def settings_of(pairs: list[str]) -> dict[str, str]:
    """`k=v` pairs; the last one of a name counts."""
    for pair in pairs:
        if "=" not in pair:
            refuse(f"--set {pair}: expected NAME=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)


def grain_of(text: str) -> Grain:
    if text not in get_args(Grain):
        refuse(f"--grain {text}: expected beats, hops or steps")
    return cast("Grain", text)


def protocol_of(text: str | None) -> Protocol | None:
    if text is not None and text not in get_args(Protocol):
        refuse(f"--protocol {text}: expected tcp, udp or icmp")
    return cast("Protocol | None", text)


@contextmanager
def faults_reported() -> Iterator[None]:
    """Every fault on a line of its own, and exit 2."""
    try:
        yield
    except ScenarioError as error:
        refuse(*error.faults)


def refuse(*faults: Fault | str) -> NoReturn:
    for fault in faults:
        print(fault, file=sys.stderr)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of the installed program."""
    cli()
