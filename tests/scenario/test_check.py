"""`check` reads a file with every setting and says what a reader should know."""

import re
from pathlib import Path

import pytest

from app.scenario.check import check
from app.scenario.faults import ScenarioError
from app.scenario.load import slugs
from app.simulate import broken_promises
from tests.scenario.small import SMALL, spoilt


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("slug", slugs())
def test_the_built_in_scenarios_are_sound_and_use_every_field_they_have(slug: str) -> None:
    lines = list(check(slug, broken_promises))
    assert "sound" in lines[0]
    assert not [line for line in lines if "ignored" in line or "note" in line]


def test_a_sound_file_is_described(tmp_path: Path) -> None:
    text = spoilt(
        ("nodeName: n1", "nodeName: n1\n  dnsPolicy: Default"), ("status: {podIP: 10.244.1.3}", "status: {}")
    )
    file = written(tmp_path, text)
    assert list(check(file, broken_promises)) == [
        f"{file}: sound. A title: 2 nodes, 3 pods, 1 Service, 1 beat",
        "  probe: pod/a to pod/b:8080, tcp",
        "  setting: backend=near|far",
        "  note: Pod/b on n1 was given the address 10.244.1.3",
        "  ignored: Pod.spec.dnsPolicy",
    ]


def test_faults_of_an_option_that_is_not_the_default_are_found(tmp_path: Path) -> None:
    file = written(tmp_path, SMALL.replace("to: pod/c}", "to: pod/x}"))
    with pytest.raises(ScenarioError, match=r"probes\[0\].to: nothing is called 'pod/x'"):
        check(file, broken_promises)


def test_a_beat_that_never_happens_is_a_fault(tmp_path: Path) -> None:
    story = "beats:\n  - {id: wrap, text: The frame is wrapped., on: {event: Encapsulated}}\n"
    own = re.sub(r"beats:\n(?:  .*\n)+", story, SMALL)
    assert own != SMALL, "the small scenario lost its beats"
    with pytest.raises(ScenarioError, match=r"yaml:\d+: Scenario\.beats\[0\]: no step .* of wrap asks for"):
        list(check(written(tmp_path, own), broken_promises))


def test_what_is_told_and_untrue_is_found_in_its_line_and_nobody_need_keep_it(tmp_path: Path) -> None:
    """Of two claims the later counts, and what is untrue of every state is said once."""
    claims = """\
expect:
  - {verdict: delivered, never: [{event: Encapsulated}]}
  - verdict: rejected
    never:
      - {event: Dropped}
      - {event: SegmentSent}
"""
    file = written(tmp_path, SMALL.replace("beats:\n", claims + "beats:\n"))
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    verdict, never = lines.index("  - verdict: rejected") + 1, lines.index("      - {event: SegmentSent}") + 1
    with pytest.raises(ScenarioError) as caught:
        check(file, broken_promises)
    first, second, hint = str(caught.value).splitlines()
    assert first == f"{file}:{verdict}: Scenario.expect[1].verdict: is rejected, and it came out as delivered"
    assert second.startswith(f"{file}:{never}: Scenario.expect[1].never[1]: step ")
    assert "change or delete it" in hint


def test_what_is_untrue_of_a_break_is_found_in_the_break(tmp_path: Path) -> None:
    broken = """\
breaks:
  mute:
    label: The pod is cut off
    run: {n1: [iptables -P FORWARD DROP]}
    expect: [{verdict: delivered}]
beats:
"""
    file = written(tmp_path, SMALL.replace("beats:\n", broken))
    with pytest.raises(ScenarioError, match=r"Scenario\.breaks\.mute\.expect\[0\]\.verdict: is delivered"):
        check(file, broken_promises)
