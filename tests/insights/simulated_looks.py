"""What the shipped recipe says of a simulated world on every day, computed from person-days.

The moments of running totals grow by what each person-day adds, so sixty looks cost as much as
one. That they are the shipped ones is a test (test_simulated_looks.py): the same world through
`take_look` gives the same rows. Score, critical values and gate are the shipped functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.experiment.spending import MAX_CORRELATION, critical_values
from services.insights.lift import MIN_DAYS, MIN_EVENTS, Moments, score
from tests.insights.simulated_people import Scenario, Watched, watch

Pair = tuple[int, int]
PERSONALISED, RANDOM, USUAL, HOLDOUT = range(4)
NAIVE = 1.959964


@dataclass(frozen=True)
class Looks:
    """Daily looks of one comparison; arrays over days. `days` counts from 1."""

    first: Moments
    second: Moments
    correlations: np.ndarray
    true_ratio: np.ndarray
    slope: np.ndarray
    gain: np.ndarray


def looks(seen: Watched, pair: Pair = (PERSONALISED, HOLDOUT), *, cuped: bool = True) -> Looks:
    """All looks of one comparison, with or without the covariate."""
    x = seen.before if cuped else np.zeros(seen.scenario.n_people)
    sums = [_Sums(seen, group, x) for group in pair]
    with np.errstate(invalid="ignore", divide="ignore"):
        inner_xx = sum(s.n * s.xx for s in sums)
        slope = np.where(inner_xx > 0, sum(s.n * s.xy for s in sums) / inner_xx, 0.0)
        overall = sum(s.n * s.x for s in sums) / sum(s.n for s in sums)
        found, shared, earlier, later, left, whole = [], 0.0, 0.0, 0.0, 0.0, 0.0
        old_slope = np.r_[0.0, slope[:-1]]
        for s in sums:
            variance = s.yy - 2 * slope * s.xy + slope**2 * s.xx
            third = s.yyy - 3 * slope * s.xyy + 3 * slope**2 * s.xxy - slope**3 * s.xxx
            mean = s.y - slope * (s.x - overall)
            found.append(Moments(s.n, mean, variance, third, s.active))
            cov = s.cross - slope * s.old_xy - old_slope * s.x_now + slope * old_slope * s.old_xx
            before = s.old_yy - 2 * old_slope * s.old_xy + old_slope**2 * s.old_xx
            shared = shared + cov / s.n
            earlier = earlier + before / s.n_old
            later = later + variance / s.n
            left, whole = left + s.n * variance, whole + s.n * s.yy
        r = np.nan_to_num(shared / np.sqrt(earlier * later), nan=0.0, posinf=0.0)
        gain = np.nan_to_num(1 - np.sqrt(left / whole))
    one = np.ones(seen.scenario.days)
    true = {PERSONALISED: seen.true_ratio[:, 0], RANDOM: seen.true_ratio[:, 1]}
    return Looks(
        *found,
        np.clip(r, 0.0, MAX_CORRELATION),
        true.get(pair[0], one) / true.get(pair[1], one),
        slope,
        gain,
    )


class _Sums:
    """Of one group: n, means and central moments of covariate and running total, by day.

    Names spell the moment: `xyy` is the mean of (x - mean)(y - mean)²; `old_*` are of the people
    who were there yesterday, with yesterday's totals; `x_now`, `cross` theirs with today's.
    """

    def __init__(self, seen: Watched, group: int, x: np.ndarray) -> None:
        days = seen.scenario.days
        inside = seen.group == group
        rows = inside[seen.person]
        person, day, v = seen.person[rows], seen.day[rows], seen.value[rows]
        b = _before(person, day, v, seen.scenario.n_people)
        own = x[person]

        def summed(what: np.ndarray) -> np.ndarray:
            return np.bincount(day, weights=what, minlength=days)[:days]

        def entering(what: np.ndarray) -> np.ndarray:
            return np.cumsum(np.bincount(seen.entered[inside], what[inside], days)[:days])

        n = entering(np.ones(len(x)))
        with np.errstate(invalid="ignore", divide="ignore"):
            x1, x2, x3 = (entering(x**k) / n for k in (1, 2, 3))
            square = 2 * b * v + v**2
            y1, y2 = np.cumsum(summed(v)) / n, np.cumsum(summed(square)) / n
            y3 = np.cumsum(summed(3 * b**2 * v + 3 * b * v**2 + v**3)) / n
            xy, xxy = np.cumsum(summed(own * v)) / n, np.cumsum(summed(own**2 * v)) / n
            xyy = np.cumsum(summed(own * square)) / n
            self.n, self.x, self.y = n, x1, y1
            self.active = np.cumsum(summed((b == 0).astype(float)))
            self.xx, self.yy, self.xy = x2 - x1**2, y2 - y1**2, xy - x1 * y1
            self.xxx = x3 - 3 * x1 * x2 + 2 * x1**3
            self.yyy = y3 - 3 * y1 * y2 + 2 * y1**3
            self.xxy = xxy - 2 * x1 * xy - x2 * y1 + 2 * x1**2 * y1
            self.xyy = xyy - 2 * y1 * xy - y2 * x1 + 2 * y1**2 * x1
            self.n_old = np.r_[np.nan, n[:-1]]
            self.old_xx, self.old_yy, self.old_xy = (
                np.r_[np.nan, m[:-1]] for m in (self.xx, self.yy, self.xy)
            )
            is_new = (seen.entered[person] == day).astype(float)
            y_now = (y1 * n - summed(is_new * v)) / self.n_old
            xy_now = (xy * n - summed(is_new * own * v)) / self.n_old
            old_x, old_y = np.r_[np.nan, x1[:-1]], np.r_[np.nan, y1[:-1]]
            self.x_now = xy_now - old_x * y_now
            old_y2 = np.r_[np.nan, (y2 * n)[:-1]]
            self.cross = (old_y2 + summed(b * v)) / self.n_old - old_y * y_now


def _before(person: np.ndarray, day: np.ndarray, v: np.ndarray, n_people: int) -> np.ndarray:
    """What each person's total was before that person-day."""
    order = np.lexsort((day, person))
    p, w = person[order], v[order]
    running = np.cumsum(w) - w
    starts = np.r_[True, p[1:] != p[:-1]] if len(p) else np.zeros(0, bool)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(p)), 0))
    found = np.empty(len(v))
    found[order] = np.where(starts, 0.0, running - running[first])
    return found


