"""`packet-journeys list`"""

from argparse import Namespace

from app.cli.arguments import Commands, Lines, command


def add(commands: Commands) -> None:
    command(commands, "list", list_scenarios, "The built-in scenarios, their questions, settings and breaks.")


def list_scenarios(_: Namespace) -> Lines:
    from app.scenario.load import load, slugs

    for scenario in map(load, slugs()):
        yield f"{scenario.slug:<15} {scenario.question}"
        for setting in scenario.settings:
            values = "|".join(option.value for option in setting.options)
            yield f"{'':<15}   --set {setting.name}={values} (default {setting.default})"
        for own in scenario.breaks:
            yield f"{'':<15}   --break {own.name}: {own.label}"
