"""What a reader may choose: settings, their options, and the file as the chosen ones leave it."""

from collections.abc import Iterator, Mapping
from itertools import product

from app.scenario.decode import Reading
from app.scenario.faults import listing, shown
from app.scenario.located import Located, merged
from app.scenario.model import Option, Setting
from app.scenario.schema import Choices, PatchSpec, ScenarioDocument, SettingSpec

LABEL = "Scenario"


def settings_of(document: ScenarioDocument) -> tuple[Setting, ...]:
    return tuple(
        Setting(
            name,
            spec.label,
            spec.default,
            tuple(Option(value, option.label) for value, option in spec.options.items()),
        )
        for name, spec in document.settings.items()
    )


def combinations(settings: tuple[Setting, ...]) -> Iterator[dict[str, str]]:
    """Every way to choose."""
    values = ([option.value for option in setting.options] for setting in settings)
    for chosen in product(*values):
        yield {setting.name: value for setting, value in zip(settings, chosen, strict=True)}


def choose(
    document: ScenarioDocument, node: Located, wanted: Mapping[str, str], reading: Reading
) -> dict[str, str]:
    """The defaults, with what was asked for in their place; a fault for what does not exist."""
    known = document.settings
    chosen = {name: spec.default for name, spec in known.items()}
    for name, spec in known.items():
        if spec.default not in spec.options:
            message = f"there is no option {shown(spec.default)}, expected one of {listing([*spec.options])}"
            reading.fault(node.line_at(("settings", name, "default")), ("settings", name, "default"), message)
    for name, value in wanted.items():
        path = ("settings", name)
        if name not in known:
            exist = f"expected one of {listing([*known])}" if known else "and this scenario has none"
            message = f"there is no such setting, {exist}"
            reading.fault(node.line_at(path), path, message)
        elif value not in known[name].options:
            message = f"there is no option {shown(value)}, expected one of {listing([*known[name].options])}"
            reading.fault(node.line_at(path), path, message)
        else:
            chosen[name] = value
    return chosen


def patches(document: ScenarioDocument, chosen: Mapping[str, str]) -> list[PatchSpec]:
    """The chosen options' patches, in the order of the settings."""
    options = ((document.settings[name].options, value) for name, value in chosen.items())
    return [known[value].patch for known, value in options if value in known]


def patched(node: Located, applied: list[PatchSpec]) -> Located:
    """The document with its merge patches applied."""
    for patch in applied:
        if isinstance(patch.scenario, Located):
            node = merged(node, patch.scenario)
    return node


def check_choices(when: Choices, settings: Mapping[str, SettingSpec]) -> Iterator[str]:
    """What is wrong with a `when`: settings and options that do not exist."""
    for name, values in when.items():
        if name not in settings:
            yield f"there is no setting {shown(name)}, expected one of {listing([*settings])}"
            continue
        options = settings[name].options
        for value in values:
            if value not in options:
                yield f"{name} has no option {shown(value)}, expected one of {listing([*options])}"


def applies(when: Mapping[str, tuple[str, ...]], chosen: Mapping[str, str]) -> bool:
    return all(chosen.get(name) in values for name, values in when.items())
