"""Every built-in journey: all scenarios, all settings, all breaks, several side by side."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from app.lab.experiment import experiment
from app.lab.finding import Finding
from app.scenario.breaks import states
from app.scenario.load import load, slugs
from app.scenario.model import Scenario


def every_journey() -> Iterator[Scenario]:
    """Whole with every combination of its settings, then broken in each way that this combination can be."""
    for slug in slugs():
        for chosen, broken in states(load(slug)):
            yield load(slug, chosen, breaks=broken)


def all_findings(scenarios: Sequence[Scenario], seed: int | None = None) -> Iterator[Finding]:
    """One for each, in their order, as soon as it is there.  Threads do: they wait for their sandboxes.

    A sandbox dies with the thread that made it, so all are gone when this process is (prctl PR_SET_PDEATHSIG).
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            yield from pool.map(lambda scenario: experiment(scenario, seed)[0], scenarios)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
