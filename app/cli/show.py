"""`packet-journeys show`"""

from argparse import REMAINDER, ArgumentParser, Namespace
from typing import TYPE_CHECKING

from app.cli.arguments import SCENARIO, Commands, Lines, add_choices, command, whole

if TYPE_CHECKING:
    from app.kernel.world import World
    from app.scenario.faults import ScenarioError
    from app.scenario.model import Scenario


def add(commands: Commands) -> None:
    shower = command(
        commands, "show", show, "Print what ip, bridge, iptables-save, conntrack or ss print in a namespace."
    )
    shower.add_argument("scenario", metavar="SCENARIO", help=SCENARIO)
    shower.add_argument(
        "netns", metavar="NETNS", help="where: pod/NAME, node/NAME, host/NAME, or as the world calls it"
    )
    shower.add_argument("words", metavar="COMMAND", nargs=REMAINDER, help="what is typed there: ip route")
    add_options(shower)


def add_options(parser: ArgumentParser) -> None:
    add_choices(parser)
    moment = parser.add_mutually_exclusive_group()
    moment.add_argument("--after", action="store_true", help="when the journey is over, not before it")
    moment.add_argument("--step", type=whole, metavar="N", help="after step N, as trace --grain steps counts")
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="what chance decides is a function of it"
    )


def show(asked: Namespace) -> Lines:
    from app.kernel.show import UnknownCommand, commands_for
    from app.kernel.show import show as printed
    from app.scenario.faults import listing
    from app.scenario.load import load

    asked, words = with_options_behind(asked)
    scenario = load(asked.scenario, dict(asked.set), breaks=asked.breaks)
    world = world_of(asked, scenario)
    netns = place(asked, scenario, world)
    try:
        yield from (line.text for line in printed(world, netns, " ".join(words)).lines)
    except UnknownCommand as error:
        known = listing(commands_for(world[netns]), most=40)
        raise refusal(asked, netns, f"{error}, expected {known}") from error


def with_options_behind(asked: Namespace) -> tuple[Namespace, list[str]]:
    """The command's own options have one dash, ours have two: they may stand behind it."""
    options = ArgumentParser("packet-journeys show", add_help=False, allow_abbrev=False)
    add_options(options)
    return options.parse_known_args(asked.words, asked)


def world_of(asked: Namespace, scenario: "Scenario") -> "World":
    from app.simulate import machines_of, simulate

    if not asked.after and asked.step is None:
        return machines_of(scenario).world
    journey = simulate(scenario, asked.seed)
    if asked.after:
        return journey.steps[-1].world if journey.steps else journey.world0
    if asked.step >= len(journey.steps):
        last = len(journey.steps) - 1
        raise refusal(asked, "--step", f"there is no step {asked.step}, expected 0 to {last}")
    at: int = asked.step
    return journey.steps[at].world


def place(asked: Namespace, scenario: "Scenario", world: "World") -> str:
    """The id of the namespace.  Raises ScenarioError."""
    from app.scenario.faults import listing, shown
    from app.scenario.names import Names, UnknownName

    if asked.netns in world.netns:
        return str(asked.netns)
    try:
        found = Names(scenario.cluster, scenario.infra, {}).sender(asked.netns).netns
    except UnknownName:
        found = None
    if found is None:
        known = listing(list(world.netns), most=40)
        raise refusal(asked, "NETNS", f"{shown(asked.netns)} is no namespace, expected one of {known}")
    return found


def refusal(asked: Namespace, field: str, message: str) -> "ScenarioError":
    from app.scenario.faults import Fault, ScenarioError

    return ScenarioError([Fault(asked.scenario, None, field, message)])
