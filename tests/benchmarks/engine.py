"""The engine and the command line beside the lean engine (G1, G3, G6, G13).

The job is the peers' own: one ping from a machine on one node to a machine on another, there and back, nothing learned yet.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from app.controlplane.compile import compile_machines
from app.scenario.assemble import Override
from app.scenario.load import load
from app.simulate import walk
from app.story.journey import Journey
from tests.benchmarks import floor_engine
from tests.benchmarks.harness import Ratio, compare, per, seconds

SLUG, PING = "routed", Override(protocol="icmp")
LEAN_TIMES, PRODUCT_TIMES = 300, 30  # so that either side of a round takes some 20 ms
PROGRAM = Path(sys.executable).with_name("packet-journeys")


def warm() -> Callable[[], Journey]:
    """A warm journey: the file read and the machines compiled once, then walked again and again."""
    scenario = load(SLUG, override=PING)
    machines = compile_machines(scenario.cluster, scenario.infra)

    def tell() -> Journey:
        journey = Journey(scenario, 0, machines.world)
        journey.steps.extend(walk(machines, scenario.acts, 0))
        return journey

    return tell


def command(*words: str | Path) -> Callable[[], object]:
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def measure() -> Iterator[tuple[str, Ratio]]:
    tell = warm()
    steps = len(tell().steps)
    assert steps >= 40, f"the journey has only {steps} steps; a journey counts from 40"
    lab = floor_engine.build()

    def lean() -> object:
        return floor_engine.walk_frozen(lab)

    lean_side = seconds(lean, LEAN_TIMES)
    told_in_words = seconds(lambda: list(tell().step_views()), PRODUCT_TIMES)
    walked = seconds(tell, PRODUCT_TIMES)  # each step with its place, evidence, verdict and headers
    journey = tell()
    encoded = seconds(lambda: msgspec.json.encode(journey.view()), PRODUCT_TIMES)

    yield (
        "G1",
        compare(
            seconds(command(PROGRAM, "trace", SLUG, "--protocol", "icmp")),
            seconds(command(sys.executable, floor_engine.__file__)),
        ),
    )
    yield "G3", compare(walked, lean_side)
    yield "G3 told", compare(told_in_words, lean_side)
    yield "G6", compare(per(steps, walked), per(floor_engine.STEPS, lean_side))
    yield "G13", compare(encoded, walked)
