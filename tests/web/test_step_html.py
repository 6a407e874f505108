"""A step as a list item: complete, on one line, and never markup that came from somewhere else."""

import pytest
from msgspec.structs import replace

from app.diagram.shapes import Station
from app.story.view import Change, Layer, OriginView, Place, StepView
from app.web.capsule import capsule, spoken
from app.web.placing import Placed
from app.web.step_html import StepWriter
from app.web.text import shown

EVIL = "<script>alert('x')</script>\n\r\u2028&\""
ETHERNET: Layer = {
    "layer": "ethernet",
    "src": "0a:00:00:00:00:01",
    "dst": "0a:00:00:00:00:02",
    "type": "ipv4",
}
IPV4: Layer = {"layer": "ipv4", "src": "10.0.0.1", "dst": "10.0.0.2", "ttl": 64}
TCP: Layer = {"layer": "tcp", "sport": 40001, "dport": 80, "flags": ["SYN"]}
NAMES = {"0a:00:00:00:00:01": "pod1", "0a:00:00:00:00:02": "cbr0"}
STEP = StepView(
    seq=7, tick=2, cause=6, hop=1, beat="out", at=Place("node1", "node1", "node1/eth0"), event="Translated",
    function="nf_nat_manip_pkt", skb=3, clone_of=None, packet=[ETHERNET, IPV4, TCP],
    changed=[Change("ipv4.dst", "10.96.0.10", "10.0.0.2")], why="The destination is rewritten.", evidence={},
    origin=OriginView("kube-proxy", "Service/web"), time=5, reply=False,
)  # fmt: skip
STATION = Station("node1/eth0", "node1", 200, 386, 64, 30, 340, 10, 434)
PLACED = Placed(STATION, "M200 291V386", "nat", False)


def item(step: StepView, placed: Placed = PLACED) -> str:
    return StepWriter(NAMES, "/j/service", "?backend=local", 900).item(step, placed)


def test_it_says_what_happened_where_and_by_whom() -> None:
    html = item(STEP)
    for part in ("The destination is rewritten.", "node1/eth0", "kube-proxy", "Service/web", "nf_nat_manip_pkt()",
                 'href="/j/service/7?backend=local"', 'data-way="M200 291V386"', "<s>10.96.0.10</s>", 'id="step-7"'):  # fmt: skip
        assert part in html, f"{part} is missing in {html}"


@pytest.mark.parametrize(
    "step",
    [
        replace(STEP, why=EVIL),
        replace(STEP, function=EVIL),
        replace(STEP, at=Place("n", EVIL, EVIL)),
        replace(STEP, origin=OriginView(EVIL, EVIL)),
        replace(
            STEP,
            packet=[
                {**ETHERNET, "src": EVIL},
                {**IPV4, "src": EVIL},
                {"layer": "http", "method": EVIL, "path": EVIL},
            ],
        ),
        replace(STEP, packet=[{"layer": EVIL, "field": EVIL, EVIL: "x"}]),
        replace(STEP, packet=[{"layer": "http", "status": 200, "headers": {EVIL: EVIL}, "body": EVIL}]),
        replace(STEP, changed=[Change(EVIL, EVIL, EVIL), Change(EVIL, None, EVIL), Change(EVIL, EVIL, None)]),
    ],
)
def test_no_text_becomes_markup_or_ends_the_line(step: StepView) -> None:
    html = item(step, Placed(Station(EVIL, "n", 0, 0, 1, 1, 1, 0, 9), "", "", False))
    assert "<script" not in html
    assert "\n" not in html
    assert "\r" not in html
    assert "alert(&#39;x&#39;)" in html


def test_a_capsule_names_who_sends_to_whom() -> None:
    html, _ = capsule([ETHERNET, IPV4, TCP], NAMES)
    assert "pod1" in html
    assert "10.0.0.1" in html
    assert "SYN" in html


def test_a_tunnelled_frame_is_a_capsule_in_a_capsule_and_both_can_be_read() -> None:
    outer = {**IPV4, "src": "192.168.1.10", "dst": "192.168.2.10"}
    packet = [
        ETHERNET,
        outer,
        {"layer": "udp", "sport": 50000, "dport": 8472},
        {"layer": "vxlan", "vni": 1},
        ETHERNET,
        IPV4,
        TCP,
    ]
    html, wide = capsule(packet, NAMES)
    before, inner = html.split('<div class="inner">')
    assert "192.168.2.10" in before
    assert "+50 B" in before
    assert "10.0.0.2" in inner
    assert wide > capsule([ETHERNET, IPV4, TCP], NAMES)[1]


def test_a_reply_is_drawn_as_one() -> None:
    asked, _ = capsule([IPV4, TCP], NAMES)
    answered, _ = capsule([IPV4, TCP], NAMES, reply=True)
    assert ('class="capsule"' in asked, 'class="capsule reply"' in answered) == (True, True)


def test_a_long_datagram_is_shown_by_its_beginning_and_its_length() -> None:
    long = "hello " * 240
    assert spoken({"layer": "data", "text": long}, {}) == ("data", "hello hello … (1440 bytes)")
    assert spoken({"layer": "data", "text": "hello"}, {}) == ("data", "hello")
    assert len(shown(long)) < 130
