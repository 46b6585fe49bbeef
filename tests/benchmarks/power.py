"""Does the power gate tell the truth about the smallest lift an experiment can prove?

python -m tests.benchmarks.power [--json] [--runs 300] [--only TEXT]

Each simulated experiment is planned from its own 28 days before launch, by the shipped gate; then
the personalised group gets exactly the lift that the gate says can be proved in so many weeks, and
the shipped recipe looks every day. Between 75 and 90 % must reach the verdict "better" within those
weeks; without any effect at most 5 % may reach a verdict. Ends with 1 where not.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

import numpy as np

from services.experiment.power import PrePeriod, power_gate
from services.outcomes.base_rate import Watched, measured
from tests.insights.simulated_looks import judge, looks, most, share
from tests.insights.simulated_people import PRE_DAYS, Scenario, watch

RUNS = 300
LEAST_FOUND, MOST_FOUND = 0.75, 0.90
MOST_FALSE = 0.05
ROOM = 1.6  # of the expected smallest lift: one plan's own is never so much larger
FIRST = date(2026, 1, 5)


@dataclass(frozen=True)
class Row:
    """One audience and the weeks its experiment is planned for."""

    name: str
    scenario: Scenario
    weeks: int = 8


ROWS = (
    Row("20k people, 5 % a week, conversions", Scenario(20_000, 0.05)),
    Row("20k, 2 % a week, conversions", Scenario(20_000, 0.02)),
    Row("20k, 2 % a week, revenue capped", Scenario(20_000, 0.02, money=True)),
    Row("60k, 1 % a week, revenue capped", Scenario(60_000, 0.01, money=True)),
    Row("3k, 5 % a week, conversions", Scenario(3_000, 0.05)),
    Row("20k, 5 % a week, conversions, 4 weeks", Scenario(20_000, 0.05), weeks=4),
    Row("5k, habit, twice a week", Scenario(5_000, 2.0)),
)


@dataclass(frozen=True)
class Result:
    """`smallest_lift`: mean of the plans' own; `spread`: its standard deviation between plans."""

    name: str
    runs: int
    weeks: int
    smallest_lift: float
    spread: float
    small_group_events: float
    found: float
    found_median_day: float
    called_worse_or_better_without_effect: float
    missed: float
    holds: bool


def measure(row: Row, runs: int, seed: int) -> Result:
    """Plan and run so many experiments with, and as many without, the smallest provable lift."""
    days = 7 * row.weeks
    base = replace(row.scenario, days=days)
    rng = np.random.default_rng(seed)
    lifts, events = [], []

    def plan(daily: np.ndarray) -> float:
        lift, expected = smallest(daily, base, row.weeks)
        lifts.append(lift)
        events.append(expected)
        return min(lift, room)

    room = 1e9
    watch(base, rng, lambda daily: plan(daily) * 0.0)
    room = ROOM * lifts.pop()
    events.pop()
    roomy = replace(base, most_lift=room)
    found = [judge(looks(watch(roomy, rng, plan)), days) for _ in range(runs)]
    healthy = [judge(looks(watch(base, rng)), days) for _ in range(runs)]
    on = [verdict.detected_on for verdict in found if verdict.detected_on]
    detected, false = share(found, "detected_on"), share(healthy, "detected_on")
    return Result(
        row.name,
        runs,
        row.weeks,
        round(float(np.mean(lifts)), 4),
        round(float(np.std(lifts)), 4),
        round(float(np.mean(events)), 1),
        round(detected, 4),
        float(np.median(on)),
        round(false, 4),
        round(share(found, "missed"), 4),
        bool(LEAST_FOUND <= detected <= MOST_FOUND and false <= most(MOST_FALSE, runs)),
    )


def smallest(daily: np.ndarray, scenario: Scenario, weeks: int) -> tuple[float, float]:
    """Smallest average lift provable in `weeks` by the gate, and the control's people with an event
    that it expects by then."""
    before = pre_period(daily)
    sizes = np.diff(np.round(np.cumsum((0.0, *scenario.shares)) * scenario.n_people)).astype(int)
    gate = power_gate(before, n_personalised=int(sizes[0]), n_control=int(sizes[3]))
    week = next(week for week in gate.table if week.weeks == weeks)
    return week.lift_share, week.small_group_events


def pre_period(daily: np.ndarray) -> PrePeriod:
    """As the console measures it from 28 watched days."""
    days = tuple(FIRST + timedelta(days=n) for n in range(PRE_DAYS))
    found = measured(Watched(np.arange(len(daily)), daily, days))
    if found is None:
        raise ValueError("nobody was watched")
    return found


def main() -> None:
    """Measure every row; print lines, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--seed", type=int, default=300)
    asked = parser.parse_args()
    results = []
    for place, row in enumerate(ROWS):
        if asked.only not in row.name:
            continue
        results.append(measure(row, asked.runs, asked.seed + place))
        if not asked.json:
            print(_line(results[-1]), flush=True)
    holds = all(result.holds for result in results)
    if asked.json:
        told = {
            "name": "power",
            "figures": [asdict(result) for result in results],
            "targets": {
                "found": f"{LEAST_FOUND} to {MOST_FOUND} at exactly the smallest provable lift",
                "called_worse_or_better_without_effect": f"{MOST_FALSE} + 3.1 errors",
            },
            "holds": holds,
        }
        print(json.dumps(told, indent=1))
    sys.exit(0 if holds else 1)


def _line(found: Result) -> str:
    return (
        f"{'holds' if found.holds else 'FALLS SHORT'}  {found.name}: smallest lift "
        f"{found.smallest_lift:.1%} ± {found.spread:.1%} in {found.weeks} weeks "
        f"({found.small_group_events:.0f} events in control), found by {found.found:.1%} of "
        f"{found.runs} (median day {found.found_median_day:g}), without effect "
        f"{found.called_worse_or_better_without_effect:.1%}"
    )


if __name__ == "__main__":
    main()
