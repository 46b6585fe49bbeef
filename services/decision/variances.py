"""Prior variances by empirical Bayes: what does not matter is shrunk away, what matters is let go.

One variance for each (dimension, main effects), (dimension, attribute), pair of dimensions and
baseline attribute. Each step is one of expectation-maximisation (Dempster, Laird and Rubin 1977)
under a weak scaled inverse chi-squared belief about the variance itself, which keeps a group of two
or three coefficients from being judged by its own noise alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.decision.arrays import Floats
from services.decision.layout import BASELINE, Layout

INTERCEPT_VARIANCE = 4.0  # logit units: the base rate given at set-up may well be 7 times off
BASELINE_VARIANCE = 0.1
MAIN_VARIANCE = 0.04  # an option is rarely more than a fifth better than its neighbours
CROSS_VARIANCE = 0.09  # of all attributes together; each column starts with its part of it
PAIR_VARIANCE = 0.002
LEAST_VARIANCE = 1e-6
PRIOR_WEIGHT = 1.0  # coefficients that the belief about a variance is worth


@dataclass(frozen=True)
class Moments:
    """Posterior mean and variance of each coefficient: float64 (layout.size,) each."""

    mean: Floats
    variance: Floats


def first_variances(layout: Layout) -> Floats:
    """Variance of each group before any outcome: float64 (n_groups,)."""
    n_columns = max(len(layout.features), 1)
    return np.array([_expected(*group, n_columns) for group in layout.groups])


def _expected(dimension: str, attribute: str, n_columns: int) -> float:
    if dimension == BASELINE:
        return INTERCEPT_VARIANCE if attribute == BASELINE else BASELINE_VARIANCE
    if " × " in dimension:
        return PAIR_VARIANCE
    return MAIN_VARIANCE if attribute == BASELINE else CROSS_VARIANCE / n_columns


def reestimated(layout: Layout, moments: Moments, start: Floats) -> Floats:
    """One step for all groups. The intercept's variance is not estimated: it is one number.

    start  float64 (layout.size,): prior means, which the variances are around
    """
    group = layout.group_of
    n_groups = len(layout.groups)
    squares = (moments.mean - start) ** 2 + moments.variance
    total = np.bincount(group, weights=squares, minlength=n_groups)
    count = np.bincount(group, minlength=n_groups)
    expected = first_variances(layout)
    fresh = (total + PRIOR_WEIGHT * expected) / (count + PRIOR_WEIGHT)
    fresh[0] = expected[0]
    return np.asarray(np.maximum(fresh, LEAST_VARIANCE), dtype=np.float64)
