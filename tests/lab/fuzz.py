"""Any world, walked by the engine and built in the real kernel, must be one story: `python -m tests.lab.fuzz 1000 --seed 7`.

Worlds come from `tests.clusters`.  One that differs is tried again, as a busy machine may delay a process past a timer;
if it differs each time it is made smaller, thing by thing, and printed as an expression for `tests/lab/found.py`.
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import Pool

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from msgspec import Struct
from msgspec.structs import fields, replace

from app.controlplane.infrastructure import Proxy
from app.datapath.walk import Looped
from app.lab.sandbox import LabError
from app.simulate import walk
from tests.clusters import Case, cases
from tests.damages import accepted
from tests.lab.agreement import TRIES, compared

WORLDS = 1_000_000  # of one seed
ENOUGH = 12  # differences of one world
QUIET = settings(
    database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
)


class Tried(Struct, frozen=True):
    """`differences` are empty where engine and kernel agree; a world whose walk has no end is not built."""

    case: Case
    differences: tuple[str, ...]
    seconds: float
    looped: bool = False


def world(seeded: int, at: int) -> Case:
    """Of one seed always the same.  Hypothesis begins with the simplest case and then varies what it drew: the second is drawn afresh."""
    found: list[Case] = []

    @seed(seeded * WORLDS + at)
    @settings(QUIET, max_examples=2)
    @given(cases())
    def note(case: Case) -> None:
        found.append(case)

    note()
    return found[-1]


def tried(case: Case, tries: int = TRIES) -> Tried:
    """Compared as often as needed to tell a difference from a delay."""
    began = time.perf_counter()
    try:
        looped = loops(case)
        differences = () if looped else tuple(compared(case, tries).best.differences)
    except (LabError, AssertionError, ValueError, KeyError, AttributeError, TypeError, OverflowError):
        looped, differences = False, (traceback.format_exc(limit=-3),)
    return Tried(case, differences, time.perf_counter() - began, looped)


def loops(case: Case) -> bool:
    with suppress(Looped):
        for _ in walk(case.machines(), case.probes, case.seed):
            pass
        return False
    return True


def smallest(found: Tried) -> Tried:
    """Leave out one thing after another, as long as a difference stays."""
    for smaller in one_thing_less(found.case):
        again = tried(smaller, 1)
        if again.differences:
            return smallest(again)
    return found


def tried_and_made_small(case: Case) -> Tried:
    found = tried(case)
    return smallest(found) if found.differences else found


def one_thing_less(case: Case) -> Iterator[Case]:
    """The same case without a probe, a command, all services, a pod, or with an option as it is by default."""
    probes, changes, cluster = case.probes, case.changes, case.cluster
    if len(probes) > 1:
        yield from (replace(case, probes=(probe,)) for probe in probes)
    for at in range(len(changes)):
        left = changes[:at] + changes[at + 1 :]
        yield replace(case, changes=accepted(case.whole().world, left))
    for at, probe in enumerate(probes):
        if getattr(probe.message, "size", 0) > 300:
            shorter = replace(probe, message=None)
            yield replace(case, probes=(*probes[:at], shorter, *probes[at + 1 :]))
    if case.infra.proxy.mode != "none":
        yield replace(case, infra=replace(case.infra, proxy=Proxy("none")))
    for at in range(len(cluster.services)):
        services = cluster.services[:at] + cluster.services[at + 1 :]
        yield replace(case, cluster=replace(cluster, services=services))
    used = {probe.netns for probe in probes} | {change.netns for change in changes}
    for unused in ([p for p in cluster.pods if f"{p.node}/{p.key}" not in used],):
        for fewer in (unused, *([pod] for pod in unused)):
            pods = tuple(pod for pod in cluster.pods if pod not in fewer)
            if fewer and pods:
                yield replace(case, cluster=replace(cluster, pods=pods))


def source(value: object) -> str:
    """The Python that makes this value; defaults are left out."""
    if isinstance(value, tuple):
        return f"({''.join(f'{source(item)}, ' for item in value)})"
    if isinstance(value, str) and len(set(value)) == 1 < len(value):
        return f"{value[0]!r} * {len(value)}"
    if not isinstance(value, msgspec.Struct):
        return repr(value)
    given_ = (
        f"{field.name}={source(getattr(value, field.name))}"
        for field in fields(value)
        if getattr(value, field.name) != field.default
    )
    return f"{type(value).__name__}({', '.join(given_)})"


def told(result: Tried) -> str:
    """What differs, as far as one wants to read, and the world that shows it."""
    more = len(result.differences) - ENOUGH
    left = (f"... and {more} more",) if more > 0 else ()
    return "\n".join(("#" * 100, *result.differences[:ENOUGH], *left, source(result.case)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument(
        "--whole", action="store_true", help="print what differs as it came, do not make it smaller"
    )
    asked = parser.parse_args()
    began, different, looped = time.perf_counter(), 0, 0
    work = tried if asked.whole else tried_and_made_small
    worlds = [world(asked.seed, at) for at in range(asked.number)]
    with Pool(asked.jobs) as pool:
        for at, result in enumerate(pool.imap_unordered(work, worlds), 1):
            looped += result.looped
            if result.differences:
                different += 1
                sys.stdout.write(f"{told(result)}\n")
                sys.stdout.flush()
            if at % 50 == 0 or at == asked.number:
                each = (time.perf_counter() - began) / at
                counted = f"{at} worlds, {each:.2f} s each, {looped} endless, {different} differ\n"
                sys.stderr.write(counted)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
