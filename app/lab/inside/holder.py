"""Runs inside the sandbox and keeps it standing: a job on standard input, a line when it stands, then it waits to be ended.

`python -m app.lab.inside.holder LIFELINE`
"""

import shutil
import sys
import threading
from pathlib import Path

import msgspec

from app.lab import ends
from app.lab.inside import lifeline
from app.lab.inside.namespaces import CommandFailed
from app.lab.inside.worker import prepare
from app.lab.job import Job


def main() -> None:
    lifeline.end_with(int(sys.argv[1]))
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    try:
        prepare(job, named=True)
        Path(shutil.copy(ends.__file__, "/run/ends")).chmod(0o755)
    except (CommandFailed, OSError) as fault:
        sys.exit(str(fault))
    print("stands", flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main()
