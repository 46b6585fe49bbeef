"""Prior variances by empirical Bayes: what does not matter is shrunk away, what matters is let go.

One variance for each (dimension, main effects), (dimension, attribute), pair of dimensions and
baseline attribute; and within a (dimension, attribute) one for each option, for an attribute often
matters to one option and not to its neighbours. Each step is one of expectation-maximisation
(Dempster, Laird and Rubin 1977) under scaled inverse chi-squared beliefs: a weak one about the
variance of the group, and one around that about each option's own. So a block of two or three
coefficients is not judged by its own noise alone, and yet has the heavy tails of Student's t.
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
PRIOR_WEIGHT = 1.0  # coefficients that the belief about a group's variance is worth
OPTION_PRIOR_WEIGHT = 0.5  # coefficients that the group is worth for an option's own variance


@dataclass(frozen=True)
class Moments:
    """Posterior mean and variance of each coefficient: float64 (layout.size,) each."""

    mean: Floats
    variance: Floats


def first_variances(layout: Layout) -> Floats:
    """Variance of each block before any outcome: float64 (n_blocks,)."""
    n_columns = max(len(layout.features), 1)
    return np.array([_expected(dimension, of, n_columns) for dimension, of, _ in layout.blocks])


def group_variances(layout: Layout, variances: Floats) -> Floats:
    """Mean variance of the blocks of each group: float64 (n_groups,) from (n_blocks,)."""
    group = layout.group_of_block
    sums = np.bincount(group, weights=variances, minlength=len(layout.groups))
    return np.asarray(sums / np.bincount(group, minlength=len(layout.groups)), dtype=np.float64)


def widened(variances: Floats, layout: Layout, wider: Layout) -> Floats:
    """Variances (n_blocks,) for an extended layout: a new option starts at those of its group."""
    out = first_variances(wider)
    groups = dict(zip(layout.groups, group_variances(layout, variances), strict=True))
    known = dict(zip(layout.blocks, variances, strict=True))
    for i, (dimension, attribute, option) in enumerate(wider.blocks):
        whole = groups.get((dimension, attribute), out[i])
        out[i] = known.get((dimension, attribute, option), whole)
    return out


def _expected(dimension: str, attribute: str, n_columns: int) -> float:
    if dimension == BASELINE:
        return INTERCEPT_VARIANCE if attribute == BASELINE else BASELINE_VARIANCE
    if " × " in dimension:
        return PAIR_VARIANCE
    return MAIN_VARIANCE if attribute == BASELINE else CROSS_VARIANCE / n_columns


def reestimated(layout: Layout, moments: Moments, start: Floats) -> Floats:
    """One step for all blocks. The intercept's variance is not estimated: it is one number.

    start  float64 (layout.size,): prior means, which the variances are around

    Returns float64 (n_blocks,).
    """
    n_blocks, group = len(layout.blocks), layout.group_of_block
    squares = (moments.mean - start) ** 2 + moments.variance
    total = np.bincount(layout.block_of, weights=squares, minlength=n_blocks)
    count = np.bincount(layout.block_of, minlength=n_blocks)
    expected = first_variances(layout)
    all_total, all_count = np.bincount(group, weights=total), np.bincount(group, weights=count)
    weak = PRIOR_WEIGHT * group_variances(layout, expected)
    whole = ((all_total + weak) / (all_count + PRIOR_WEIGHT))[group]
    own = (total + OPTION_PRIOR_WEIGHT * whole) / (count + OPTION_PRIOR_WEIGHT)
    fresh = np.where(np.bincount(group)[group] > 1, own, whole)
    fresh[0] = expected[0]
    return np.asarray(np.maximum(fresh, LEAST_VARIANCE), dtype=np.float64)
