"""A finding told to people, and to programs."""

import msgspec

from app.lab.compare.rows import Row, same
from app.lab.finding import Asked, Finding
from app.lab.report import document, report

ASKED = Asked("overlay", {"network": "routed"}, ("no-fdb",), "pod/pod1", "pod/pod4:8080", "tcp", True)
AGREES = same("frames", "node1", "eth0> SYN 10.244.1.2:40001 > 10.244.2.3:8080, ttl 63")
DIFFERS = Row(
    "frames",
    "node1",
    "vethyyy< SYN, ttl 63",
    "vethyyy< SYN, ttl 64",
    "node1 vethyyy<: computed 63, kernel 64",
)
ALONE = Row("tables", "node2", None, "10.244.2.3 dev cbr0 REACHABLE", "node2 ip neigh: the kernel has it")


def finding(*rows: Row) -> Finding:
    differs = any(row.difference for row in rows)
    return Finding(
        ASKED, "6.18.1", "differs" if differs else "passed", counts={"frames": len(rows)}, rows=rows
    )


def test_both_sides_stand_in_two_columns_with_a_sign_between_right_and_wrong() -> None:
    lines = list(report(finding(AGREES, DIFFERS), 120))
    (equal,) = [line for line in lines if line.startswith("  = ")]
    assert equal.count("eth0> SYN 10.244.1.2:40001") == 2, "what agrees is shown on both sides"
    (unequal,) = [line for line in lines if line.startswith("  ≠ ")]
    assert unequal.split() == ["≠", "vethyyy<", "SYN,", "ttl", "63", "vethyyy<", "SYN,", "ttl", "64"]


def test_what_one_side_has_not_is_nothing() -> None:
    lines = list(report(finding(ALONE), 120))
    assert any("(nothing)" in line and line.rstrip().endswith("REACHABLE") for line in lines)


def test_differences_are_repeated_in_words_at_the_end() -> None:
    told = "\n".join(report(finding(DIFFERS, ALONE), 120))
    assert (
        "2 differences to Linux 6.18.1.\n  node1 vethyyy<: computed 63, kernel 64\n  node2 ip neigh: the kernel has it"
        in told
    )


def test_a_pass_says_against_what_how_much_and_what_stayed_open() -> None:
    told = "\n".join(report(finding(AGREES), 120))
    assert "Nothing differs from Linux 6.18.1." in told
    assert "1 frame," in told
    assert "MASQUERADE" in told, "what is left open is said"


def test_no_line_is_wider_than_the_terminal() -> None:
    assert max(map(len, report(finding(AGREES, DIFFERS, ALONE), 100))) <= 100


def test_what_could_not_be_tried_is_undecided_and_says_why() -> None:
    lines = list(report(Finding(ASKED, "6.18.1", "undecided", why="nft is not installed"), 100))
    assert lines[-1] == "undecided: nft is not installed"


def test_the_document_holds_the_command_that_makes_it_again() -> None:
    told = msgspec.json.decode(msgspec.json.encode(document(finding(DIFFERS))))
    assert told["command"] == "packet-journeys lab overlay --set network=routed --break no-fdb"
    assert (told["schema"], told["verdict"]) == (1, "differs")
    assert told["differences"] == ["node1 vethyyy<: computed 63, kernel 64"]
    assert told["rows"][0]["kernel"] == "vethyyy< SYN, ttl 64"


def test_commands_that_print_the_same_are_only_named() -> None:
    rows = tuple(
        same("outputs", "node1", f"`{command}` before: 7 lines") for command in ("ip addr", "ip route")
    )
    told = "\n".join(report(finding(*rows), 120))
    assert "  = before: ip addr, ip route" in told
