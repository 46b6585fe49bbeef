"""Write down, once, what people were like when they entered: segments and the covariate of CUPED.

Nothing measured after entry may shape a comparison, so both are frozen on that day.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.experiment.model import Experiment
from services.lake import Lake
from services.outcomes.differences import ATTRIBUTE_PREFIX
from services.outcomes.metrics import of_source, person_days, weighted
from services.outcomes.model import INCREMENTS, PRE_PERIOD_DAYS, OutcomeMetric, Source

PROFILE_COLUMNS = ("country", "language")


def record_entries(lake: Lake, experiment: Experiment, assigned: pa.Table, newest: date) -> None:
    """Write the `entries` part of every entry day up to `newest` that has none yet.

    Columns: person, entered_on, country, language, attr:<name> as of entry, and per metric
    `x:<metric>`, the total of the 28 days before (null where the person was not watched so long as
    the rest of the audience).
    """
    done = set(lake.days("entries", experiment.id))
    snapshots = set(lake.days("snapshots", experiment.id))
    for day in sorted(set(assigned["entered_on"].to_pylist()) - done):
        if day > newest or day not in snapshots:
            continue
        entered = pc.equal(assigned["entered_on"], pa.scalar(day, pa.date32()))
        people = assigned.filter(entered)["person"]
        lake.append(
            "entries", experiment.id, day, _entries(lake, experiment, people, day, snapshots)
        )


def _entries(
    lake: Lake, experiment: Experiment, people: pa.ChunkedArray, day: date, snapshots: set[date]
) -> pa.Table:
    profiles = lake.read("snapshots", experiment.id, since=day, until=day)
    kept = [
        name
        for name in profiles.column_names
        if name in PROFILE_COLUMNS or name.startswith(ATTRIBUTE_PREFIX)
    ]
    order = pc.index_in(people, value_set=profiles["person"].combine_chunks())
    table = pa.table({"person": people, "entered_on": pa.repeat(pa.scalar(day), len(people))})
    for name in kept:
        table = table.append_column(name, profiles[name].take(order))
    for metric, covariate in _before_entry(lake, experiment, people, day, snapshots).items():
        table = table.append_column(f"x:{metric}", pa.array(covariate, from_pandas=True))
    return table


def _before_entry(
    lake: Lake, experiment: Experiment, people: pa.ChunkedArray, day: date, snapshots: set[date]
) -> dict[str, np.ndarray]:
    start = day - timedelta(days=PRE_PERIOD_DAYS)
    ids = people.to_numpy()
    watched = sorted(d for d in snapshots if start <= d < day)
    if not watched:
        nothing = np.full(len(ids), np.nan)
        return {OutcomeMetric.PRIMARY.value: nothing, OutcomeMetric.REVENUE_RAW.value: nothing}
    earliest = lake.read(
        "snapshots", experiment.id, since=watched[0], until=watched[0], columns=["person"]
    )
    known = np.isin(ids, earliest["person"].to_numpy())
    increments = lake.read("increments", experiment.id, since=watched[0], until=day)
    if increments.num_rows == 0:
        increments = INCREMENTS.empty_table()
    later = pc.greater_equal(increments["day"], pa.scalar(start, pa.date32()))
    increments = increments.filter(later)
    metric = experiment.metric
    found = {}
    for name, values, cap in (
        (OutcomeMetric.PRIMARY, weighted(increments, metric), metric.cap),
        (OutcomeMetric.REVENUE_RAW, of_source(increments, Source.REVENUE), None),
    ):
        totals: pd.Series[float] = person_days(values, cap).groupby("person")["value"].sum()
        covariate = totals.reindex(ids, fill_value=0.0).to_numpy(float).copy()
        covariate[~known] = np.nan
        found[name.value] = covariate
    return found
