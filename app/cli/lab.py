"""`packet-journeys lab`

Exit 0: nothing differs.  1: something does.  2: bad input.  3: undecided, it cannot be tried on this machine.
"""

import os
import shutil
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import Commands, Judged, add_journey, command, scenario_of
from app.scenario.faults import Fault, ScenarioError

if TYPE_CHECKING:
    from app.lab.finding import Finding, Verdict
    from app.lab.job import Recording
    from app.scenario.model import Scenario

STATUS: "dict[Verdict, int]" = {"passed": 0, "differs": 1, "undecided": 3}
WORST_FIRST: "tuple[Verdict, ...]" = ("differs", "undecided", "passed")
WIDTH_OF_A_FILE = 180  # columns, where the output is no terminal


def add(commands: Commands) -> None:
    bench = command(
        commands,
        "lab",
        lab,
        "Build the network in real namespaces, send the packet, and lay what Linux did beside what was computed.",
    )
    bench.epilog = (
        "Exit status: 0 nothing differs, 1 something does, 2 bad input, 3 it cannot be tried on this machine."
    )
    add_journey(bench, optional=True)
    bench.add_argument("--json", action="store_true", help="the comparison as JSON, schema 1")
    bench.add_argument(
        "--pcapng", type=Path, metavar="FILE", help="write what every device saw, for Wireshark"
    )
    does = bench.add_mutually_exclusive_group()
    does.add_argument(
        "--script", action="store_true", help="print the network as a shell script: up, probe, down"
    )
    does.add_argument(
        "--hold", action="store_true", help="keep the network standing; say how to step into it"
    )
    does.add_argument(
        "--all", action="store_true", help="every scenario, setting and break; a table at the end"
    )
    bench.add_argument(
        "--record", action="store_true", help="with --all: note what agreed, for the player's badge"
    )
    bench.set_defaults(parser=bench)


def lab(asked: Namespace) -> Judged:
    """The exit status is what is returned at the end."""
    complain_of_combinations(asked, asked.parser)
    if asked.all:
        return (yield from all_journeys(asked))
    scenario = scenario_of(asked)
    if asked.script:
        return (yield from script_of(scenario))
    if asked.hold:
        return (yield from held(scenario))
    return (yield from compared(scenario, asked))


def complain_of_combinations(asked: Namespace, parser: ArgumentParser) -> None:
    if asked.all == (asked.scenario is not None):
        parser.error("expected a SCENARIO, or --all in its place")
    if asked.record and not asked.all:
        parser.error("--record is for --all: the record holds every built-in journey")
    if asked.json and (asked.script or asked.hold):
        parser.error("--json is for what is compared")
    if asked.pcapng and (asked.all or asked.script or asked.hold):
        parser.error("--pcapng is for one journey that is compared")


def complain_of_file(file: Path) -> None:
    """Before anything is built.  Raises ScenarioError."""
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        message = "cannot be written, expected a file in a folder that exists and is writable"
        raise ScenarioError([Fault(str(file), None, "--pcapng", message)])


def keep(recording: "Recording", file: Path) -> None:
    """Raises ScenarioError where the file cannot be written to its end."""
    from app.lab.pcapng import save

    try:
        save(recording, file)
    except OSError as error:
        raise ScenarioError([Fault(str(file), None, "--pcapng", f"{error.strerror}")]) from error


def compared(scenario: "Scenario", asked: Namespace) -> Judged:
    from app.lab.experiment import experiment
    from app.lab.report import document, report

    if asked.pcapng:
        complain_of_file(asked.pcapng)
    finding, recording = experiment(scenario)
    if asked.json:
        import msgspec

        yield msgspec.json.encode(document(finding)).decode()
    else:
        yield from report(finding, shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns)
    if asked.pcapng and recording:
        keep(recording, asked.pcapng)
    if asked.pcapng and recording and not asked.json:
        yield f"{len(recording.frames)} frames are in {asked.pcapng}, an interface for each device."
        yield "In Wireshark, decode UDP port 8472 as VXLAN, and look at one device: frame.interface_name."
    return STATUS[finding.verdict]


def all_journeys(asked: Namespace) -> Judged:
    from app.lab.everything import all_findings, every_journey
    from app.lab.finding import asked_of
    from app.lab.overview import line, total
    from app.lab.report import document

    scenarios = list(every_journey())
    widest = max(len(asked_of(scenario).words) for scenario in scenarios)
    findings: list[Finding] = []
    for finding in all_findings(scenarios, 0 if asked.record else None):
        findings.append(finding)
        if not asked.json:
            yield from line(finding, widest)
    if asked.json:
        import msgspec

        yield msgspec.json.encode([document(finding) for finding in findings]).decode()
    else:
        yield ""
        yield total(findings)
    if asked.record:
        from app.lab.checked import write

        yield from write(findings)
    verdicts = {finding.verdict for finding in findings}
    return next(STATUS[worst] for worst in WORST_FIRST if worst in verdicts)


def script_of(scenario: "Scenario") -> Judged:
    from app.lab.script import script

    yield from script(scenario)
    return 0


def held(scenario: "Scenario") -> Judged:
    from app.lab.hold import hold

    yield from hold(scenario)
    return 0
