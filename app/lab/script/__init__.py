"""A scenario's network as a shell script, to be read and run: `lab.sh up | probe | down`.

What it types is what the sandbox is built with (`app.lab.build`), line by line, each with what it is for and who writes
it in a cluster.  Everything that is the same in every script is `frame.sh`; a line `#: NAME` there says what goes where.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, groupby
from pathlib import Path
from textwrap import wrap

from app.controlplane.compile import compile_machines
from app.kernel.netns import Netns
from app.kernel.origin import KERNEL, Origin
from app.kernel.world import World
from app.lab import build, ends
from app.lab.build import Line
from app.lab.job import Errand, Server
from app.lab.programs import errands, servers
from app.scenario.model import Break, Scenario
from app.story.names import machine, who

PREFIX = "pj-"
"""Before the name of each namespace, so that it meets none that is there."""
WIDTH = 119
FRAME = Path(__file__).with_name("frame.sh")
MARK = re.compile(r"#: (\S+)")
SYSCTLS = (
    "Switches of the stack, before there is a device to inherit them.  ip_forward: the machine is a router; "
    "bridge-nf-call-iptables: what a bridge passes on meets iptables, too; rp_filter: a source must be where its answers "
    "go; route_localnet: 127.0.0.0/8 may be on the wire.  No IPv6, which would speak on its own.  Ping for everybody."
)


def name(netns: str) -> str:
    return PREFIX + build.file_name(netns)


def script(scenario: Scenario) -> Iterator[str]:
    """The lines of `lab.sh`."""
    machines = compile_machines(scenario.cluster, scenario.infra)
    world = machines.world
    typed = [own for own in scenario.chosen_breaks if own.changes]
    parts: Mapping[str, Callable[[], Iterable[str]]] = {
        "title": lambda: title(scenario),
        "constants": lambda: [f"MACHINES={shlex.quote(' '.join(map(name, world.netns)))}"],
        "sysctls": lambda: indented(sysctls(world)),
        "cables": lambda: indented(commented(build.pairs(world, name))),
        "configuration": lambda: configuration(world),
        "ends.py": lambda: lines_of(Path(ends.__file__)),
        "servers": lambda: indented(map(serving, servers(machines))),
        "breaks": lambda: breaking(typed),
        "break": lambda: ["    breaks", "    settle"] if typed else [],
        "probes": lambda: indented(map(asking, errands(scenario.acts))),
    }
    for line in lines_of(FRAME):
        mark = MARK.fullmatch(line)
        yield from parts[mark[1]]() if mark else [line]


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from ("    " + part if part else "" for part in line.split("\n"))


def heading(text: str, width: int = WIDTH) -> str:
    return f"# ── {text} ".ljust(width, "─")


def title(scenario: Scenario) -> Iterator[str]:
    yield f"# {scenario.title}"
    yield from (f"# {line}" for line in wrap(scenario.question, WIDTH - 2))
    for setting in scenario.settings:
        chosen = next(option for option in setting.options if option.value == scenario.chosen[setting.name])
        yield f"# {setting.label}: {chosen.label}"
    yield from (f"# Broken: {own.label}" for own in scenario.chosen_breaks)


def sysctls(world: World) -> Iterator[str]:
    """Machines that are alike are set in one loop."""
    settings: dict[str, list[str]] = {netns: [] for netns in world.netns}
    for sysctl in build.sysctls(world):
        settings[sysctl.netns].append(f"{sysctl.name}={sysctl.value}")
    alike: dict[tuple[str, ...], list[str]] = {}
    for netns, values in settings.items():
        alike.setdefault(tuple(values), []).append(name(netns))
    yield remark(SYSCTLS)
    for same, names in alike.items():
        written = " \\\n        ".join(shlex.quote(value) for value in same)
        yield f"for machine in {' '.join(names)}; do"
        yield f'    ip netns exec "$machine" sysctl -qw \\\n        {written}'
        yield "done"


def commented(lines: Iterable[Line], netns: str | None = None) -> Iterator[str]:
    """A comment over each run of lines that have one reason and one writer; long lines go on below."""
    where = ["-n", name(netns)] if netns else []
    blank = ""
    for (reason, component), run in groupby(lines, lambda line: (line.reason, line.origin.component)):
        typed = list(run)
        yield f"{blank}{comment(reason, component, [line.origin.object for line in typed])}"
        for line in typed:
            near, kind, far = line.text.partition(" type ")
            goes_on = line.text.startswith("link add")
            yield " ".join([line.program, *where, near]) + (" \\\n   " * goes_on + kind + far)
        blank = "\n"


def comment(reason: str, component: str, objects: Iterable[str]) -> str:
    """What for, and by whom; what no component of a cluster writes is nobody's."""
    writer = Origin(component, ", ".join(dict.fromkeys(objects)))
    sentence = reason[0].upper() + reason[1:] + (f" ({who(writer)})" if component != KERNEL.component else "")
    return remark(sentence)


def remark(sentence: str) -> str:
    """A comment that stays inside the page when it is indented."""
    return "\n".join(f"# {line}" for line in wrap(sentence, WIDTH - 6))


def configuration(world: World) -> Iterator[str]:
    """A function with a section for each machine."""
    yield from (heading("Each machine"), "", "configuration() {")
    for number, netns in enumerate(world.netns.values()):
        yield from indented([*[""][:number], heading(netns.id, WIDTH - 4)])
        yield from indented(commented(chain(build.configuration(netns), build.fdb(netns)), netns.id))
        yield from restored(world, netns)
    yield from ("}", "")


def restored(world: World, netns: Netns) -> Iterator[str]:
    """The rules, with their writers as comments, which `iptables-restore` skips."""
    lines = list(build.rules(world, netns))
    if lines:
        yield from indented(["", "# Rules, and who writes them"])
        yield f"    ip netns exec {name(netns.id)} iptables-restore <<'RULES'"
        for (is_rule, origin), run in groupby(lines, lambda line: (line.text.startswith("-A"), line.origin)):
            if is_rule:
                yield f"# {who(origin)}"
            yield from (line.text for line in run)
        yield "RULES"


def serving(server: Server) -> str:
    """The server as a call of `serve`."""
    words = shlex.join([server.kind, server.protocol, str(server.port), *server.words])
    return f"serve {name(server.netns)} {words}"


def asking(errand: Errand) -> str:
    """The probe as a call of `ask`, under what it is."""
    to = f"{errand.address}:{errand.port}" if errand.port else errand.address
    return (
        f"# {machine(errand.netns)} asks {to} by {errand.protocol}\n"
        f"{printed(errand.octets)} | ask {name(errand.netns)} {where(errand)}"
    )


def where(errand: Errand) -> str:
    """What `ends.py ask` is told."""
    words = [errand.protocol, errand.address, str(errand.port), f"{errand.timeout:g}"]
    return shlex.join(words if errand.pmtudisc == "want" else [*words, errand.pmtudisc])


def printed(octets: bytes) -> str:
    """The command that prints these octets."""
    if octets and not any(octets):
        return f"head -c {len(octets)} /dev/zero"
    text = octets.decode().replace("\\", "\\\\").replace("%", "%%").replace("\r", "\\r").replace("\n", "\\n")
    return f"printf {shlex.quote(text)}"


def breaking(typed: list[Break]) -> Iterator[str]:
    """Last of all, what was typed on a network that worked."""
    if typed:
        yield from (heading("What is broken"), "", "breaks() {")
        for own in typed:
            yield f"    # {own.label}"
            yield from (f"    ip netns exec {name(change.netns)} {change.command}" for change in own.changes)
        yield from ("}", "")
