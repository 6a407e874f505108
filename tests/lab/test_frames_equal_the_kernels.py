"""Every built-in scenario, with every option of every setting, frame by frame against the running kernel.

The world of the scenario is built in a sandbox, its probes are sent there by real programs, and every device is
captured.  What the engine computed must be what was seen: on which devices, in which order, with which headers; and what
the kernel has learned by it, as `ip neigh`, `bridge fdb` and `conntrack -L` print it, must be what the engine's last
world holds.
"""

from collections.abc import Iterator

import pytest

from app.controlplane.compile import compile_machines
from app.lab.compare import closest
from app.lab.record import record
from app.scenario.load import load, slugs


def every_setting() -> Iterator[object]:
    for slug in slugs():
        yield pytest.param(slug, {}, id=slug)
        for setting in load(slug).settings:
            for option in setting.options:
                if option.value != setting.default:
                    name = f"{slug} with {setting.name}={option.value}"
                    yield pytest.param(slug, {setting.name: option.value}, id=name)


@pytest.mark.kernel
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("slug", "settings"), list(every_setting()))
def test_what_was_computed_is_what_the_kernel_did(slug: str, settings: dict[str, str]) -> None:
    scenario = load(slug, settings)
    machines = compile_machines(scenario.cluster, scenario.infra)
    recording = record(machines, scenario.acts)
    assert recording.frames, "the captures saw nothing, so there is nothing to compare with"
    found = closest(machines, scenario.acts, recording).differences
    assert not found, "\n".join(("the kernel did something else:", *found))
