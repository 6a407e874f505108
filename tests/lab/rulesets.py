"""Rules that no component of a cluster writes: every way there is through a table, for the lab to try."""

from collections.abc import Iterator

from app.kernel.change import Change
from app.kernel.netfilter import BUILTIN

HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
TRACKED = "-A POSTROUTING -s 192.0.2.1/32 -j MASQUERADE"
"""Concerns nobody, and makes the kernel track connections."""

STATES = """*nat
-A PREROUTING -j MARK --set-xmark 0x1/0x1
-A INPUT
-A OUTPUT
-A POSTROUTING
*filter
-A FORWARD -m conntrack --ctstate NEW
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A OUTPUT -m conntrack --ctstate INVALID -j DROP
"""
CHAINS = """*filter
:FORWARD DROP
:A -
:B -
-A FORWARD -j A
-A FORWARD -m mark --mark 0x3/0x3 -j ACCEPT
-A A -j B
-A A -j MARK --set-xmark 0x2/0x2
-A A -m mark --mark 0x2/0x2 -j RETURN
-A A -j DROP
-A B -j MARK --set-xmark 0x1/0x1
-A B -j RETURN
-A B -j DROP
-A INPUT -j A
-A OUTPUT -j A
"""
MASQUERADE = """*nat
-A POSTROUTING ! -o lo -j MASQUERADE
*filter
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack ! --ctstate NEW
-A INPUT -m conntrack --ctstate SNAT
-A OUTPUT -m conntrack --ctstate SNAT
"""
DEVICES = """*filter
-A FORWARD -i cbr0 -o cbr0
-A FORWARD -i eth+
-A FORWARD ! -o eth0
-A FORWARD -m physdev --physdev-is-in
-A FORWARD -m physdev ! --physdev-is-in
-A INPUT -i lo
-A INPUT -m physdev --physdev-is-in
-A OUTPUT -o lo
-A OUTPUT ! -o cbr0
*mangle
-A PREROUTING -i cbr0
-A PREROUTING -i veth+
-A PREROUTING ! -i cbr0
-A PREROUTING -m physdev --physdev-is-in
-A POSTROUTING -o cbr0
-A POSTROUTING ! -o cbr0
-A POSTROUTING -m physdev --physdev-is-in
"""
PORTS = """*filter
-A FORWARD -p tcp -m tcp --dport 8080
-A FORWARD -p tcp -m tcp --sport 8080
-A FORWARD -p udp -m udp --dport 5353
-A FORWARD -p icmp
-A INPUT -p udp -m udp --dport 8472
-A OUTPUT -p udp -m udp --sport 5353
-A OUTPUT -p icmp
"""


def everywhere(*written: str) -> str:
    """These rules in every chain of every table."""
    return "\n".join(
        f"*{table}\n" + "\n".join(f"-A {hook} {rule}" for hook in hooks for rule in written)
        for table, hooks in BUILTIN.items()
    )


def dropped() -> Iterator[tuple[str, str]]:
    """A drop in every chain of every table, with and without connections."""
    wanted = ("10.244.2.3", "10.244.1.3", "10.244.1.1")
    for table, hook in ((table, hook) for table, hooks in BUILTIN.items() for hook in hooks):
        if table != "nat":  # which may not drop
            lines = "\n".join(f"-A {hook} -d {address}/32 -j DROP" for address in wanted)
            yield f"dropped in {table} {hook}", f"*{table}\n{lines}"
            yield f"dropped in {table} {hook}, tracked", f"*{table}\n{lines}\n*nat\n-A PREROUTING\n{TRACKED}"


def refused() -> Iterator[tuple[str, str]]:
    reject = "-j REJECT --reject-with icmp-port-unreachable"
    for hook in BUILTIN["filter"]:
        yield f"policy of {hook} is DROP", f"*filter\n:{hook} DROP\n-A {hook} -p icmp -j ACCEPT"
        yield f"refused in {hook}", f"*filter\n-A {hook} -p icmp -j ACCEPT\n-A {hook} {reject}"
        answered = f"-A {hook} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A {hook} {reject}"
        yield f"refused in {hook}, tracked", f"*filter\n{answered}\n*nat\n-A OUTPUT\n-A POSTROUTING"


def sent_on() -> Iterator[tuple[str, str]]:
    """Another destination than was asked for, and the sender's address hidden."""
    ends = {
        "a neighbour": "10.244.1.3",
        "the other node": "10.244.2.3",
        "the node": "10.244.1.1",
        "nobody": "10.244.1.99",
        "nowhere": "10.250.0.1",
    }
    for words, address in ends.items():
        lines = (f"-A {hook} -j DNAT --to-destination {address}" for hook in ("PREROUTING", "OUTPUT"))
        watched = "*filter\n-A FORWARD -m conntrack --ctstate DNAT\n-A INPUT\n-A OUTPUT"
        yield (
            f"sent on to {words}",
            "\n".join(("*nat", *lines, "-A POSTROUTING ! -o lo -j MASQUERADE", watched)),
        )


RULESETS: dict[str, str] = {
    "a rule in every chain": everywhere(""),
    "a rule in every chain, tracked": f"{everywhere('')}\n*nat\n-A PREROUTING\n-A INPUT\n{TRACKED}",
    "every rule returns": everywhere("-j RETURN", "-j ACCEPT"),
    "states without NAT": STATES,
    "chains in chains": CHAINS,
    "all masqueraded": MASQUERADE,
    "a source rewritten at INPUT": "*nat\n-A INPUT -j SNAT --to-source 10.244.1.77\n-A OUTPUT",
    "devices": DEVICES,
    "ports": PORTS,
    "kinds of address": "*mangle\n"
    + "\n".join(
        f"-A {hook} -m addrtype {negated}--{end}-type LOCAL"
        for hook in HOOKS
        for negated in ("", "! ")
        for end in ("src", "dst")
    ),
    **dict(dropped()),
    **dict(refused()),
    **dict(sent_on()),
}


def typed_at(netns: str, written: str) -> Iterator[Change]:
    """What `iptables-restore` would read, line by line as somebody types it."""
    table = ""
    for line in written.splitlines():
        if line.startswith("*"):
            table = line[1:]
        else:
            yield Change(netns, f"iptables -t {table} {operation(line)}")


def operation(line: str) -> str:
    """`:CHAIN POLICY`, which is `-` for a chain that somebody made; a rule is typed as it is written."""
    if not line.startswith(":"):
        return line
    name, policy = line[1:].split()
    return f"-N {name}" if policy == "-" else f"-P {name} {policy}"
