"""What is asked at each tracepoint, and how the answer lies in memory.

A drop is found in the namespace of its device, or of its socket where it has no device yet, or of its route.  A look-up
is known by the device it chose; of one that found nothing the kernel says no namespace.  What happens in one namespace,
`own`, is left out: the machine has more to do than these experiments.
"""

import struct
from typing import Final

from app.lab.tracing.bpf import GET_SMP_PROCESSOR_ID, KTIME_GET_NS, Program
from app.lab.tracing.btf import Types

DROP, LOOKUP = 1, 2
PACKET = 128
"""Octets from the network header on: enough for the headers of a packet quoted in an ICMP error or in a tunnel."""

NET_OF_DEVICE = ("net_device.nd_net.net", "net.ns.inum")
NAMESPACES = (
    ("sk_buff.dev", *NET_OF_DEVICE),
    ("sk_buff.sk", "sock.__sk_common.skc_net.net", "net.ns.inum"),
    ("sk_buff._skb_refdst", "dst_entry.dev", *NET_OF_DEVICE),
)
KERNEL_MAY_OWN = "sk_buff.sk"
"""Resets and ICMP leave by sockets of the kernel's, one for all namespaces, which call the first one theirs (ipv4_tcp_sk)."""
DST_POINTER = -2
"""include/linux/skbuff.h: SKB_DST_PTRMASK; the lowest bit says whether the route is counted."""

HEAD: Final = struct.Struct("<QQQ")
"""Kind, time in nanoseconds of the monotonic clock, CPU: how every record begins."""
DROP_TAIL: Final = struct.Struct(f"<QQ3QH6x{PACKET}s")
LOOKUP_TAIL: Final = struct.Struct("<i4xQI4s4sB7x4s16s")


def begun(kind: int, size: int) -> Program:
    program = Program(HEAD.size + size)
    program.write_number(kind, 0)
    program.write_call(KTIME_GET_NS, 8)
    program.write_call(GET_SMP_PROCESSOR_ID, 16)
    return program


def drops(types: Types, ring: int, own: int) -> Program:
    """include/trace/events/skb.h: kfree_skb.  Location, reason, three namespaces, protocol, packet."""
    given = types.parameters("kfree_skb")
    program = begun(DROP, DROP_TAIL.size)
    program.argument(given.index("void"))
    program.write(24)
    program.argument(given.index("skb_drop_reason"))
    program.write(32)
    program.argument(given.index("sk_buff"))
    program.keep()
    for n, (*pointers, last) in enumerate(NAMESPACES):
        program.restore()
        for pointer in pointers:
            program.follow(types.offset(pointer))
            if pointer == "sk_buff._skb_refdst":
                program.mask(DST_POINTER)
        program.read(types.offset(last), 4, 40 + 8 * n)
        if pointers[0] != KERNEL_MAY_OWN:
            program.leave_if(own, 40 + 8 * n)
    program.restore()
    program.read(types.offset("sk_buff.protocol"), 2, 64)
    program.follow(types.offset("sk_buff.network_header"), 2)
    program.keep()
    program.argument(given.index("sk_buff"))
    program.follow(types.offset("sk_buff.head"))
    program.plus_saved()
    program.read(0, PACKET, 72)
    program.send(ring)
    return program


def lookups(types: Types, ring: int, own: int) -> Program:
    """include/trace/events/fib.h: fib_table_lookup.  Error, namespace, device that is asked for, ends, gateway, device."""
    given = types.parameters("fib_table_lookup")
    program = begun(LOOKUP, LOOKUP_TAIL.size)
    program.argument(given.index("int"))
    program.write(24)
    program.argument(given.index("flowi4"))
    program.read(types.offset("flowi4.__fl_common.flowic_oif"), 4, 40)
    program.read(types.offset("flowi4.saddr"), 4, 44)
    program.read(types.offset("flowi4.daddr"), 4, 48)
    program.argument(given.index("fib_nh_common"))
    program.read(types.offset("fib_nh_common.nhc_gw_family"), 1, 52)
    program.read(types.offset("fib_nh_common.nhc_gw.ipv4"), 4, 60)
    program.follow(types.offset("fib_nh_common.nhc_dev"))
    program.read(types.offset("net_device.name"), 16, 64)
    program.follow(types.offset("net_device.nd_net.net"))
    program.read(types.offset("net.ns.inum"), 4, 32)
    program.leave_if(own, 32)
    program.send(ring)
    return program
