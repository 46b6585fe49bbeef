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
    people, person = np.unique(decisions["person"].to_numpy(np.int64), return_inverse=True)
    codes = {label: code for code, label in enumerate(options)}
    option = np.array([codes.get(label, -1) for label in decisions["option"]], np.int64)
    inside = {name: np.isin(people, ids) for name, ids in segments.items()}
    value = decisions["value"].to_numpy(float)
    return with_clear(cell_table(person, option, value, inside, options), finished=finished)


def cell_table(
    person: NDArray[np.int64],
    option: NDArray[np.int64],
    value: NDArray[np.float64],
    inside: Mapping[str, NDArray[np.bool_]],
    options: list[str],
) -> pd.DataFrame:
    """All cells before any is called clear: COLUMNS with `p` in place of `clear`.

    person  int (n,), from 0, places in the arrays of `inside` (bool, one a person)
    option  int (n,), places in `options`, -1 for one that is not shown; value float (n,)
    """
    rows = []
    for segment, members in inside.items():
        here = members[person]
        found = _Segment(person[here], option[here], value[here], len(members))
        for place, label in enumerate(options):
            rows.append({"segment": segment, "option": label, **found.cell(place)})
    return pd.DataFrame(rows, columns=[*(c for c in COLUMNS if c != "clear"), "p"])


def with_clear(cells: pd.DataFrame, *, finished: bool) -> pd.DataFrame:
    """Call cells clear after correction over all of them, once the plan is over."""
    clear = clear_ones(cells["p"].to_list()) if finished else False
    return cells.assign(clear=clear)[COLUMNS]


class _Segment:
    """Decisions of the people of one segment, and what each option's cell says of them."""

    def __init__(
        self,
        person: NDArray[np.int64],
        option: NDArray[np.int64],
        value: NDArray[np.float64],
        n_people: int,
    ) -> None:
        self.person, self.option, self.value, self.n_people = person, option, value, n_people
        self.n_present = int((np.bincount(person, minlength=n_people) > 0).sum())
        self.average = float(value.mean()) if len(value) else 0.0
        self.happened = value != 0
        # what each person adds to the mean of all
        gap = (value - self.average) / max(len(value), 1)
        self.pull_all = np.bincount(person, weights=gap, minlength=n_people)

    def cell(self, place: int) -> dict[str, float]:
        """One option's numbers; missing ones are nan, its p-value then 1."""
        own = self.option == place
        theirs = np.bincount(self.person[own], minlength=self.n_people)
        n_people = int((theirs > 0).sum())
        events = int(self.happened[own].sum())
        cell = {"estimate": math.nan, "low": math.nan, "high": math.nan, "missing": 0}
        cell |= {"n": n_people, "events": events, "p": 1.0}
        if events < MIN_EVENTS:
            return {**cell, "missing": self._missing(n_people, events)}
        if self.average <= 0:
            return cell
        # what each person adds to the two means: a keen person counts as one, not as many
        own_mean = float(self.value[own].mean())
        gap = (self.value[own] - own_mean) / int(own.sum()) / self.average
        pull = np.bincount(self.person[own], weights=gap, minlength=self.n_people)
        pull = pull - own_mean / self.average**2 * self.pull_all
        error = math.sqrt(float(pull @ pull) * self.n_present / max(self.n_present - 1, 1))
        estimate = own_mean / self.average - 1
        return {
            **cell,
            "estimate": estimate,
            "low": estimate - INTERVAL * error,
            "high": estimate + INTERVAL * error,
            "p": float(2 * norm.sf(abs(estimate) / error)) if error > 0 else 1.0,
        }

    def _missing(self, n_people: int, events: int) -> int:
        """People the cell still needs; where it has few events the segment's rate helps out."""
        n_events = int(self.happened.sum())
        if n_events == 0 or n_people == 0:
            return max(MIN_EVENTS - events, 1)
        rate = max(events / n_people, n_events / len(self.value) * 0.5)
        return max(1, math.ceil((MIN_EVENTS - events) / rate))
