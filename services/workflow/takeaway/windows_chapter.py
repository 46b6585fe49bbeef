"""The same outcomes under other windows: 1, 3, 7 and 14 days, and the one that was chosen."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.experiment.model import Group
from services.insights.definitions import GROUP_NAMES, windows_definition
from services.insights.exhibits import Column, Exhibit, Kind
from services.insights.model import Card, NotYet
from services.messages import msg
from services.outcomes import store
from services.outcomes.attribution import match
from services.outcomes.metrics import weighted
from services.outcomes.model import last_rewarded
from services.workflow.takeaway.chapter import Chapter, Scope

WINDOWS_DAYS = (1, 3, 7, 14)
COMPARED = (Group.PERSONALISED, Group.RANDOM)
MIN_PEOPLE = 100  # a mean of fewer says nothing
PER_PEOPLE, DAYS_A_WEEK = 100, 7
WIDTH = 1.96  # an ordinary 95 % interval: this describes, the lift compares


def windows_chapter(scope: Scope) -> Chapter:
    """Outcomes per 100 people and week under each window, for personalised and random."""
    question = msg("What if outcomes counted for longer, or shorter?")
    lake, experiment = scope.console.lake, scope.experiment
    seen = [
        d for d in lake.days("increments", experiment.id) if scope.until is None or d <= scope.until
    ]
    rows = _rows(scope, seen[-1]) if seen else []
    if not rows:
        waiting = msg("It comes when the first messages are a day and two days of grace old.")
        return Chapter(NotYet("windows", question, waiting))
    noun = experiment.metric.noun or msg("outcomes")
    exhibit = Exhibit(
        key="windows",
        title=msg("{noun} per 100 people and week, by window", noun=noun),
        finding=msg("The same figure under other windows"),
        columns=(
            Column("window", msg("Window, days"), Kind.COUNT),
            Column("group", msg("Group"), Kind.TEXT),
            Column("people", msg("People"), Kind.COUNT),
            Column("mean", msg("Per 100 people and week"), Kind.NUMBER),
            Column("low", msg("At least"), Kind.NUMBER),
            Column("high", msg("At most"), Kind.NUMBER),
        ),
        table=pd.DataFrame(rows),
    )
    sentence = msg(
        "The chosen window is {days} days. The lift does not depend on it: it counts everything"
        " from the day of entry.",
        days=experiment.metric.window_days,
    )
    return Chapter(Card("windows", question, sentence, windows_definition(seen[-1])), (exhibit,))


def _rows(scope: Scope, newest: date) -> list[dict[str, object]]:
    experiment, database = scope.experiment, scope.console.database
    sent = store.sends(database, experiment.id, scope.first_day, newest)
    if sent.num_rows == 0:
        return []
    people = store.assignments(database, experiment.id)
    place = pc.index_in(sent["person"], value_set=people["person"].combine_chunks()).to_numpy()
    values = _values(scope, newest)
    days = sent["decision_day"].to_numpy()
    found: list[dict[str, object]] = []
    for window in sorted({*WINDOWS_DAYS, experiment.metric.window_days}):
        last = last_rewarded(newest, window)
        if last < scope.first_day:
            continue
        got = match(values, sent, window_days=window, zone=experiment.zone)
        value = np.asarray(got.reindex(sent["decision_id"].to_pylist(), fill_value=0.0), float)
        closed = days <= np.datetime64(last)
        total = _sums(place[closed], value[closed], people.num_rows)
        found += [
            {"window": window, "group": GROUP_NAMES[group], **line}
            for group in COMPARED
            if (line := _line(people, group, total, last)) is not None
        ]
    return found


def _values(scope: Scope, newest: date) -> pa.Table:
    """What counts for the metric since the first day, capped as the metric is."""
    experiment = scope.experiment
    seen = scope.console.lake.read("increments", experiment.id, since=scope.first_day, until=newest)
    values, cap = weighted(seen, experiment.metric), experiment.metric.cap
    if cap is None or values.num_rows == 0:
        return values
    capped = pc.min_element_wise(values["value"], pa.scalar(cap))
    return values.set_column(values.schema.get_field_index("value"), "value", capped)


def _line(
    people: pa.Table, group: Group, total: NDArray[np.float64], last: date
) -> dict[str, float] | None:
    """One group under one window. The spread is that of people's totals: a person's messages are
    not independent of each other."""
    entered = people["entered_on"].to_numpy()
    inside = (np.array(people["grp"].to_pylist()) == group.value) & (entered <= np.datetime64(last))
    n = int(inside.sum())
    if n < MIN_PEOPLE:
        return None
    days = (np.datetime64(last) - entered[inside]).astype(int) + 1
    scale = PER_PEOPLE * DAYS_A_WEEK / float(days.mean())
    own = total[inside]
    mean, error = scale * float(own.mean()), scale * float(own.std(ddof=1)) / math.sqrt(n)
    return {"people": n, "mean": mean, "low": mean - WIDTH * error, "high": mean + WIDTH * error}


def _sums(place: NDArray[np.int64], value: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(place, weights=value, minlength=n), dtype=np.float64)
