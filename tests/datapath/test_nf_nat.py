"""Translation: written once into the reply tuple, applied where the kernel applies it, undone for every answer (R5, R7)."""

import pytest

from app.datapath.drop import DropReason
from app.datapath.events import HookPassed, Translated
from app.datapath.nf_chains import At
from app.datapath.nf_nat import nf_nat_inet_fn
from app.kernel.conntrack import Conn, FlowTuple
from app.kernel.device import Device
from app.kernel.netns import Netns, netns
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.wire.packet import Icmp
from tests.iptables import rules
from tests.stages import Ran, frame, packet, run, tcp, udp
from tests.worlds import LO, device

WRITER = Origin("kube-proxy", "Service/default/web")
CLIENT, VIP, SERVER, OWN = "10.1.0.9", "10.96.0.1", "10.2.0.9", "192.0.2.1"
PRE, POST = At("PREROUTING", "east", None), At("POSTROUTING", "east", "west")


def router(text: str, *taken: Conn) -> Netns:
    west = device("west", "physical", f"{OWN}/24")
    machine = netns("router", (LO, west), rules=rules(f"*nat\n{text}", WRITER))
    return machine.learn(conntrack={key: conn for conn in taken for key in (conn.original, conn.reply)})


def new(skb: Skb) -> Skb:
    """The first packet of a connection, as conntrack has just made it."""
    ip, l4 = skb.ip, skb.ip.payload
    ends = (l4.id, l4.id) if isinstance(l4, Icmp) else (l4.sport, l4.dport)
    kind = l4.type if isinstance(l4, Icmp) else 0
    flow = FlowTuple(ip.protocol, ip.src, ends[0], ip.dst, ends[1], kind)
    return frame(ip, ct=Conn(flow, flow.reversed, "SYN_SENT"), ctinfo="NEW")


def dnat(text: str, skb: Skb) -> Ran:
    return run(router(f"-A PREROUTING {text}"), nf_nat_inet_fn, new(skb), PRE, "dst")


def snat(text: str, skb: Skb, *taken: Conn, seed: int = 0) -> Ran:
    at = router(f"-A POSTROUTING {text}", *taken)
    return run(at, nf_nat_inet_fn, new(skb), POST, "src", seed=seed)


TO_VIP = frame(packet(CLIENT, VIP, tcp(40001, 80)))
TO_SERVER = frame(packet(CLIENT, SERVER, tcp(40001, 80)))
PING = frame(packet(CLIENT, SERVER, Icmp(8, 0, id=777, sequence=1)))


def test_a_dnat_rewrites_address_and_port_and_expects_the_answer_from_there() -> None:
    ran = dnat(f"-d {VIP}/32 -p tcp --dport 80 -j DNAT --to-destination {SERVER}:8080", TO_VIP)
    skb = ran.result
    assert (skb.ip.dst, skb.ip.payload.dport) == (SERVER, 8080)
    assert skb.ct.original.dst == VIP
    assert skb.ct.reply == FlowTuple("tcp", SERVER, 8080, CLIENT, 40001)
    event = ran.one(Translated)
    assert (event.kind, event.first, event.origin) == ("DNAT", True, WRITER)


def test_a_dnat_without_a_port_keeps_it() -> None:
    assert dnat(f"-j DNAT --to-destination {SERVER}", TO_VIP).result.ip.payload.dport == 80


def test_udp_ports_are_translated_like_tcp_ones() -> None:
    query = frame(packet(CLIENT, VIP, udp(40001, 53)))
    ip = dnat(f"-p udp --dport 53 -j DNAT --to-destination {SERVER}:5353", query).result.ip
    assert (ip.dst, ip.payload.dport) == (SERVER, 5353)


def test_a_masquerade_takes_the_address_of_the_way_out_and_keeps_a_free_port() -> None:
    """Section 6: 10.244.1.2:40001 becomes 192.168.1.10:40001."""
    skb = snat("-o west -j MASQUERADE", TO_SERVER).result
    assert (skb.ip.src, skb.ip.payload.sport) == (OWN, 40001)
    assert skb.ct.reply == FlowTuple("tcp", SERVER, 80, OWN, 40001)


def masquerading(oif: str, skb: Skb, *devices: Device) -> Ran:
    machine = netns("router", (LO, *devices), rules=rules("*nat\n-A POSTROUTING -j MASQUERADE", WRITER))
    return run(machine, nf_nat_inet_fn, new(skb), At("POSTROUTING", None, oif), "src")


