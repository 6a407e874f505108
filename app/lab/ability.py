"""What this machine can hold of a world, and, where it cannot, what is missing and how to come by it."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from msgspec import Struct

from app.kernel.netns import BRIDGE_NF
from app.kernel.world import World
from app.lab.sandbox import UNSHARE

PACKAGES: Mapping[str, str] = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "bridge": "iproute2",
    "nft": "nftables",
    "iptables-restore": "iptables",
    "iptables-save": "iptables",
    "conntrack": "conntrack",
}
"""Every program without which a world cannot be built and read, with the Debian package that brings it."""

FOR_RULES = ("nft", "iptables-restore", "iptables-save", "conntrack")
FOR_ALL = tuple(program for program in PACKAGES if program not in FOR_RULES)

TRIALS: Mapping[str, tuple[str, str]] = {
    "veth": ("ip link add pjv0 type veth peer name pjv1", "CONFIG_VETH (modprobe veth)"),
    "bridge": ("ip link add pjb0 type bridge", "CONFIG_BRIDGE (modprobe bridge)"),
    "VXLAN": ("ip link add pjx0 type vxlan id 1 dstport 8472", "CONFIG_VXLAN (modprobe vxlan)"),
    "br_netfilter": (
        f"cat /proc/sys/{BRIDGE_NF.replace('.', '/')}",
        "CONFIG_BRIDGE_NETFILTER (modprobe br_netfilter)",
    ),
    "NAT": (
        "iptables -t nat -A POSTROUTING -m conntrack --ctstate NEW -j MASQUERADE",
        "CONFIG_NF_NAT and nf_tables",
    ),
}
"""What is tried in a sandbox for each thing that a kernel may lack, and what to ask the kernel's maker for."""

MARK = "can: "


class Ability(Struct, frozen=True):
    """`programs` are installed, `features` work; `no_sandbox` says why there are none, None if there are."""

    programs: frozenset[str]
    features: frozenset[str]
    no_sandbox: str | None = None


@cache
def ability() -> Ability:
    """Tried once for each run of the program: in one sandbox, that leaves nothing."""
    programs = frozenset(program for program in PACKAGES if shutil.which(program))
    if not programs.issuperset(FOR_ALL):
        return Ability(programs, frozenset(), f"it takes {', '.join(FOR_ALL)}")
    trials = "\n".join(
        f"{command} >/dev/null 2>&1 && echo '{MARK}{name}'" for name, (command, _) in TRIALS.items()
    )
    script = f"mount -n -t tmpfs lab /run || exit 1\nip link set lo up || exit 1\n{trials}\nexit 0"
    done = subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return Ability(programs, frozenset(), done.stderr.strip() or "unshare failed")
    lines = done.stdout.splitlines()
    return Ability(programs, frozenset(line.removeprefix(MARK) for line in lines if line.startswith(MARK)))


def lacking(world: World, here: Ability) -> str | None:
    """One line: what is missing for this world, and what to install; None if nothing is."""
    return next(complaints(programs_for(world), features_for(world), here), None)


def why_not() -> str | None:
    """One line: what keeps this machine from holding every world; None if nothing does."""
    return next(complaints(PACKAGES, TRIALS, ability()), None)


def complaints(programs: Iterable[str], features: Iterable[str], here: Ability) -> Iterator[str]:
    for program in programs:
        if program not in here.programs:
            yield f"{program} is not installed: install the package {PACKAGES[program]}"
    if here.no_sandbox:
        yield (
            f"no sandbox can be made here ({here.no_sandbox}):"
            " allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), or be root"
        )
        return
    for feature in features:
        if feature not in here.features:
            yield f"this kernel has no {feature}: it wants {TRIALS[feature][1]}"


def programs_for(world: World) -> tuple[str, ...]:
    return (
        *FOR_ALL,
        *(FOR_RULES if any(netns.config.rules.tables for netns in world.netns.values()) else ()),
    )


def features_for(world: World) -> Iterator[str]:
    """What of the kernel a world needs, the simplest first."""
    devices = [device for netns in world.netns.values() for device in netns.config.devices.values()]
    kinds = {device.kind for device in devices}
    if kinds & {"veth", "physical"}:
        yield "veth"
    if "bridge" in kinds:
        yield "bridge"
    if any(netns.config.on(BRIDGE_NF) for netns in world.netns.values()):
        yield "br_netfilter"
    if "vxlan" in kinds:
        yield "VXLAN"
    if any(netns.config.rules.tables for netns in world.netns.values()):
        yield "NAT"
