"""Where the kernel can be asked at all."""

import os

import pytest

from app.lab.ability import why_not


@pytest.fixture(scope="session")
def kernel() -> None:
    """Skips loudly on a machine that cannot make a sandbox; fails where KERNEL_TESTS=required is set."""
    if why := why_not():
        if os.environ.get("KERNEL_TESTS") == "required":
            pytest.fail(f"the kernel must be asked here, but {why}")
        pytest.skip(f"NOT COMPARED WITH THE KERNEL: {why}")
