"""`make bench`: one table of ratios, each taken in turn on this machine; nothing is asserted."""

import sys

from tests.benchmarks import engine, web
from tests.benchmarks.goals import HEADER, row

SLUG = "service"


def main() -> None:
    slug = sys.argv[1] if len(sys.argv) > 1 else SLUG
    print(f"Journey: {slug}\n{HEADER}")
    for part in (engine, web):
        for name, ratio in part.measure(slug):
            print(row(name, ratio), flush=True)


if __name__ == "__main__":
    main()
