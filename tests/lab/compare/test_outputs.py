"""What a command prints differently is said line by line, with the place and the moment."""

from app.kernel.show import commands_for, show
from app.kernel.world import World
from app.lab.compare.outputs import output_rows
from app.lab.compare.rows import differences
from app.lab.job import NOT_INSTALLED
from tests.kernel.small_world import small_world


def printed(world: World) -> dict[str, dict[str, str]]:
    """As if the kernel printed what we do."""
    return {
        netns.id: {command: show(world, netns.id, command).text for command in commands_for(netns)}
        for netns in world.netns.values()
    }


def test_a_world_does_not_differ_from_itself_and_each_command_is_a_row() -> None:
    world = small_world()
    texts = printed(world)
    rows = list(output_rows(world, texts, "before"))
    assert not differences(rows)
    assert len(rows) == sum(map(len, texts.values()))
    assert rows[0].computed == rows[0].kernel == "`ip addr` before: 28 lines"


def test_another_state_is_said_in_words() -> None:
    world = small_world()
    texts = printed(world)
    texts["node"]["ip neigh"] = texts["node"]["ip neigh"].replace("REACHABLE", "DELAY")
    assert differences(output_rows(world, texts, "after")) == [
        "node `ip neigh` after: computed '10.244.1.3 dev cbr0 lladdr 0a:58:0a:f4:01:03 REACHABLE',"
        " kernel '10.244.1.3 dev cbr0 lladdr 0a:58:0a:f4:01:03 DELAY'"
    ]


def test_a_line_that_one_side_lacks_stands_beside_nothing() -> None:
    world = small_world()
    texts = printed(world)
    texts["node"]["ip route"] += "\n203.0.113.0/24 dev eth0 scope link"
    (found,) = (row for row in output_rows(world, texts, "before") if row.difference)
    assert (found.computed, found.kernel) == (None, "203.0.113.0/24 dev eth0 scope link")
    assert found.difference and found.difference.startswith(
        "node `ip route` before: computed nothing, kernel '203"
    )


def test_a_program_that_is_not_installed_is_not_compared() -> None:
    world = small_world()
    texts = {"node": {"brctl show": f"brctl{NOT_INSTALLED}\n", "ip route": ""}}
    assert all("ip route" in difference for difference in differences(output_rows(world, texts, "before")))
