"""Take out of a total what was known of the person before entry (CUPED).

Deng, Xu, Kohavi & Walker 2013; STATISTICS 5. The slope is the pooled one within groups, so that a
difference between the groups never leaks into it. Nothing measured after entry may be a covariate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Adjusted:
    """Residuals float (n_people,), the slope, and the share of the standard error it saved."""

    residuals: Floats
    slope: float
    gain_share: float


def adjust(totals: Floats, covariate: Floats, in_first: NDArray[np.bool_]) -> Adjusted:
    """Residuals `Y - θ (X - X̄)` of the people of two groups.

    totals     float (n_people,), running totals
    covariate  float (n_people,), the same metric before entry; NaN where it is not known
    in_first   bool (n_people,), whether the person is in the first of the two groups

    Unknown covariates count as 0 with an indicator of their own, so that nobody is dropped. No
    covariate at all, or one that never varies: slope 0, gain 0.
    """
    unknown = np.isnan(covariate)
    columns = []
    known_values = np.where(unknown, 0.0, covariate)
    if np.ptp(known_values) > 0:
        columns.append(known_values)
        if unknown.any() and not unknown.all():
            columns.append(unknown.astype(np.float64))
    if not columns or len(totals) < len(columns) + 3:
        return Adjusted(totals, 0.0, 0.0)
    design = np.column_stack(columns)
    inner_x, inner_y = np.empty_like(design), np.empty_like(totals)
    for group in (in_first, ~in_first):
        if group.any():
            inner_x[group] = design[group] - design[group].mean(axis=0)
            inner_y[group] = totals[group] - totals[group].mean()
    slopes = np.linalg.lstsq(inner_x, inner_y, rcond=None)[0]
    residuals = totals - (design - design.mean(axis=0)) @ slopes
    before = float(inner_y @ inner_y)
    after = float(np.sum((inner_y - inner_x @ slopes) ** 2))
    gain = 1.0 - np.sqrt(after / before) if before > 0 else 0.0
    return Adjusted(residuals, float(slopes[0]), float(gain))
