"""Another program that reads frames and files: an oracle that knows nothing of this project."""

import os
import shutil

import pytest


def is_here() -> None:
    """Skips loudly on a machine without it; fails where KERNEL_TESTS=required is set."""
    if shutil.which("tshark") is None:
        if os.environ.get("KERNEL_TESTS") == "required":
            pytest.fail("tshark must be asked here, but is not installed")
        pytest.skip("NOT COMPARED WITH TSHARK: not installed")
