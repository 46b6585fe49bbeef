"""What works for whom: each option in each segment, from the random group.

Only the random group's options were given without regard to the person, so only there a simple mean
is fair. A person gets many messages: the error is that of persons, not of messages. Colour waits
for the last planned day, because these are ordinary intervals, and is given after
Benjamini-Hochberg over all cells, shown or not (DECISIONS 2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from services.insights.lift import MIN_EVENTS
from services.insights.segments import clear_ones

INTERVAL = 1.96  # an ordinary 95 % interval: secondary finding, no stopping on it
COLUMNS = ["segment", "option", "estimate", "low", "high", "clear", "missing", "n", "events"]


def option_cells(
    decisions: pd.DataFrame,
    segments: Mapping[str, NDArray[np.int64]],
    options: list[str],
    *,
    finished: bool,
) -> pd.DataFrame:
    """Effect of each option against the segment's average option, as a share of that average.

    decisions  columns person, option, value (closed reward); decisions of the random group
    segments   segment label → person ids in it, in the order to be shown
    options    option labels, in the order to be shown
    finished   whether the last planned day is over: only then may a cell be clear

    Returns COLUMNS; `missing` is how many more people the cell needs before it can be said (its
    numbers are missing then), 0 where it is shown.
    """
    rows = []
    p_values = []
    for segment, people in segments.items():
        inside = decisions[np.isin(decisions["person"].to_numpy(), people)]
        for option in options:
            row, p = _cell(inside, option)
            rows.append({"segment": segment, "option": option, **row})
            p_values.append(p)
    cells = pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "clear"])
    cells["clear"] = clear_ones(p_values) if finished else False
    return cells[COLUMNS]


def _cell(inside: pd.DataFrame, option: str) -> tuple[dict[str, float], float]:
    own = inside[inside["option"] == option]
    n_people = int(own["person"].nunique())
    events = int((own["value"] != 0).sum())
    nothing = {"estimate": math.nan, "low": math.nan, "high": math.nan, "n": n_people}
    if events < MIN_EVENTS:
        return {**nothing, "missing": _missing(inside, n_people, events), "events": events}, 1.0
    average, own_mean = float(inside["value"].mean()), float(own["value"].mean())
    if average <= 0:
        return {**nothing, "missing": 0, "events": events}, 1.0
    # what each person adds to the two means, so that a keen person counts as one, not as many
    person = inside["person"].to_numpy()
    ids, place = np.unique(person, return_inverse=True)
    is_own = (inside["option"] == option).to_numpy()
    value = inside["value"].to_numpy(float)
    pull_own = np.where(is_own, value - own_mean, 0.0) / is_own.sum() / average
    pull_all = own_mean / average**2 * (value - average) / len(value)
    pull = np.bincount(place, weights=pull_own - pull_all, minlength=len(ids))
    error = math.sqrt(float(pull @ pull) * len(ids) / max(len(ids) - 1, 1))
    estimate = own_mean / average - 1
    p = float(2 * norm.sf(abs(estimate) / error)) if error > 0 else 1.0
    return {
        "estimate": estimate,
        "low": estimate - INTERVAL * error,
        "high": estimate + INTERVAL * error,
        "missing": 0,
        "n": n_people,
        "events": events,
    }, p


def _missing(inside: pd.DataFrame, n_people: int, events: int) -> int:
    """People the cell still needs; where it has few events the segment's rate helps out."""
    n_events = int((inside["value"] != 0).sum())
    if len(inside) == 0 or n_events == 0 or n_people == 0:
        return max(MIN_EVENTS - events, 1)
    rate = max(events / n_people, n_events / len(inside) * 0.5)
    return max(1, math.ceil((MIN_EVENTS - events) / rate))
