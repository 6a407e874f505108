"""The five hooks of IPv4 and what is registered at them, by priority  (net/netfilter/core.c; include/uapi/linux/netfilter_ipv4.h).

in -> PREROUTING -> route -> INPUT -> socket ... socket -> OUTPUT -> route -> POSTROUTING -> out
                      \\---------------> FORWARD -----------------------------^
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from app.datapath.ip_fragment import nf_defrag_ipv4
from app.datapath.kernel import Kernel, Walk
from app.datapath.nf_chains import At, ipt_do_table
from app.datapath.nf_conntrack import nf_confirm, nf_conntrack_in
from app.datapath.nf_nat import nf_nat_inet_fn
from app.kernel.netfilter import Hook, TableName
from app.kernel.skb import Skb

HookFn = Callable[[Kernel, Skb, At], Walk[Skb]]


class Registered(NamedTuple):
    """A function at a hook.  `table` is whose chains it walks; None: it is there as soon as connections are tracked."""

    priority: int
    table: TableName | None
    run: HookFn


defrag = Registered(-400, None, nf_defrag_ipv4)
raw = Registered(-300, "raw", partial(ipt_do_table, table="raw"))
conntrack = Registered(-200, None, nf_conntrack_in)
mangle = Registered(-150, "mangle", partial(ipt_do_table, table="mangle"))
nat_dst = Registered(-100, None, partial(nf_nat_inet_fn, manip="dst"))
filter_ = Registered(0, "filter", partial(ipt_do_table, table="filter"))
security = Registered(50, "security", partial(ipt_do_table, table="security"))
nat_src = Registered(100, None, partial(nf_nat_inet_fn, manip="src"))
late_security = security._replace(priority=150)
confirm = Registered(2**31 - 1, None, nf_confirm)

HOOKS: Mapping[Hook, tuple[Registered, ...]] = {
    "PREROUTING": (defrag, raw, conntrack, mangle, nat_dst),
    "INPUT": (mangle, filter_, nat_src, late_security, confirm),
    "FORWARD": (mangle, filter_, security),
    "OUTPUT": (defrag, raw, conntrack, mangle, nat_dst, filter_, security),
    "POSTROUTING": (mangle, nat_src, confirm),
}
"""iptables-nft registers `security` at 150, after source NAT; where there is none the order is the same with 50."""


def nf_hook(
    k: Kernel, hook: Hook, skb: Skb, *, iif: str | None = None, oif: str | None = None, bridged: bool = False
) -> Walk[Skb]:
    """Run what is registered at a hook, in order of priority; a drop in it ends the packet.  net/netfilter/core.c: nf_hook_slow."""
    rules = k.rules
    chains = rules.at_hook[hook]
    if not rules.conntrack and not chains:
        return skb
    at = At(hook, iif, oif, bridged)
    if skb.clone_of is not None and skb.ct is not None and not skb.ct.confirmed:
        skb = replace(skb, ct=k.netns.learned.conntrack.get(skb.ct.original, skb.ct))  # all copies share one
    for _, table, run in HOOKS[hook]:
        if rules.conntrack if table is None else table in chains:
            skb = yield from run(k, skb, at)
    return skb
