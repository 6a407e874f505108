"""A scenario as a shell script: it is readable, it runs, it gives the computed answer, and it leaves nothing behind."""

import errno
import os
import re
import subprocess

import pytest

from app.datapath.events import ProbeEnded
from app.kernel.show import show
from app.lab.job import Errand
from app.lab.programs import errands, octets
from app.lab.sandbox import UNSHARE
from app.lab.script import WIDTH, name, script
from app.scenario.load import load, slugs
from app.scenario.model import Break, Scenario
from app.simulate import machines_of, walk
from tests.kernel.test_show import settled

TIME_LIMIT = 60  # seconds
SEEDS = 16
MARK = "---- "
REMNANTS = """
remnants() {
    ip netns
    find /tmp -mindepth 1 ! -name lab.sh
    grep '^lab ' /proc/self/mounts || true
    tries=500
    while running | grep -q . && [ "$tries" -gt 0 ]; do tries=$((tries - 1)); sleep 0.01; done
    running
}
running() {
    pgrep -f 'ends.py serv[e]'
    readlink /proc/[0-9]*/ns/net | sort -u | tail -n +2
}
"""
"""What is still there: names, files, mounts; and servers or namespaces beside one's own that do not end in five seconds."""


def text_of(scenario: Scenario) -> str:
    return "".join(f"{line}\n" for line in script(scenario))


def run(scenario: Scenario, *commands: str) -> list[str]:
    """What each command prints, all in one sandbox with its own /tmp, where `lab.sh` is the scenario's script."""
    steps = "".join(f"echo '{MARK}'\n( {command} ) 2>&1 || echo \"failed: $?\"\n" for command in commands)
    inside = f"{REMNANTS}\nmount -t tmpfs own /tmp && cd /tmp && cat >lab.sh\n{steps}"
    done = subprocess.run(
        [*UNSHARE, "bash", "-c", inside],
        input=text_of(scenario),
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=True,
    )
    return done.stdout.split(f"{MARK}\n")[1:]


def computed(scenario: Scenario, seed: int) -> str:
    """What the probes print, by this throw of the dice."""
    ends = [
        step.event
        for step in walk(machines_of(scenario), scenario.acts, seed)
        if isinstance(step.event, ProbeEnded)
    ]
    return "".join(map(printed, ends, errands(scenario.acts)))


def printed(end: ProbeEnded, errand: Errand) -> str:
    if end.error:
        return f"{end.error}: {os.strerror(getattr(errno, end.error))}\n"
    if errand.protocol == "icmp":
        return f"{len(errand.octets)} octets came back\n"
    assert end.message
    return octets(end.message).decode().replace("\r", "") + "\n"


def is_for_defaults(slug: str, own: Break) -> bool:
    """Can it be chosen without another setting?"""
    return all(load(slug).chosen[name] in options for name, options in own.when.items())


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("slug", slugs())
def test_the_answer_is_the_computed_one_and_nothing_stays(slug: str) -> None:
    scenario = load(slug)
    once = ("sh lab.sh up", "sh lab.sh probe", "sh lab.sh down", "remnants")
    both = run(scenario, *once, *once)
    expected = {computed(scenario, seed) for seed in range(SEEDS)}
    for up, answer, down, left in (both[:4], both[4:]):
        assert (up, down, left) == ("", "", ""), "it says nothing where all is well, and nothing is left"
        assert answer in expected


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("slug", ["overlay", "service", "load-balancer"])
def test_its_tables_are_those_of_the_world(slug: str) -> None:
    scenario = load(slug)
    world = machines_of(scenario).world
    asked = [
        (netns, command)
        for netns in world.netns
        for command in ("ip route", "ip neigh", "bridge fdb", "iptables-save", "ss -tln", "ss -uln")
    ]
    commands = [f"ip netns exec {name(netns)} {command}" for netns, command in asked]
    _, *theirs, _ = run(scenario, "sh lab.sh up", *commands, "sh lab.sh down")
    for (netns, command), printed in zip(asked, theirs, strict=True):
        assert settled(command, printed) == settled(command, show(world, netns, command).text), (
            f"{command} in {netns}"
        )


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_what_is_there_already_is_not_touched() -> None:
    scenario = load("pod")
    foreign = "mount -t tmpfs lab /run && ip netns add pj-node1"
    _, refused, left = run(scenario, foreign, "sh lab.sh up", "ip netns; ls /run")
    assert (
        refused
        == "lab.sh: /run/netns/pj-node1 is there already; if it is of an earlier run: sh lab.sh down\nfailed: 1\n"
    )
    assert left == "pj-node1\nnetns\n"


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_a_stranger_in_a_machine_is_not_killed() -> None:
    stranger = "ip netns exec pj-cloud sleep 1000 >/dev/null 2>&1 & echo $! >/tmp/stranger"
    _, _, _, lives = run(
        load("pod"), "sh lab.sh up", stranger, "sh lab.sh down", "kill $(cat /tmp/stranger) && echo lived"
    )
    assert lives == "lived\n"


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_half_a_network_is_none() -> None:
    """A command that fails in the middle takes all with it."""
    broken = "sed -i 's/^    settle$/    false/' lab.sh"
    _, up, left = run(load("intra-node"), broken, "sh lab.sh up", "remnants")
    assert up == "failed: 1\n"
    assert left == ""


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
def test_alone_it_goes_up_asks_and_comes_down() -> None:
    answer, left = run(load("intra-node"), "sh lab.sh", "remnants")
    assert answer.endswith("hello from pod2\n")
    assert left == ""


BROKEN = [(slug, own.name) for slug in slugs() for own in load(slug).breaks if is_for_defaults(slug, own)]
CHOICE = [("routed", "no-route-in-cloud"), ("intra-node", "dead-pod"), ("routed", "closed-port")]


def breaks_as_computed(slug: str, name: str) -> None:
    scenario = load(slug, breaks=(name,))
    _, answer, _, left = run(scenario, "sh lab.sh up", "sh lab.sh probe", "sh lab.sh down", "remnants")
    assert answer in {computed(scenario, seed) for seed in range(SEEDS)}
    assert left == ""


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("slug", "name"), CHOICE)
def test_what_is_broken_gives_the_computed_error(slug: str, name: str) -> None:
    breaks_as_computed(slug, name)


@pytest.mark.sweep
@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("slug", "name"), [own for own in BROKEN if own not in CHOICE])
def test_so_does_every_other_break(slug: str, name: str) -> None:
    breaks_as_computed(slug, name)


def test_every_line_says_what_for_and_by_whom() -> None:
    text = text_of(load("overlay"))
    assert (
        "    # Where frames for a MAC go (flanneld for Node/node2)\n"
        "    bridge -n pj-node1 fdb append 4e:f1:a0:00:02:00 dev flannel.1 dst 192.168.2.10 self permanent\n"
    ) in text
    assert "# kube-proxy for Service/default/remote\n-A KUBE-SERVICES" in text_of(load("service"))


@pytest.mark.parametrize("slug", slugs())
def test_a_comment_fits_on_a_line_and_no_mark_is_left(slug: str) -> None:
    lines = text_of(load(slug)).splitlines()
    assert not [line for line in lines if re.match(r" *# ", line) and len(line) > WIDTH]
    assert not [line for line in lines if line.startswith("#: ")]
