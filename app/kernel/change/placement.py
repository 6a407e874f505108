"""Where a rule may stand: what iptables and the kernel's extensions check before they take it  (xt_check_target; measured)."""

from collections.abc import Mapping

from app.kernel.change.command import CommandRefused
from app.kernel.netfilter import (
    BUILTIN,
    Chain,
    Dnat,
    Masquerade,
    PortMatch,
    Reject,
    Rule,
    Snat,
    TableName,
    Target,
    Verdict,
)
from app.kernel.show.iptables import VERSION

NOT_A_FILTER = (
    f'{VERSION}The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.'
)

HOOKS: Mapping[type, tuple[str, ...]] = {
    Dnat: ("PREROUTING", "OUTPUT"),
    Snat: ("POSTROUTING", "INPUT"),
    Masquerade: ("POSTROUTING",),
}
"""The built-in chains of `nat` in which each translation may stand; a chain of somebody's own is taken on trust."""

NO_INPUT_DEVICE, NO_OUTPUT_DEVICE = ("OUTPUT", "POSTROUTING"), ("PREROUTING", "INPUT")


def check(table: TableName, chain: Chain, rule: Rule, verb: str) -> None:
    """`verb` is how nf_tables calls the operation.  Raises CommandRefused."""
    if rule.protocol is None and (port := next((m for m in rule.matches if isinstance(m, PortMatch)), None)):
        raise CommandRefused(f'{VERSION}unknown option "--{port.end}"')
    if isinstance(rule.target, Dnat) and rule.target.port and rule.protocol not in ("tcp", "udp"):
        raise CommandRefused(f"{VERSION}Need TCP, UDP, SCTP or DCCP with port specification")
    if rule.iif and chain.name in NO_INPUT_DEVICE:
        raise CommandRefused(f"{VERSION}Can't use -i with {chain.name}")
    if rule.oif and chain.name in NO_OUTPUT_DEVICE:
        raise CommandRefused(f"{VERSION}Can't use -o with {chain.name}")
    if table == "nat" and rule.target == Verdict("DROP"):
        raise CommandRefused(NOT_A_FILTER)
    if not stands_well(table, chain, rule.target):
        raise CommandRefused(f"{VERSION} {verb} failed (Invalid argument): rule in chain {chain.name}")


def stands_well(table: TableName, chain: Chain, target: Target) -> bool:
    if isinstance(target, Reject):
        return table == "filter"
    if isinstance(target, Dnat | Snat | Masquerade):
        return table == "nat" and (chain.name not in BUILTIN[table] or chain.name in HOOKS[type(target)])
    return True
