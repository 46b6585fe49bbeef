"""The lift of one group over another, with an interval that is right for few and uneven events.

A control group of a tenth of the people has few events, and its total is skewed: when it is low by
luck its variance is low too, and an ordinary interval is then too narrow just when the lift looks
great. Here the variance is pooled, never below the groups' own, and the statistic is corrected for
skewness (STATISTICS 4; Cornish & Fisher 1938). How far the interval reaches is the critical value
of the day, which makes all looks together safe (services/experiment/spending.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.experiment.power import POWER_QUANTILE, last_critical_value

LOWEST_RATIO, HIGHEST_RATIO = 0.05, 21.0  # an end outside this is written "less/more than"
MIN_DAYS = 7  # no number before: a week has seven weekdays
MIN_EVENTS = 20  # people with an event expected in the smaller group
UNEVEN_RATIO = 1.5  # the groups' own variances may differ by this much before we warn …
UNEVEN_MIN_EVENTS = 100  # … once the smaller group has this many people with an event

_N_SCAN = 160  # ratios tried outwards: 4 % apart at most, then as many between two of them
_N_SCANS = 4  # the last ones are 1e-8 apart
_NO_SKEW = 1e-9

Floats = NDArray[np.float64]
Number = float | Floats


@dataclass(frozen=True)
class Moments:
    """One group's running totals on one day: n people, mean, variance, third central moment.

    `n_active`: people with at least one event. Fields may be arrays of one shape (simulations).
    """

    n: Number
    mean: Number
    variance: Number
    third: Number
    n_active: Number


class Direction(StrEnum):
    """What the interval says about the first group against the second."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Lift:
    """Relative lift (0.05 = 5 % more) and absolute difference, each with its interval.

    An end that could not be found is ±inf. `estimate` is never shown without the interval.
    `score` is the corrected statistic at "no difference".
    """

    estimate: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    direction: Direction
    score: float


def moments(values: Floats, active: NDArray[np.bool_]) -> Moments:
    """Moments of one group. `values` float (n_people,); `active` bool (n_people,)."""
    n = len(values)
    if n == 0:
        return Moments(0, math.nan, math.nan, math.nan, 0)
    mean = float(values.mean())
    gaps = values - mean
    squares = gaps * gaps
    return Moments(
        n, mean, float(squares.mean()), float((squares * gaps).mean()), int(active.sum())
    )


