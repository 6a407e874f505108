"""The goals, as ratios of the product to a floor measured beside it, and the one table that reports them."""

from dataclasses import dataclass

from tests.benchmarks.harness import Ratio


@dataclass(frozen=True)
class Goal:
    """`more`: the ratio should be large (a rate), not small (a time)."""

    what: str
    goal: float
    ambition: float
    more: bool = False

    def reached(self, mark: float, ratio: float) -> bool:
        return ratio >= mark if self.more else ratio <= mark

    def verdict(self, ratio: float) -> str:
        if self.reached(self.ambition, ratio):
            return "ambition"
        return "goal" if self.reached(self.goal, ratio) else "missed"


# G1 and G3 are stated against Mininet (388 ms) and ovn-trace (181 us), which are rarely installed. The lean engine
# stands in for both: measured beside them it took 0.14 and 0.21 of their time, so the marks are divided by that.
GOALS = {
    "G1": Goal("command line, start to whole journey / lean command line", 0.30 / 0.14, 0.20 / 0.14),
    "G3": Goal("warm journey in process / lean engine, frozen records", 0.5 / 0.21, 0.3 / 0.21),
    "G3 told": Goal(
        "the same with every step told in words / lean engine, frozen records", 0.5 / 0.21, 0.3 / 0.21
    ),
    "G6": Goal("one step of the engine / of the lean engine, frozen records", 2.0, 1.0),
    "G13": Goal("encoding a journey / walking it", 1.0, 0.5),
    "G14": Goal("live journeys per second, 50 connections / bare stream", 0.8, 1.0, more=True),
    "G14 kept": Goal("the same, of a journey that was asked for before / bare stream", 0.8, 1.0, more=True),
    "G16 first": Goal("new connection to first event / bare stream", 2.0, 1.5),
    "G16 first kept": Goal("the same, as a page's own stream finds it / bare stream", 2.0, 1.5),
    "G16 last": Goal("new connection to last event / bare stream", 1.5, 1.2),
    "G16 last kept": Goal("the same, as a page's own stream finds it / bare stream", 1.5, 1.2),
    "G19 paint": Goal("first contentful paint / static page", 2.0, 1.5),
    "G19 ready": Goal("DOMContentLoaded / static page", 2.0, 1.5),
    "G20": Goal("navigation to all steps painted / static page with as many rows", 2.5, 1.75),
}

HEADER = f"{'':14} {'median':>7} {'min':>7} {'max':>7}   {'goal':>6} {'ambition':>8}  {'reached':8}  what"


def row(name: str, ratio: Ratio) -> str:
    goal = GOALS[name]
    sign = ">=" if goal.more else "<="
    return (
        f"{name:14} {ratio.median:7.2f} {min(ratio.rounds):7.2f} {max(ratio.rounds):7.2f}  "
        f"{sign}{goal.goal:6.2f} {sign}{goal.ambition:6.2f}  {goal.verdict(ratio.median):8}  {goal.what}"
    )
