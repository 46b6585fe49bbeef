"""How soon a market change is noticed, and how often one is announced that never was.

python -m tests.benchmarks.learning_alarm [--changed 10] [--steady 40] [--json]

Changed runs: all effects of the world are redrawn on day 25; counted are days from the change to
the alarm, the change day's own rewards being closed 1 to 3 days later. Steady runs: 60 days in
worlds that never change, a quarter each with people who differ, with revenue, with one dimension,
and with options that make no difference. Ends with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from functools import partial

from tests.benchmarks.decision_worlds import world
from tests.benchmarks.learning_peers import Anneal
from tests.benchmarks.learning_trials import trial
from tests.benchmarks.learning_worlds import SMALL, WORLDS

CHANGE_DAY, WATCHED_DAYS, STEADY_DAYS = 25, 12, 60
IN_TIME_DAYS, IN_TIME_SHARE = 7, 0.9
FALSE_SHARE = 1 / 40
STEADY_WORLDS = ("36", "revenue", "plain", "nothing")


@dataclass(frozen=True)
class Run:
    """One world and seed: days from the change to the first alarm, and alarms before any change."""

    world: str
    seed: int
    waited_days: int | None
    false_alarms: tuple[int, ...]


def changed(seed: int) -> Run:
    """A run in which everything changes once."""
    where = partial(world, sizes=SMALL, change_day=CHANGE_DAY)(seed)
    days = trial(where, Anneal(where, seed), seed, n_days=CHANGE_DAY + WATCHED_DAYS).alarms
    waited = next((day - CHANGE_DAY for day in days if day > CHANGE_DAY), None)
    return Run("change", seed, waited, tuple(day for day in days if day <= CHANGE_DAY))


def steady(seed: int) -> Run:
    """A run in which nothing changes."""
    name = STEADY_WORLDS[seed % len(STEADY_WORLDS)]
    where = WORLDS[name](seed)
    days = trial(where, Anneal(where, seed), seed, n_days=STEADY_DAYS).alarms
    return Run(name, seed, None, days)


def main() -> None:
    """Run both kinds and count; print lines, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--changed", type=int, default=10, help="how many runs, from --first on")
    parser.add_argument("--steady", type=int, default=40)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    asked = parser.parse_args()
    runs = []
    for kind, n in ((changed, asked.changed), (steady, asked.steady)):
        for seed in range(asked.first, asked.first + n):
            runs.append(kind(seed))
            print(f"   {runs[-1]}", file=sys.stderr, flush=True)
    change_runs = [run for run in runs if run.world == "change"]
    in_time = sum(
        run.waited_days is not None and run.waited_days <= IN_TIME_DAYS for run in change_runs
    )
    n_false = sum(bool(run.false_alarms) for run in runs if run.world != "change")
    n_early = sum(bool(run.false_alarms) for run in change_runs)
    holds = in_time >= IN_TIME_SHARE * asked.changed and n_false <= FALSE_SHARE * asked.steady
    figures = {
        "changed_runs": asked.changed,
        "noticed_in_time": in_time,
        "alarms_before_the_change": n_early,
        "steady_runs": asked.steady,
        "steady_with_alarm": n_false,
    }
    target = f"noticed within {IN_TIME_DAYS} days in 9 of 10; at most 1 false alarm in 40 runs"
    if asked.json:
        report = {"name": "learning_alarm", "figures": figures, "targets": target, "holds": holds}
        report["runs"] = [asdict(run) for run in runs]
        print(json.dumps(report, indent=1))
    else:
        print(", ".join(f"{name} {value}" for name, value in figures.items()))
        print(f"   {target}: {'holds' if holds else 'FALLS SHORT'}")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