@dataclass(frozen=True)
class Verdict:
    """Of one experiment: was the true ratio ever missed, and when was "no difference" rejected?

    `detected_on`: day (from 1) of the first verdict, 0 without one; `naive_missed`: by an ordinary
    95 % interval looked at every day.
    """

    missed: bool
    naive_missed: bool
    detected_on: int
    ready: bool
    true_lift: float
    gain: float


def judge(found: Looks, planned_days: int) -> Verdict:
    """The recipe with its gate, and the naive daily interval beside it."""
    a, b = found.first, found.second
    days = np.arange(1, len(found.correlations) + 1)
    week = days >= MIN_DAYS
    ready = is_ready(a, b, days)
    c = critical_values(found.correlations, planned_days)
    with np.errstate(invalid="ignore", divide="ignore"):
        at_truth = np.abs(score(found.true_ratio, a, b))
        at_one = np.abs(score(1.0, a, b))
        wald = (a.mean - found.true_ratio * b.mean) / np.sqrt(
            a.variance / a.n + found.true_ratio**2 * b.variance / b.n
        )
    crossed = (at_one > c) & ready
    return Verdict(
        missed=bool((at_truth > c)[ready].any()),
        naive_missed=bool((np.abs(wald) > NAIVE)[week].any()),
        detected_on=int(days[crossed][0]) if crossed.any() else 0,
        ready=bool(ready.any()),
        true_lift=float(found.true_ratio[-1] - 1),
        gain=float(found.gain[-1]),
    )


def is_ready(a: Moments, b: Moments, days: np.ndarray) -> np.ndarray:
    """`readiness` on arrays."""
    small = np.minimum(a.n, b.n) / (a.n + b.n)
    ready = (days >= MIN_DAYS) & ((a.n_active + b.n_active) * small >= MIN_EVENTS)
    return ready & (np.minimum(a.n_active, b.n_active) > 0)


def verdicts(
    scenario: Scenario,
    n_runs: int,
    seed: int,
    *,
    planned_days: int | None = None,
    pair: Pair = (PERSONALISED, HOLDOUT),
    cuped: bool = True,
) -> list[Verdict]:
    """So many experiments of one world."""
    rng = np.random.default_rng(seed)
    planned = planned_days or scenario.days
    return [judge(looks(watch(scenario, rng), pair, cuped=cuped), planned) for _ in range(n_runs)]


def share(found: Sequence[Verdict], what: str) -> float:
    """Share of experiments of which `what` holds."""
    return float(np.mean([bool(getattr(verdict, what)) for verdict in found]))


def most(nominal: float, n_runs: int) -> float:
    """The share still compatible with `nominal` in so many runs (3.1 standard errors)."""
    return nominal + 3.1 * float((nominal * (1 - nominal) / n_runs) ** 0.5)
