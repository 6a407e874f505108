"""The text that builds a world, read as an administrator would."""

from app.kernel.netns import IP_FORWARD
from app.kernel.world import World
from app.lab import build
from app.lab.job import Command, Sysctl
from tests.kernel.small_world import small_world


def batches(world: World, netns: str | None, program: str) -> list[str]:
    """Every line given to `ip -batch` or `bridge -batch` in a namespace."""
    texts = [c.text for c in build.setup(world) if c.netns == netns and c.argv[0] == program]
    return "".join(texts).splitlines()


def test_every_pair_is_made_once_and_from_outside() -> None:
    pairs = batches(small_world(), None, "ip")
    assert len(pairs) == 5, "four children and one cable"
    assert pairs[0] == (
        "link add vethxxx netns node index 3 address 2e:00:00:00:01:02 mtu 1500"
        " type veth peer name eth0 netns node_a index 2 address 0a:58:0a:f4:01:02 mtu 1500"
    )


def test_ports_join_in_the_order_of_the_world() -> None:
    joined = [line for line in batches(small_world(), "node", "ip") if " master " in line]
    assert joined == [f"link set veth{name} master cbr0" for name in ("xxx", "yyy", "down", "lone")]


def test_a_device_that_is_down_stays_down() -> None:
    assert "link set vethdown up" not in batches(small_world(), "node", "ip")
    assert "link set vethxxx up" in batches(small_world(), "node", "ip")


def test_the_kernel_writes_its_own_routes_itself() -> None:
    routes = [line for line in batches(small_world(), "node", "ip") if line.startswith("route add")]
    assert not [line for line in routes if "10.244.1.0/24" in line], (
        "the connected route comes with the address"
    )
    assert (
        "route add unicast 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink proto boot scope global"
        in routes
    )


def test_what_flanneld_wrote_and_what_a_bridge_learned_are_both_written() -> None:
    assert batches(small_world(), "node", "bridge") == [
        "fdb append 4e:f1:a0:00:02:00 dev flannel.1 dst 192.168.2.10 self permanent",
        "fdb add 0a:58:0a:f4:01:02 dev vethxxx master dynamic",
        "fdb add 0a:58:0a:f4:01:03 dev vethyyy master dynamic",
    ]


def test_rules_are_restored_only_where_there_are_some() -> None:
    restored = [c for c in build.setup(small_world()) if c.argv == ("iptables-restore",)]
    assert [command.netns for command in restored] == ["node"]
    assert isinstance(restored[0], Command)
    assert restored[0].text.endswith("COMMIT\n"), "iptables-restore wants a last newline"


def test_a_switch_that_is_off_is_written_too() -> None:
    written = {(found.netns, found.name): found.value for found in build.sysctls(small_world())}
    assert written["node", IP_FORWARD] == "1"
    assert written["node/a", IP_FORWARD] == "0", "its default would come from the machine around the sandbox"
    assert Sysctl("far", "net.ipv6.conf.all.disable_ipv6", "1") in tuple(build.sysctls(small_world()))
