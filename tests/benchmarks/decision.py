"""How much of the possible lift the decision engine captures, and how fast it is.

python -m tests.benchmarks.decision [--json] [--seeds 0,1,2] [--only NAME,NAME]

Each result has a name, figures, targets and whether they hold. The seeds reported were not used
while the engine was tuned.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np

from services.decision.choosing import choose, sample_draws
from services.decision.learning import learn, prior
from tests.benchmarks.decision_trials import Trial, trial
from tests.benchmarks.decision_worlds import world

N_FAST = 1_000_000
CHUNK = 50_000
N_WORKERS = 2


@dataclass(frozen=True)
class Result:
    """`targets` says in words what `holds` is about."""

    name: str
    figures: dict[str, float]
    targets: str
    holds: bool


def captured(name: str, seeds: Sequence[int], least: float, **how: object) -> Result:
    """Mean captured share over seeds, in percent."""
    days = {k: how.pop(k) for k in ("n_days", "per_day") if k in how}
    trials = [trial(world(seed, **how), seed, **days) for seed in seeds]
    figures = _figures(trials)
    return Result(name, figures, f"captured ≥ {least:g} %", figures["captured"] >= least)


def noticed(seeds: Sequence[int]) -> Result:
    """Days from a market change to the alarm. Rewards need up to 3 days to close."""
    change = 25
    trials = [trial(world(s, (3, 4, 3), change_day=change), s, n_days=45) for s in seeds]
    waits = [next((d - change for d in t.alarm_days if d >= change), 99) for t in trials]
    early = sum(any(d < change for d in t.alarm_days) for t in trials)
    figures = _figures(trials) | {"slowest_alarm_days": max(waits), "early_alarms": early}
    holds = float(np.mean(np.array(waits) <= 10)) >= 0.9 and not early
    return Result("all effects redrawn on day 25", figures, "alarm ≤ 10 days in 9 of 10", holds)


def steady(seeds: Sequence[int]) -> Result:
    """False alarms in worlds that do not change."""
    runs = [trial(world(s, (3, 4, 3)), s, n_days=60) for s in seeds]
    runs += [trial(world(s, (3, 4, 3), revenue=True), s, n_days=60) for s in seeds]
    n_alarms = sum(bool(t.alarm_days) for t in runs)
    figures = {"runs": float(len(runs)), "with_false_alarm": float(n_alarms)}
    return Result("no change, 60 days", figures, "alarms ≤ 1 in 40", n_alarms <= len(runs) / 40)


def plain(seeds: Sequence[int]) -> Result:
    """One dimension of three options, everybody alike: it must not lose to the best option."""
    trials = [trial(world(s, (3,), heterogeneity=0.0, mains=1.0), s) for s in seeds]
    figures = _figures(trials)
    target = "policy ≥ 0.97 × best fixed option"
    return Result("one dimension, no heterogeneity", figures, target, figures["of_fixed"] >= 0.97)


def speed(name: str, sizes: tuple[int, ...], target_s: float, n_people: int = N_FAST) -> Result:
    """Choosing for many people from ready features, and learning from as many outcomes."""
    w = world(0, sizes, n_people=5000)
    features = np.tile(w.features, (n_people // 5000, 1))
    n_combinations = w.space.n_combinations
    rng = np.random.default_rng(0)
    belief = prior(w.space, w.names, 0.03, attributes=w.attributes)
    combination = rng.integers(0, n_combinations, n_people)
    reward = (rng.random(n_people) < 0.035).astype(float)
    few = slice(0, 3000)
    args = (features[few], combination[few], reward[few], date(2026, 1, 1))
    belief = learn(belief, w.space, *args)
    small_s = _timed(lambda: learn(belief, w.space, *args))
    large = (features, combination, reward, date(2026, 1, 2))
    large_s = _timed(lambda: learn(belief, w.space, *large))
    draws = sample_draws(belief, w.space, 1)
    eligible = np.ones((n_people, n_combinations), dtype=bool)
    people = np.arange(n_people)

    def decide(start: int) -> None:
        part = slice(start, start + CHUNK)
        choose(draws, w.space, features[part], eligible[part], 1, people=people[part])

    decide(0)
    with ThreadPoolExecutor(N_WORKERS) as workers:
        decide_s = _timed(lambda: list(workers.map(decide, range(0, n_people, CHUNK))))
    figures = {
        "combinations": float(n_combinations),
        "decide_s": decide_s,
        "learn_all_s": large_s,
        "learn_3000_s": small_s,
    }
    return Result(name, figures, f"decide ≤ {target_s:g} s", decide_s <= target_s)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _figures(trials: Sequence[Trial]) -> dict[str, float]:
    rows = [{k: v for k, v in asdict(t).items() if k != "alarm_days"} for t in trials]
    return {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]} | {
        "least_captured": min(t.captured for t in trials)
    }


def cases(seeds: Sequence[int]) -> dict[str, Callable[[], Result]]:
    """Every case by name, each not run yet."""
    daily = {"n_people": 5000, "per_day": 5000, "base": 0.09}
    many = {"sizes": (5, 5, 5, 4), "keep_share": 0.886}
    return {
        "36": lambda: captured("36 combinations", seeds, 60, sizes=(3, 4, 3)),
        "144": lambda: captured("144 combinations", seeds, 50, sizes=(3, 4, 4, 3)),
        "pairs": lambda: captured(
            "144 with pair effects", seeds, 50, sizes=(3, 4, 4, 3), pairs=0.5
        ),
        "443": lambda: captured("443 allowed of 500", seeds, 46, **many),
        "revenue": lambda: captured(
            "36, heavy-tailed revenue", seeds, 55, sizes=(3, 4, 3), revenue=True
        ),
        "daily": lambda: captured(
            "5,000 people daily, base 9 %", seeds, 60, sizes=(3, 5, 5, 2), **daily
        ),
        "plain": lambda: plain(seeds),
        "change": lambda: noticed(seeds),
        "steady": lambda: steady(seeds),
        "speed": lambda: speed("1,000,000 people, 36 combinations", (3, 4, 3), 5.0),
        "speed500": lambda: speed("100,000 people, 500", (5, 5, 5, 4), 2.0, 100_000),
    }


def main() -> None:
    """Run the cases asked for, print a line each, or one JSON list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    every = cases([int(seed) for seed in asked.seeds.split(",")])
    names = asked.only.split(",") if asked.only else list(every)
    results = []
    for name in names:
        results.append(every[name]())
        if not asked.json:
            mark = "holds" if results[-1].holds else "FALLS SHORT"
            print(f"{results[-1].name}: {mark} ({results[-1].targets})", flush=True)
            print("   " + ", ".join(f"{k} {v:.4g}" for k, v in results[-1].figures.items()))
    if asked.json:
        print(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
