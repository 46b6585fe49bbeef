"""People drawn once and observed for weeks, and what the recipe says of them on every day.

Each person has a lasting gamma effect (shape 0.5) times a weekly log-normal AR(1); events are
Poisson given these. Only people-days with an event are kept: the moments of running totals follow
from them, so twenty thousand people and sixty looks cost milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.experiment.spending import critical_values
from services.insights.lift import MIN_DAYS, MIN_EVENTS, Moments, score

LASTING_SHAPE = 0.5
WEEK_MEMORY, WEEK_SD = 0.7, 0.5
ORDER_BETWEEN_SD, ORDER_WITHIN_SD = 0.6, 0.8


@dataclass(frozen=True)
class Scenario:
    """`weekly_rate`: events per person and week; `entry_days`: entry spread evenly over so many."""

    n_people: int
    weekly_rate: float
    holdout_share: float = 0.1
    days: int = 60
    money: bool = False
    entry_days: int = 1
    effect: float = 0.0
    learning_days: int = 14


@dataclass(frozen=True)
class Path:
    """Daily looks: moments of the groups (arrays over days), correlations, true ratio so far."""

    personalised: Moments
    holdout: Moments
    correlations: np.ndarray
    true_ratio: np.ndarray


def simulate(scenario: Scenario, rng: np.random.Generator) -> Path:
    """One experiment of `scenario.days` looks."""
    n, days = scenario.n_people, scenario.days
    weeks = -(-days // 7)
    held = np.zeros(n, dtype=bool)
    held[: round(n * scenario.holdout_share)] = True
    entered = rng.integers(0, scenario.entry_days, n)
    lasting = rng.gamma(LASTING_SHAPE, 1 / LASTING_SHAPE, n)
    mood = np.empty((n, weeks))
    mood[:, 0] = rng.standard_normal(n)
    for week in range(1, weeks):
        noise = rng.standard_normal(n) * np.sqrt(1 - WEEK_MEMORY**2)
        mood[:, week] = WEEK_MEMORY * mood[:, week - 1] + noise
    rate = scenario.weekly_rate * lasting[:, None] * np.exp(WEEK_SD * mood - WEEK_SD**2 / 2)
    if scenario.effect:
        boost = (1 + scenario.effect) * rate[~held]
        rate[~held] = boost  # thinned below while the policy still learns
    counts = rng.poisson(rate)
    person, week = np.nonzero(counts)
    times = counts[person, week]
    person, week = np.repeat(person, times), np.repeat(week, times)
    day = week * 7 + rng.integers(0, 7, len(person))
    learnt = np.minimum((day + 1) / scenario.learning_days, 1.0)
    kept = (1 + scenario.effect * learnt) / (1 + scenario.effect)
    alive = (day < days) & (day >= entered[person])
    alive &= held[person] | (rng.random(len(person)) < kept)
    person, day = person[alive], day[alive]
    value = np.ones(len(person))
    if scenario.money:
        between = rng.normal(0, ORDER_BETWEEN_SD, n)
        value = np.exp(between[person] + rng.normal(0, ORDER_WITHIN_SD, len(person)))
        outlier = rng.random(len(person)) < 0.003
        value[outlier] *= rng.uniform(10, 30, int(outlier.sum()))
        value = np.minimum(value, np.quantile(value, 0.99)) if len(value) else value
    return _path(scenario, held, entered, person, day, value)


def _path(scenario, held, entered, person, day, value) -> Path:
    days = scenario.days
    key, place = np.unique(day * scenario.n_people + person, return_inverse=True)
    value = np.bincount(place, weights=value)
    day, person = key // scenario.n_people, key % scenario.n_people
    by_person = np.lexsort((day, person))
    running = np.cumsum(value[by_person])
    starts = np.r_[True, person[by_person][1:] != person[by_person][:-1]]
    offset = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
    before = np.empty(len(value))
    before[by_person] = running - value[by_person] - (running[offset] - value[by_person][offset])
    moments, shared, earlier, later = [], 0.0, 0.0, 0.0
    for group in (~held, held):
        mine = group[person]
        n = np.cumsum(np.bincount(entered[group], minlength=days)[:days]).astype(float)

        def summed(what, mine=mine):
            return np.bincount(day[mine], weights=what[mine], minlength=days)

        v, b = value, before
        s1 = np.cumsum(summed(v))
        s2 = np.cumsum(summed(2 * b * v + v**2))
        s3 = np.cumsum(summed(3 * b**2 * v + 3 * b * v**2 + v**3))
        cross = np.r_[0.0, s2[:-1]] + summed(b * v)
        active = np.cumsum(summed((b == 0).astype(float)))
        mean = s1 / n
        variance = s2 / n - mean**2
        third = s3 / n - 3 * mean * s2 / n + 2 * mean**3
        moments.append(Moments(n, mean, variance, third, active))
        n_old = np.r_[np.nan, n[:-1]]
        # of people present at both looks; those of today only had nothing yesterday
        today_old = s1 - summed(np.where(entered[person] == day, v, 0.0))
        cov = cross / n_old - (np.r_[np.nan, s1[:-1]] / n_old) * (today_old / n_old)
        shared = shared + cov / n
        earlier = earlier + np.r_[np.nan, variance[:-1]] / n_old
        later = later + variance / n
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(np.nan_to_num(shared / np.sqrt(earlier * later)), 0, 0.999999)
    ratio = np.minimum(np.arange(1, days + 1) / scenario.learning_days, 1.0) * scenario.effect
    true_ratio = 1 + np.cumsum(ratio) / np.arange(1, days + 1)
    return Path(moments[0], moments[1], r, true_ratio)


@dataclass(frozen=True)
class Verdict:
    """Of one experiment: was the true ratio ever missed, was "no difference" ever rejected?"""

    missed: bool
    naive_missed: bool
    detected: bool
    ready: bool


def judge(path: Path, planned_days: int) -> Verdict:
    """The recipe with its gate, and the naive daily 95 % interval beside it."""
    a, b = path.personalised, path.holdout
    days = np.arange(1, len(path.correlations) + 1)
    small = np.minimum(a.n, b.n) / (a.n + b.n)
    week = days >= MIN_DAYS
    ready = week & ((a.n_active + b.n_active) * small >= MIN_EVENTS)
    ready &= np.minimum(a.n_active, b.n_active) > 0
    c = critical_values(path.correlations, planned_days)
    with np.errstate(invalid="ignore", divide="ignore"):
        at_truth = np.abs(score(path.true_ratio, a, b))
        at_one = np.abs(score(1.0, a, b))
        wald = (a.mean - path.true_ratio * b.mean) / np.sqrt(
            a.variance / a.n + path.true_ratio**2 * b.variance / b.n
        )
    return Verdict(
        missed=bool((at_truth > c)[ready].any()),
        naive_missed=bool((np.abs(wald) > 1.96)[week].any()),
        detected=bool((at_one > c)[ready].any()),
        ready=bool(ready.any()),
    )


def run(scenario: Scenario, n_runs: int, seed: int, planned_days: int | None = None):
    """Shares over `n_runs` experiments: missed, naive_missed, detected."""
    rng = np.random.default_rng(seed)
    found = [judge(simulate(scenario, rng), planned_days or scenario.days) for _ in range(n_runs)]
    return {
        name: float(np.mean([getattr(v, name) for v in found]))
        for name in ("missed", "naive_missed", "detected", "ready")
    }


def most(nominal: float, n_runs: int) -> float:
    """The share still compatible with `nominal` in so many runs (3.1 standard errors)."""
    return nominal + 3.1 * (nominal * (1 - nominal) / n_runs) ** 0.5
