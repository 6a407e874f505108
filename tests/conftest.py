"""What all tests share: whether the kernel can be asked at all, and how large a part of the sweep is run."""

import os
from zlib import crc32

import pytest

from app.lab.ability import why_not


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share",
        type=int,
        default=1,
        metavar="N",
        help="of the sweep, run one test in N: always the same ones",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One in N of each family of the sweep's cases, by their names: every machine takes the same ones, whatever others are added."""
    share = config.getoption("--share")
    left_out = [item for item in items if is_one_of_many(item) and crc32(item.nodeid.encode()) % share]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def is_one_of_many(item: pytest.Item) -> bool:
    return item.get_closest_marker("sweep") is not None and "[" in item.name


@pytest.fixture(scope="session")
def kernel() -> None:
    """Skips loudly on a machine that cannot make a sandbox; fails where KERNEL_TESTS=required is set."""
    if why := why_not():
        if os.environ.get("KERNEL_TESTS") == "required":
            pytest.fail(f"the kernel must be asked here, but {why}")
        pytest.skip(f"NOT COMPARED WITH THE KERNEL: {why}")
