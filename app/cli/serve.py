"""`packet-journeys serve`"""

from argparse import Namespace

from app.cli.arguments import Commands, Lines, command, port
from app.scenario.faults import Fault, ScenarioError


def add(commands: Commands) -> None:
    server = command(
        commands, "serve", serve, "Start the web server; this is what happens without a command."
    )
    server.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    server.add_argument(
        "--port", type=port, default=8000, help="port to listen on (%(default)s); 0 takes a free one"
    )


def serve(asked: Namespace) -> Lines:
    from app import main

    try:
        main.serve(asked.host, asked.port)
    except OSError as error:
        place = f"{asked.host}:{asked.port}"
        message = f"{error.strerror}, expected a free one: choose it with --host or --port"
        raise ScenarioError([Fault(place, None, "address", message)]) from error
    yield from ()