def test_over_lo_a_masquerade_takes_an_address_that_others_know() -> None:
    """Found by the lab: 127.0.0.1 is of scope host, so inet_select_addr goes on to the first device that has another."""
    east, west = (
        device("east", "physical", "192.0.2.1/24"),
        device("west", "physical", "198.51.100.1/24"),
    )
    assert masquerading("lo", TO_SERVER, east, west).result.ip.src == "192.0.2.1"


def test_of_a_device_with_two_addresses_the_one_on_the_next_hops_net_is_taken() -> None:
    both = device("west", "physical", "192.0.2.1/24", "10.2.0.1/24")
    assert masquerading("west", TO_SERVER, both).result.ip.src == "10.2.0.1"


def test_a_masquerade_for_which_the_machine_has_no_address_is_a_drop() -> None:
    """nf_nat_masquerade_ipv4: `ate my IP address`, NF_DROP."""
    ran = masquerading("west", TO_SERVER, device("west", "physical"))
    assert ran.drop and (ran.drop.reason, ran.drop.by) == (DropReason.NETFILTER_DROP, WRITER)
    assert ran.one(HookPassed).verdict == "DROP"


def test_snat_takes_the_address_it_is_told() -> None:
    ip = snat("-j SNAT --to-source 198.51.100.11", TO_SERVER).result.ip
    assert (ip.src, ip.payload.sport) == ("198.51.100.11", 40001)


def taken(source: str, port: int = 40001) -> Conn:
    """Somebody else's connection to the same server, already masqueraded to this port."""
    flow = FlowTuple("tcp", source, port, SERVER, 80)
    return Conn(flow, FlowTuple("tcp", SERVER, 80, OWN, port), "ESTABLISHED", confirmed=True)


def test_a_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    """get_unique_tuple: two senders, one source port, one destination."""
    ip = snat("-j MASQUERADE", TO_SERVER, taken("10.1.0.77")).result.ip
    assert ip.src == OWN
    assert ip.payload.sport != 40001
    assert 1024 <= ip.payload.sport <= 65535


def test_the_same_port_to_another_server_is_no_clash() -> None:
    elsewhere = frame(packet(CLIENT, "10.2.0.77", tcp(40001, 80)))
    assert snat("-j MASQUERADE", elsewhere, taken("10.1.0.77")).result.ip.payload.sport == 40001


def random_port(seed: int) -> int:
    port = snat("-j MASQUERADE --random-fully", TO_SERVER, seed=seed).result.ip.payload.sport
    assert isinstance(port, int)
    return port


def test_random_fully_never_keeps_the_port_and_is_a_function_of_the_seed() -> None:
    assert random_port(0) == random_port(0)
    assert len({random_port(seed) for seed in range(3)}) == 3
    assert 40001 not in {random_port(seed) for seed in range(3)}


def test_an_echo_keeps_its_identifier_unless_it_is_taken() -> None:
    assert snat("-j MASQUERADE", PING).result.ip.payload.id == 777
    flow = FlowTuple("icmp", "10.1.0.77", 777, SERVER, 777, 8)
    other = Conn(flow, FlowTuple("icmp", SERVER, 777, OWN, 777), "REPLIED", confirmed=True)
    assert snat("-j MASQUERADE", PING, other).result.ip.payload.id != 777


def test_random_fully_changes_an_echos_identifier_too() -> None:
    """Measured: id 777 left as 28251, `type=0 code=0 id=28251` in the reply tuple."""
    skb = snat("-j MASQUERADE --random-fully", PING).result
    assert skb.ip.payload.id != 777
    assert skb.ct.reply.dport == skb.ip.payload.id


def test_ports_are_chosen_above_1023_and_identifiers_from_all() -> None:
    """nf_nat_l4proto_unique_tuple: 1024..65535, for an echo 0..65535."""
    assert min(random_port(seed) for seed in range(300)) >= 1024
    chosen = [
        snat("-j MASQUERADE --random-fully", PING, seed=seed).result.ip.payload.id for seed in range(300)
    ]
    assert min(chosen) < 1024


def test_without_a_rule_that_matches_nothing_is_translated_but_the_chain_was_walked() -> None:
    ran = dnat("-d 10.9.9.9/32 -j DNAT --to-destination 10.2.0.9", TO_VIP)
    assert ran.names == ["HookPassed"]
    assert ran.result.ip == TO_VIP.ip


