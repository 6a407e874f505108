"""`make bench`: one table of ratios, each taken in turn on this machine; nothing is asserted."""

from tests.benchmarks import engine, web
from tests.benchmarks.goals import HEADER, row

if __name__ == "__main__":
    print(HEADER)
    for part in (engine, web):
        for name, ratio in part.measure():
            print(row(name, ratio), flush=True)
