"""The five hooks of IPv4 and what is registered at them, by priority  (net/netfilter/core.c; include/uapi/linux/netfilter_ipv4.h).

in -> PREROUTING -> route -> INPUT -> socket ... socket -> OUTPUT -> route -> POSTROUTING -> out
                      \\---------------> FORWARD -----------------------------^
"""

from collections.abc import Callable, Mapping
from functools import partial

from app.datapath.kernel import Kernel, Walk
from app.datapath.nf_chains import At, ipt_do_table
from app.datapath.nf_conntrack import nf_confirm, nf_conntrack_in
from app.datapath.nf_nat import nf_nat_inet_fn
from app.kernel.netfilter import Hook
from app.kernel.skb import Skb

HookFn = Callable[[Kernel, Skb, At], Walk[Skb]]
RAW, CONNTRACK, MANGLE, NAT_DST, FILTER, SECURITY, NAT_SRC, CONFIRM = (
    -300,
    -200,
    -150,
    -100,
    0,
    50,
    100,
    2**31 - 1,
)

raw, mangle, filter_, security = (
    partial(ipt_do_table, table=t) for t in ("raw", "mangle", "filter", "security")
)
nat_dst, nat_src = (partial(nf_nat_inet_fn, manip=m) for m in ("dst", "src"))

HOOKS: Mapping[Hook, tuple[tuple[int, HookFn], ...]] = {
    "PREROUTING": ((RAW, raw), (CONNTRACK, nf_conntrack_in), (MANGLE, mangle), (NAT_DST, nat_dst)),
    "INPUT": ((MANGLE, mangle), (FILTER, filter_), (NAT_SRC, nat_src), (SECURITY + 100, security), (CONFIRM, nf_confirm)),
    "FORWARD": ((MANGLE, mangle), (FILTER, filter_), (SECURITY, security)),
    "OUTPUT": ((RAW, raw), (CONNTRACK, nf_conntrack_in), (MANGLE, mangle), (NAT_DST, nat_dst), (FILTER, filter_), (SECURITY, security)),
    "POSTROUTING": ((MANGLE, mangle), (NAT_SRC, nat_src), (CONFIRM, nf_confirm)),
}  # fmt: skip
"""iptables-nft registers `security` at 150, after source NAT; elsewhere the order is the same with 50."""


def nf_hook(
    k: Kernel, hook: Hook, skb: Skb, *, iif: str | None = None, oif: str | None = None, bridged: bool = False
) -> Walk[Skb]:
    """Run what is registered at a hook, in order of priority; a drop in it ends the packet.  net/netfilter/core.c: nf_hook_slow."""
    rules = k.rules
    if not rules.conntrack and not rules.at_hook[hook]:
        return skb
    at = At(hook, iif, oif, bridged)
    for _, registered in HOOKS[hook]:
        skb = yield from registered(k, skb, at)
    return skb
