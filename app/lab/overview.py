"""Many findings for people: a row for each, and the sum of them."""

from collections.abc import Iterator, Sequence

from app.lab.finding import Finding
from app.lab.report import counted


def line(finding: Finding, widest: int) -> Iterator[str]:
    """A row of the table, and beneath it what differs; `widest` is the longest way to ask for a journey."""
    said = finding.why if finding.verdict == "undecided" else f"{counted(finding)}, {finding.seconds:.1f} s"
    yield f"{finding.verdict:<9}  {finding.asked.words:<{widest}}  {said}"
    yield from (f"{'':<9}    {difference}" for difference in finding.differences)


def total(findings: Sequence[Finding]) -> str:
    verdicts = [finding.verdict for finding in findings]
    sums = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
    return f"{len(findings)} journeys against Linux {findings[0].linux}: {sums}."
