"""The command line as a shell sees it: what it prints, where, and with which exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("packet-journeys")


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, text=True, check=False)


def test_a_trace_tells_the_beats_and_the_outcome() -> None:
    told = run("trace", "overlay")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1] == "Delivered: the sender got its answer (200 OK)."


def test_a_trace_succeeds_whatever_the_outcome() -> None:
    told = run("trace", "service", "--set", "backend=none")
    assert told.returncode == 0
    assert "Refused by node1" in told.stdout


def test_another_probe_is_told_in_the_words_of_its_own_steps() -> None:
    told = run("trace", "overlay", "--from", "pod/pod1", "--to", "pod/pod2", "--protocol", "icmp")
    assert told.returncode == 0, told.stderr
    assert "pod1 sends a ping to 10.244.1.3." in told.stdout


def test_json_is_one_line_and_one_document() -> None:
    told = run("trace", "routed", "--json", "--seed", "3")
    document = json.loads(told.stdout)
    assert told.stdout.count("\n") == 1
    assert (document["schema"], document["scenario"], document["probe"]["seed"]) == (1, "routed", 3)


def test_two_runs_are_equal_to_the_byte() -> None:
    assert run("trace", "nodeport", "--json").stdout == run("trace", "nodeport", "--json").stdout


def test_list_names_every_setting() -> None:
    told = run("list")
    assert told.returncode == 0
    assert "--set backend=remote|local|self|web|none (default remote)" in told.stdout


def test_list_names_every_break() -> None:
    assert (
        "--break no-hairpin: The bridge sends nothing back out of the port it came in by"
        in run("list").stdout
    )


def test_a_broken_world_is_walked_and_told() -> None:
    told = run("trace", "routed", "--break", "no-route-in-cloud")
    assert (told.returncode, told.stderr) == (0, "")
    assert (
        told.stdout.splitlines()[-1]
        == "Dropped by cloud (IP_INNOROUTES): no route leads there; the sender was told: ENETUNREACH."
    )


def test_several_things_can_be_broken_at_once_in_the_order_of_the_file() -> None:
    one = run("trace", "routed", "--break", "dead-pod", "--break", "no-route", "--json")
    other = run("trace", "routed", "--break", "no-route", "--break", "dead-pod", "--json")
    assert one.returncode == 0, one.stderr
    assert one.stdout == other.stdout


def test_check_says_that_a_built_in_scenario_is_sound() -> None:
    told = run("check", "service")
    assert told.returncode == 0
    assert "sound" in told.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trace", "nowhere"), "nowhere: scenario: there is none of this name, expected one of pod,"),
        (("trace", "../../etc/passwd"), "../../etc/passwd"),
        (("trace", "overlay", "--set", "colour"), "expected NAME=VALUE"),
        (("trace", "overlay", "--set", "colour=red"), "colour"),
        (("trace", "service", "--set", "backend=far"), "expected one of remote, local, self, web, none"),
        (("trace", "overlay", "--break", "colour"), "there is no such break, expected one of no-fdb,"),
        (("trace", "pigeon", "--break", "colour"), "there is no such break, and this scenario has none"),
        (("trace", "routed", "--set", "fabric=l2", "--break", "no-route"), "expected fabric=cloud"),
        (("trace", "overlay", "--from", "pod/nobody"), "nobody"),
        (("trace", "overlay", "--to", "10.244.1.999"), "10.244.1.999"),
        (("trace", "overlay", "--protocol", "sctp"), "invalid choice: 'sctp'"),
        (("trace", "overlay", "--seed", "-1"), "--seed"),
        (("trace", "overlay", "--grain", "atoms"), "invalid choice: 'atoms'"),
        (("serve", "--port", "99999"), "expected a port from 0 to 65535"),
        (("fly",), "invalid choice: 'fly'"),
        (("check", "/nonexistent.yaml"), "/nonexistent.yaml"),
    ],
)
def test_bad_input_is_answered_with_place_and_remedy(words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert refused.returncode == 2, refused.stdout
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_file_on_standard_input_may_be_anything() -> None:
    refused = run("trace", "-", stdin="apiVersion: [\x00")
    assert refused.returncode == 2
    assert refused.stderr.startswith("-:")


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    script = f"{PROGRAM} trace load-balancer --grain steps | head -1; exit ${{PIPESTATUS[0]}}"
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_an_address_in_use_is_said_so() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = run("serve", "--port", str(taken.getsockname()[1]))
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
