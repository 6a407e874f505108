"""The names of the kernel's functions by address: /proc/kallsyms (kernel/kallsyms.c; addresses are zeros without the right to see them)."""

import re
from bisect import bisect_right
from pathlib import Path

KALLSYMS = Path("/proc/kallsyms")
FUNCTION = re.compile(r"^([0-9a-f]+) [tTwW] (\S+)", re.MULTILINE)


class Symbols:
    """As they are now: a module that is loaded later has none here."""

    def __init__(self) -> None:
        found = FUNCTION.findall(KALLSYMS.read_text(encoding="utf-8"))
        by_address = sorted((int(address, 16), name) for address, name in found)
        self.addresses = [address for address, _ in by_address]
        self.names = [name for _, name in by_address]

    def function(self, address: int) -> str:
        """The function that holds this address; where a compiler split one, its first name.  Empty where none is known."""
        at = bisect_right(self.addresses, address) - 1
        return self.names[at].partition(".")[0] if at >= 0 and self.addresses[at] else ""
