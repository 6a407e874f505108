"""`packet-journeys trace`"""

from argparse import Namespace
from typing import get_args

from app.cli.arguments import Commands, Lines, add_journey, command, scenario_of, whole
from app.story.view import Grain


def add(commands: Commands) -> None:
    tracer = command(commands, "trace", trace, "Walk one packet and tell its journey.")
    add_journey(tracer)
    tracer.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="what chance decides is a function of it"
    )
    tracer.add_argument("--grain", choices=get_args(Grain), default="beats", help="how finely it is told")
    tracer.add_argument("--json", action="store_true", help="the whole journey as JSON, schema 1")


def trace(asked: Namespace) -> Lines:
    from app.simulate import simulate
    from app.story.transcript import transcript

    view = simulate(scenario_of(asked), asked.seed).view()
    if asked.json:
        import msgspec

        yield msgspec.json.encode(view).decode()
    else:
        yield from transcript(view, asked.grain)