KNOWN = Conn(
    FlowTuple("tcp", CLIENT, 40001, VIP, 80), FlowTuple("tcp", SERVER, 8080, OWN, 50000), "ESTABLISHED",
    confirmed=True, seen_reply=True, assured=True,
)  # fmt: skip
RULES = "-A PREROUTING -j DNAT --to-destination 10.9.9.9\n-A POSTROUTING -j MASQUERADE\n-A INPUT\n-A OUTPUT"


def later(src: str, sport: int, dst: str, dport: int, direction: str) -> Skb:
    """A packet of the connection CLIENT to VIP, translated to SERVER and seen as OWN."""
    what = packet(src, dst, tcp(sport, dport, "ACK"))
    return frame(what, ct=KNOWN, ctinfo="ESTABLISHED", direction=direction)


@pytest.mark.parametrize(
    ("hook", "manip", "skb", "kind", "ends"),
    [
        (
            "PREROUTING",
            "dst",
            later(CLIENT, 40001, VIP, 80, "original"),
            "DNAT",
            (CLIENT, 40001, SERVER, 8080),
        ),
        ("OUTPUT", "dst", later(CLIENT, 40001, VIP, 80, "original"), "DNAT", (CLIENT, 40001, SERVER, 8080)),
        (
            "POSTROUTING",
            "src",
            later(CLIENT, 40001, SERVER, 8080, "original"),
            "SNAT",
            (OWN, 50000, SERVER, 8080),
        ),
        (
            "PREROUTING",
            "dst",
            later(SERVER, 8080, OWN, 50000, "reply"),
            "un-SNAT",
            (SERVER, 8080, CLIENT, 40001),
        ),
        (
            "POSTROUTING",
            "src",
            later(SERVER, 8080, CLIENT, 40001, "reply"),
            "un-DNAT",
            (VIP, 80, CLIENT, 40001),
        ),
        ("INPUT", "src", later(SERVER, 8080, CLIENT, 40001, "reply"), "un-DNAT", (VIP, 80, CLIENT, 40001)),
    ],
    ids=["DNAT in PRE", "DNAT in OUT", "SNAT in POST", "un-SNAT in PRE", "un-DNAT in POST", "un-DNAT in IN"],
)
def test_r7_where_each_end_is_translated(
    hook: str, manip: str, skb: Skb, kind: str, ends: tuple[str, int, str, int]
) -> None:
    """From the entry, without a rule hit (R5); in IN where the answer ends on the machine itself."""
    ran = run(router(RULES), nf_nat_inet_fn, skb, At(hook, "east", "west"), manip)  # type: ignore[arg-type]
    ip = ran.result.ip
    assert (ip.src, ip.payload.sport, ip.dst, ip.payload.dport) == ends
    event = ran.one(Translated)
    assert (event.kind, event.first, event.origin) == (kind, False, None)
    assert not ran.all(HookPassed), "no nat chain is walked for a known connection"


def test_an_untracked_packet_is_never_translated() -> None:
    ran = run(router(RULES), nf_nat_inet_fn, TO_VIP, PRE, "dst")
    assert (ran.result, ran.events) == (TO_VIP, [])


@pytest.mark.parametrize(("hook", "manip"), [("PREROUTING", "dst"), ("POSTROUTING", "src")])
def test_an_error_about_a_translated_connection_is_translated_with_what_it_quotes(
    hook: str, manip: str
) -> None:
    """nf_nat_icmp_reply_translation: outside it goes to OWN about OWN's packet, inside to CLIENT about CLIENT's."""
    quoted = (
        packet(OWN, SERVER, tcp(50000, 8080)) if manip == "dst" else packet(CLIENT, SERVER, tcp(40001, 8080))
    )
    error = packet(SERVER, OWN if manip == "dst" else CLIENT, Icmp(3, 1, quoted))
    skb = frame(error, ct=KNOWN, ctinfo="RELATED", direction="reply")
    ip = run(router(RULES), nf_nat_inet_fn, skb, At(hook, "east", "west"), manip).result.ip  # type: ignore[arg-type]
    about = ip.payload.quoted
    if manip == "dst":
        assert (ip.dst, about.src, about.payload.sport) == (CLIENT, CLIENT, 40001)
    else:
        assert (ip.src, about.dst, about.payload.dport) == (VIP, VIP, 80)
