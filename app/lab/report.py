"""A finding for people, in two columns, and for programs, as JSON."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from app.lab.compare.rows import Row, Section, same
from app.lab.finding import OPEN, Finding

TITLES: dict[Section, str] = {
    "answers": "What the client got",
    "frames": "Frames, by device: > leaving, < coming in",
    "rules": "Rules hit, in iptables' words",
    "tables": "What was learned by it",
    "outputs": "What the commands print",
    "drops": "Drops, and their reasons",
    "lookups": "Routes looked up",
}
COUNTED: dict[Section, str] = {
    "answers": "answers",
    "frames": "frames",
    "rules": "rule hits",
    "tables": "table rows",
    "outputs": "command outputs",
    "drops": "drops",
    "lookups": "route look-ups",
}
NOTHING = "(nothing)"
QUOTED = re.compile("`([^`]+)`")


def report(finding: Finding, width: int) -> Iterator[str]:
    """All that was compared, side by side; `width` of the terminal in columns."""
    yield f"{finding.asked.words}: {finding.asked.from_} to {finding.asked.to} by {finding.asked.protocol}"
    if finding.verdict == "undecided":
        yield f"undecided: {finding.why}"
        return
    column = (width - 5) // 2
    yield f"{verdict(finding)}  = is the same on both sides{', ≠ is not' if finding.differences else ''}."
    yield ""
    yield f"    {'computed':<{column}} {f'Linux {finding.linux}'}"
    for section, rows in groupby(finding.rows, lambda row: row.section):
        yield ""
        yield TITLES[section]
        for netns, here in groupby(rows, lambda row: row.netns):
            yield f"  {netns}"
            for row in summed_up(section, netns, list(here)):
                yield from side_by_side(row, column)
    for line in conclusion(finding):
        yield from folded(line, width)


def summed_up(section: Section, netns: str, rows: list[Row]) -> Iterator[Row]:
    """Commands that print the same are counted, and named; whoever wants to read one asks `packet-journeys show`."""
    if section != "outputs":
        yield from rows
        return
    equal = [row.computed or "" for row in rows if not row.difference]
    for moment, texts in groupby(equal, lambda text: QUOTED.sub("", text).split(":")[0].strip()):
        commands = [quoted for text in texts for quoted in QUOTED.findall(text)]
        yield same(section, netns, f"{moment}: {', '.join(commands)}")
    yield from (row for row in rows if row.difference)


def side_by_side(row: Row, column: int) -> Iterator[str]:
    left, right = (folded(NOTHING if text is None else text, column) for text in (row.computed, row.kernel))
    mark = "≠" if row.difference else "="
    for number in range(max(len(left), len(right))):
        first = left[number] if number < len(left) else ""
        second = right[number] if number < len(right) else ""
        yield f"  {mark if number == 0 else ' '} {first:<{column}} {second}".rstrip()


def folded(text: str, column: int) -> list[str]:
    return wrap(text, column, subsequent_indent="    ", break_on_hyphens=False) or [""]


def conclusion(finding: Finding) -> Iterator[str]:
    """What differs, in words, or that nothing does; how much was compared, and what was not."""
    yield ""
    yield verdict(finding)
    yield from (f"  {difference}" for difference in finding.differences)
    yield f"Compared: {counted(finding)}, in {finding.seconds:.1f} s."
    if finding.tries > 1:
        yield f"Tried {finding.tries} times: what differs once and not again is a delay of this machine."
    yield "Left open wherever it comes up, since Linux leaves it to chance, or a sandbox has it otherwise:"
    yield from (f"  {words}" for words in OPEN)
    if finding.unseen:
        yield "Not compared, since this machine does not show it:"
        yield from (f"  {words}" for words in finding.unseen)


def verdict(finding: Finding) -> str:
    if finding.differences:
        return f"{number(finding.differences, 'difference')} to Linux {finding.linux}."
    return f"Nothing differs from Linux {finding.linux}."


def counted(finding: Finding) -> str:
    return ", ".join(
        f"{count} {COUNTED[section].removesuffix('s' if count == 1 else '')}"
        for section, count in finding.counts.items()
    )


def number(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def document(finding: Finding) -> dict[str, object]:
    """Schema 1 of `lab --json`."""
    asked = finding.asked
    return {
        "schema": 1,
        "scenario": asked.scenario,
        "settings": asked.settings,
        "breaks": asked.breaks,
        "probe": {"from": asked.from_, "to": asked.to, "protocol": asked.protocol, "seed": finding.seed},
        "command": f"packet-journeys lab {asked.words}",
        "linux": finding.linux,
        "verdict": finding.verdict,
        "why": finding.why,
        "tries": finding.tries,
        "seconds": round(finding.seconds, 3),
        "compared": finding.counts,
        "differences": finding.differences,
        "unseen": finding.unseen,
        "open": OPEN,
        "rows": finding.rows,
    }
