"""`packet-journeys show`, as a shell sees it: a namespace of a scenario, in the words of the real commands."""

import pytest

from tests.test_cli import run


def shown(*words: str) -> list[str]:
    told = run("show", *words)
    assert (told.returncode, told.stderr) == (0, ""), told.stderr
    return told.stdout.splitlines()


def test_a_command_with_dashes_of_its_own_needs_no_quotes() -> None:
    heading, *_, tunnel = shown("overlay", "node1", "ip", "-d", "link", "show", "flannel.1")
    assert heading.startswith("6: flannel.1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450")
    assert tunnel.startswith("    vxlan id 1 local 192.168.1.10 dev eth0")


@pytest.mark.parametrize("netns", ["node1/pod1", "pod/pod1", "pod1", "10.244.1.2"])
def test_a_namespace_may_be_called_as_a_probes_end_is(netns: str) -> None:
    assert shown("overlay", netns, "ip", "route")[0] == "default via 10.244.1.1 dev eth0"


def test_before_the_journey_nobody_knows_anybody_and_after_it_the_pod_knows_its_gateway() -> None:
    assert shown("overlay", "pod/pod1", "ip", "neigh") == []
    assert shown("overlay", "pod/pod1", "ip", "neigh", "--after") == [
        "10.244.1.1 dev eth0 lladdr 0a:58:0a:f4:01:01 REACHABLE"
    ]


@pytest.mark.parametrize("at", ["in front", "between", "behind"])
def test_an_option_may_stand_anywhere(at: str) -> None:
    words = ["overlay", "pod/pod4", "ip", "n"]
    place = {"in front": 0, "between": 2, "behind": 4}[at]
    words[place:place] = ["--after"]
    assert shown(*words) == ["10.244.2.1 dev eth0 lladdr 0a:58:0a:f4:02:01 DELAY"]


def test_a_setting_changes_what_is_there() -> None:
    rules = ("node1", "iptables", "-t", "filter", "-S")
    assert not [line for line in shown("service", *rules) if "default/web:http has no endpoints" in line]
    assert shown("service", "node1", "ip", "r", "--set", "network=overlay")[2].startswith(
        "10.244.2.0/24 via 10.244.2.0"
    )


def test_at_a_step_a_connection_is_only_half_made() -> None:
    lines = shown("overlay", "node1", "conntrack", "-L", "--step", "100")
    assert "SYN_SENT" in lines[0] and "[UNREPLIED]" in lines[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("overlay", "host/x", "ip", "r"),
            "NETNS: 'host/x' is no namespace, expected one of node1, node1/pod1",
        ),
        (("overlay", "svc/x", "ip", "r"), "expected one of node1"),
        (
            ("overlay", "node1", "reboot"),
            "node1: 'reboot' is none of the commands that can be shown, expected ip addr",
        ),
        (("overlay", "node1"), "expected ip addr, ip route"),
        (("overlay", "node1", "ip", "r", "--step", "9999"), "--step: there is no step 9999, expected 0 to"),
        (("overlay", "node1", "ip", "r", "--set", "colour=red"), "colour"),
        (("overlay", "node1", "ip", "r", "--step", "one"), "expected a whole number"),
        (("nowhere", "node1", "ip", "r"), "there is none of this name"),
        (("overlay",), "NETNS"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_place_and_remedy(words: tuple[str, ...], said: str) -> None:
    refused = run("show", *words)
    assert refused.returncode == 2, refused.stdout
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
