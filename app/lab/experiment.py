"""One experiment: a scenario's world built and probed in the kernel, and the journey laid beside it."""

import os
import time
from collections import Counter
from collections.abc import Iterator

from app.controlplane.compile import compile_machines
from app.lab.ability import ability, lacking
from app.lab.build import typed
from app.lab.checked import fingerprint
from app.lab.finding import Finding, asked_of
from app.lab.job import NOT_INSTALLED, Recording
from app.lab.sandbox import LabError
from app.lab.trial import trial
from app.scenario.faults import one_line
from app.scenario.load import load, slugs
from app.scenario.model import Scenario
from app.simulate import machines_of


def experiment(scenario: Scenario, seed: int | None = None) -> tuple[Finding, Recording | None]:
    """What was found, and what was captured if anything was.

    With a `seed` this very throw of the dice is compared: the kernel is asked again while it throws another one.
    """
    built = compile_machines(scenario.cluster, scenario.infra)
    linux, asked = os.uname().release, asked_of(scenario)
    if why := lacking(built.world, ability()):
        return Finding(asked, linux, "undecided", why=f"{why}; {what_can_be_checked()}"), None
    walked = machines_of(scenario)
    started = time.monotonic()
    try:
        best, recording, tries = trial(
            built, walked, scenario.acts, typed(scenario.changes), outputs=True, seed=seed
        )
    except LabError as failure:
        return Finding(asked, linux, "undecided", why=one_line(str(failure))), None
    counts = Counter(row.section for row in best.rows)
    return Finding(
        asked,
        linux,
        "differs" if best.differences else "passed",
        best.seed,
        time.monotonic() - started,
        counts,
        tuple(best.rows),
        unseen(recording),
        tries=tries,
        fingerprint=fingerprint(walked, scenario.acts, best.steps),
    ), recording


def unseen(recording: Recording) -> tuple[str, ...]:
    """Sentences about what this machine did not show."""
    return tuple(filter(None, (recording.untraced, *recording.unseen, *not_installed(recording))))


def not_installed(recording: Recording) -> Iterator[str]:
    """One sentence for each program that could not be asked."""
    absent: dict[str, list[str]] = {}
    for texts in recording.before.values():
        for command, text in texts.items():
            if NOT_INSTALLED in text:
                absent.setdefault(command.split()[0], []).append(command)
    for program, commands in absent.items():
        yield f"{program} is not installed, so `{'`, `'.join(dict.fromkeys(commands))}` was not compared"


def what_can_be_checked() -> str:
    """The built-in scenarios that this machine can hold as they are."""
    worlds = {slug: machines_of(load(slug)).world for slug in slugs()}
    possible = [slug for slug, world in worlds.items() if lacking(world, ability()) is None]
    return f"without it these can be checked: {', '.join(possible) or 'none'}"
