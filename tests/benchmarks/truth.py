"""Does the report's headline interval hold the sandbox's truth?

python -m tests.benchmarks.truth [--json] [--seeds 100] [--first-seed 0] [--worlds coffee,…]
    [--people 5000] [--days 45]

In every demo world and seed an experiment of the demo's size is played (truth_loop.py says by which
code, and what is left out), and the interval of the last look is compared with the noiseless truth:
expected total a person under the messages that really went out, over that under the comparison. At
least 89 of 100 seeds must hold it. Worlds may be run one by one, and seeds in slices; the figures
then speak of those. Ends with 1 where a world falls short.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np

from services.sandbox.world.worlds import WORLDS
from tests.benchmarks.truth_loop import Played, play

LEAST_COVERED = 0.89
SEEDS, PEOPLE, DAYS = 100, 5_000, 45


@dataclass(frozen=True)
class Result:
    """One world. Shares are of the seeds whose last look could be shown.

    ever_missed  share of seeds in which any look, from the first shown one on, missed its own truth
    """

    world: str
    seeds: int
    shown: int
    covered: int
    covered_share: float
    ever_missed: float
    detected: float
    true_lift: float
    estimate: float
    median_low: float
    median_high: float
    seconds_a_seed: float
    holds: bool


def measure(world: str, seeds: range, *, n_people: int, days: int) -> Result:
    """Play a world with every seed."""
    began = time.process_time()
    played = [play(WORLDS[world], seed, n_people=n_people, days=days) for seed in seeds]
    shown = [one for one in played if one.looks[-1]["state"] == "shown"]
    covered = sum(_holds(one, len(one.looks) - 1) for one in shown)
    ever = [any(not _holds(one, n) for n in range(len(one.looks))) for one in shown]
    last = [one.looks[-1] for one in shown]
    share = covered / max(len(shown), 1)
    return Result(
        world,
        len(seeds),
        len(shown),
        covered,
        round(share, 4),
        round(float(np.mean(ever)), 4),
        round(float(np.mean([row["verdict"] == "better" for row in last])), 4),
        round(float(np.mean([one.true_ratio[-1] - 1 for one in shown])), 4),
        round(float(np.mean([row["estimate"] for row in last])), 4),
        round(float(np.median([row["low"] for row in last])), 4),
        round(float(np.median([row["high"] for row in last])), 4),
        round((time.process_time() - began) / len(seeds), 1),
        bool(shown) and share >= LEAST_COVERED,
    )


def _holds(one: Played, n: int) -> bool:
    """Whether the interval of look `n` holds the truth of that day; a hidden one says nothing."""
    row = one.looks[n]
    if row["state"] != "shown":
        return True
    return bool(row["low"] <= one.true_ratio[n] - 1 <= row["high"])


def main() -> None:
    """Measure each world; print lines, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--days", type=int, default=DAYS)
    asked = parser.parse_args()
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    results = []
    for world in asked.worlds.split(","):
        results.append(measure(world, seeds, n_people=asked.people, days=asked.days))
        if not asked.json:
            print(_line(results[-1]), flush=True)
    holds = all(result.holds for result in results)
    if asked.json:
        told = {
            "name": "truth",
            "figures": [asdict(result) for result in results],
            "targets": {"covered_share": LEAST_COVERED},
            "holds": holds,
        }
        print(json.dumps(told, indent=1))
    sys.exit(0 if holds else 1)


def _line(found: Result) -> str:
    return (
        f"{'holds' if found.holds else 'FALLS SHORT'}  {found.world}: {found.covered} of "
        f"{found.shown} last looks hold the truth ({found.seeds} seeds), any look missed in "
        f"{found.ever_missed:.1%}; true lift {found.true_lift:.0%}, said {found.estimate:.0%} "
        f"({found.median_low:.0%} to {found.median_high:.0%}), {found.seconds_a_seed} s a seed"
    )


if __name__ == "__main__":
    main()