def score(ratio: Number, a: Moments, b: Moments) -> Number:
    """Skew-corrected z* of the hypothesis "mean of a = ratio × mean of b". Shapes broadcast."""
    variance, skew = _spread(ratio, a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (a.mean - ratio * b.mean) / np.sqrt(variance)
        # beyond 3/skew the correction would turn back: a larger gap must not count for less
        z = np.where(skew * z > 3.0, 3.0 / np.where(np.abs(skew) < _NO_SKEW, 1.0, skew), z)
    return np.asarray(z - skew * (z * z - 1.0) / 6.0)


def lift(a: Moments, b: Moments, critical: float) -> Lift:
    """Compare group a with group b at one look; `critical` is that day's c, above zero.

    The relative interval leaves out "no difference" exactly when the absolute one does: both ask
    the same statistic. With a mean of zero or below the relative interval is unbounded.
    """
    zero = float(score(1.0, a, b))
    low_gap, high_gap = _difference_interval(a, b, critical)
    low, high = _ratio_interval(a, b, critical, zero)
    if math.isnan(zero):
        zero, low_gap, high_gap = 0.0, -math.inf, math.inf
    direction = Direction.UNDECIDED
    if zero > critical:
        direction = Direction.BETTER
    elif zero < -critical:
        direction = Direction.WORSE
    difference = float(a.mean - b.mean)
    estimate = float(a.mean / b.mean - 1.0) if b.mean > 0 else math.nan
    return Lift(estimate, low - 1, high - 1, difference, low_gap, high_gap, direction, zero)


@dataclass(frozen=True)
class Readiness:
    """Whether a number may be shown. What is missing is counted without looking at who leads.

    `events`: people with an event expected in the smaller group so far; `expected_on`: the day the
    rest will be there at the present pace, None while there is no pace to go by.
    """

    ready: bool
    events: float
    missing_events: int
    missing_days: int
    missing_people: int
    expected_on: date | None


def readiness(a: Moments, b: Moments, day_number: int, today: date) -> Readiness:
    """Judge one look. `day_number` is 1 on the first day; `today` the last closed day."""
    n_both, n_small = a.n + b.n, min(a.n, b.n)
    n_active = a.n_active + b.n_active
    events = float(n_active * n_small / n_both) if n_both else 0.0
    missing_days = max(0, MIN_DAYS - day_number)
    missing_events = max(0, math.ceil(MIN_EVENTS - events))
    one_is_empty = n_small == 0 or min(a.n_active, b.n_active) == 0
    ready = not (missing_days or missing_events or one_is_empty)
    people = math.ceil(n_both * (MIN_EVENTS / events - 1)) if 0 < events < MIN_EVENTS else 0
    expected: date | None = None
    if missing_events == 0:
        expected = today + timedelta(days=max(missing_days, 0 if ready else 1))
    elif events > 0:
        days = max(missing_days, math.ceil(day_number * (MIN_EVENTS / events - 1)))
        expected = today + timedelta(days=days)
    return Readiness(ready, events, missing_events, missing_days, people, expected)


def relative_error(a: Moments, b: Moments) -> float:
    """Standard error of "no difference" as a share of b's mean; infinite where b has none."""
    if not b.mean > 0 or a.n == 0:
        return math.inf
    variance, _ = _spread(1.0, a, b)
    return math.sqrt(float(variance)) / float(b.mean)


def smallest_provable(
    error: float, day_number: int, planned_days: int, *, error_before: float | None = None
) -> float:
    """Lift (share of b's mean) that has an 80 % chance to be proved by the planned end.

    error         `relative_error` today
    error_before  the same when half as many days had passed: shows how fast it falls. Where people
                  differ for good it stops falling; without it, days count as independent.
    """
    if not math.isfinite(error):  # nobody of group b has bought yet: no lift could be proved
        return math.inf
    power = 0.5
    if error_before is not None and error_before > 0 and error > 0:
        power = min(max(math.log2(error_before / error), 0.0), 0.5)
    falls_to = min(1.0, day_number / planned_days) ** power
    reach = last_critical_value(planned_days) + POWER_QUANTILE
    return float(reach * error * falls_to)


def variances_uneven(a: Moments, b: Moments) -> bool:
    """Whether the two groups spread so differently that a small excess of errors is possible."""
    if min(a.n, b.n) == 0 or min(a.variance, b.variance) <= 0:
        return False
    events = (a.n_active + b.n_active) * min(a.n, b.n) / (a.n + b.n)
    ratio = max(a.variance, b.variance) / min(a.variance, b.variance)
    return bool(events >= UNEVEN_MIN_EVENTS and ratio > UNEVEN_RATIO)


def _spread(ratio: Number, a: Moments, b: Moments) -> tuple[Number, Number]:
    """Variance of `a.mean - ratio × b.mean` and its skewness under the hypothesis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        n = a.n + b.n
        square = (b.n * b.variance + a.n * a.variance / ratio) / n
        third = (b.n * b.third + a.n * a.third / ratio) / n
        pooled = ratio * square / a.n + ratio**2 * square / b.n
        own = a.variance / a.n + ratio**2 * b.variance / b.n
        variance = np.maximum(pooled, own)
        skew = (ratio * third / np.square(a.n) - ratio**3 * third / np.square(b.n)) / variance**1.5
    return variance, skew


def _difference_interval(a: Moments, b: Moments, critical: float) -> tuple[float, float]:
    variance, skew = (float(x) for x in _spread(1.0, a, b))
    difference, sd = float(a.mean - b.mean), math.sqrt(max(variance, 0.0))
    upper, lower = _root(critical, skew), _root(-critical, skew)
    low = -math.inf if upper is None else difference - upper * sd
    high = math.inf if lower is None else difference - lower * sd
    return low, high


def _root(target: float, skew: float) -> float | None:
    """z with z - skew (z² - 1)/6 = target; None where the capped statistic never gets there."""
    if abs(skew) < _NO_SKEW:
        return target
    inside = 1.0 - (2.0 * skew / 3.0) * (target - skew / 6.0)
    return None if inside < 0 else (3.0 / skew) * (1.0 - math.sqrt(inside))


def _ratio_interval(a: Moments, b: Moments, critical: float, zero: float) -> tuple[float, float]:
    if not (a.mean > 0 and b.mean > 0) or math.isnan(zero):
        return -math.inf, math.inf
    centre = min(max(float(a.mean / b.mean), LOWEST_RATIO * 1.01), HIGHEST_RATIO / 1.01)
    # while "no difference" is not rejected it belongs inside, so the search starts beyond it
    below = min(centre, 1.0) if zero <= critical else centre
    above = max(centre, 1.0) if zero >= -critical else centre
    low = _crossing(a, b, below, LOWEST_RATIO, critical)
    high = _crossing(a, b, above, HIGHEST_RATIO, critical)
    return (-math.inf if low is None else low, math.inf if high is None else high)


def _crossing(a: Moments, b: Moments, start: float, end: float, critical: float) -> float | None:
    """First ratio from `start` towards `end` that is rejected, to 1e-8, or None."""
    for _ in range(_N_SCANS):
        tries = np.geomspace(start, end, _N_SCAN)
        rejected = np.abs(np.asarray(score(tries, a, b)))[1:] > critical
        if not rejected.any():
            return None
        first = 1 + int(np.argmax(rejected))
        start, end = float(tries[first - 1]), float(tries[first])
    return math.sqrt(start * end)
