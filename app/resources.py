"""Where the data folders are: beside `app/` in a checkout, inside `app/_data/` in an installed wheel."""

from pathlib import Path
from typing import Literal

APP = Path(__file__).resolve().parent


def folder(name: Literal["scenarios", "static", "templates"]) -> Path:
    """The data folder of that name, wherever the program was started from."""
    installed = APP / "_data" / name
    return installed if installed.is_dir() else APP.parent / name
