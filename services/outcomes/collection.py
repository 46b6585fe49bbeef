"""Collect outcomes: what everybody assigned did on each day, in every group, once a day is final.

Two steps, both safe to repeat. Each new snapshot is compared with the one before it (`increments`,
for everybody exported, so that the weeks before launch are there too). Then every day that ended at
least CLOSING_DAYS before the newest snapshot is written down for good (`outcomes`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.database.engine import Database
from services.experiment.model import Experiment
from services.lake import Lake
from services.outcomes import store
from services.outcomes.differences import (
    CAME_BACK,
    FELL,
    MANY,
    Snapshot,
    differences,
    read_snapshot,
)
from services.outcomes.entering import record_entries
from services.outcomes.metrics import of_source, person_days, weighted
from services.outcomes.model import (
    INCREMENTS,
    OUTCOMES,
    Collected,
    OutcomeMetric,
    Source,
    last_closed,
)


def collect(database: Database, lake: Lake, experiment: Experiment, day: date) -> Collected:
    """Bring outcomes up to the snapshot of `day` (or the newest before it).

    Raises DataError where a facts file cannot be read.
    """
    assigned = store.assignments(database, experiment.id)
    newest = compare_snapshots(lake, experiment.id, experiment.zone, day, assigned)
    if newest is None:
        return Collected(None, 0, 0, 0, ())
    record_entries(lake, experiment, assigned, newest)
    closed = _close_days(lake, experiment, assigned, newest)
    parts = lake.parts("increments", experiment.id, newest)
    flags: Counter[object] = Counter()
    n_increments = 0
    for part in parts:
        n_increments += part.n_rows
        found = part.meta.get("flags")
        flags.update(found if isinstance(found, dict) else {})
    return Collected(
        newest, n_increments, flags[FELL], flags[MANY] + flags[CAME_BACK], tuple(closed)
    )


def compare_snapshots(
    lake: Lake, experiment_id: str, zone: str, day: date, assigned: pa.Table | None = None
) -> date | None:
    """Write the increments of every snapshot up to `day` that has none yet; the newest one's day.

    Also used for an audience that is only watched: it needs no assignments.
    """
    taken = [d for d in lake.days("snapshots", experiment_id) if d <= day]
    if not taken:
        return None
    done = set(lake.days("increments", experiment_id))
    before: Snapshot | None = None
    for previous, current in pairwise(taken):
        if current in done:
            continue
        if before is None or before.day != previous:
            before = read_snapshot(lake, experiment_id, previous)
        now = read_snapshot(lake, experiment_id, current)
        found = differences(lake, before, now, zone)
        if assigned is not None:
            older = [d for d in taken if d < previous]
            found = pa.concat_tables(
                [found, *_after_absence(lake, experiment_id, zone, older, before, now, assigned)]
            )
        counted = Counter(flag for flag in found["flag"].to_pylist() if flag)
        lake.append(
            "increments",
            experiment_id,
            current,
            found,
            meta={"before": previous.isoformat(), "flags": dict(counted)},
        )
        before = now
    return taken[-1]


def _after_absence(
    lake: Lake,
    experiment_id: str,
    zone: str,
    older: list[date],
    before: Snapshot,
    now: Snapshot,
    assigned: pa.Table,
) -> list[pa.Table]:
    """Increments of assigned people whom the last snapshot missed, against their own last one."""
    here = now.people["person"].to_numpy()
    missed = here[~np.isin(here, before.people["person"].to_numpy())]
    entered = pc.less(assigned["entered_on"], pa.scalar(before.day, pa.date32()))
    missed = missed[np.isin(missed, assigned.filter(entered)["person"].to_numpy())]
    found = []
    for day in reversed(older):
        if len(missed) == 0:
            break
        past = read_snapshot(lake, experiment_id, day)
        there = np.isin(missed, past.people["person"].to_numpy())
        if there.any():
            wanted = pa.array(missed[there])
            known = Snapshot(
                day, past.people.filter(pc.is_in(past.people["person"], wanted)), past.counters
            )
            found.append(differences(lake, known, now, zone))
            missed = missed[~there]
    return found


def _close_days(lake: Lake, experiment: Experiment, assigned: pa.Table, newest: date) -> list[date]:
    if assigned.num_rows == 0:
        return []
    final = last_closed(newest)
    done = lake.latest_day("outcomes", experiment.id)
    first = pc.min(assigned["entered_on"]).as_py()
    start = max(first, done + timedelta(days=1)) if done is not None else first
    days = [start + timedelta(days=n) for n in range((final - start).days + 1)]
    if not days:
        return []
    increments = lake.read("increments", experiment.id, since=start, until=newest)
    outcomes = outcomes_of(increments, assigned, experiment)
    for day in days:
        of_day = outcomes.filter(pc.equal(outcomes["day"], pa.scalar(day, pa.date32())))
        lake.append("outcomes", experiment.id, day, of_day)
    return days


def outcomes_of(increments: pa.Table, assigned: pa.Table, experiment: Experiment) -> pa.Table:
    """Values per person, day and metric, from the day of entry on; non-zero rows only.

    `primary` is the experiment's metric, capped a person-day; `revenue_raw` and `unsubscribes` are
    always there.
    """
    if increments.num_rows == 0:
        increments = INCREMENTS.empty_table()
    metric = experiment.metric
    order = pc.index_in(increments["person"], value_set=assigned["person"].combine_chunks())
    entered = assigned["entered_on"].take(order)
    # the snapshot of the day of entry was read before the draw: what it shows came before entry
    increments = increments.filter(pc.greater(increments["seen_on"], entered))
    frames = [
        person_days(values, cap).assign(metric=name.value)
        for name, values, cap in (
            (OutcomeMetric.PRIMARY, weighted(increments, metric), metric.cap),
            (OutcomeMetric.REVENUE_RAW, of_source(increments, Source.REVENUE), None),
            (OutcomeMetric.UNSUBSCRIBES, of_source(increments, Source.UNSUBSCRIBE), None),
        )
    ]
    merged = pd.concat(frames, ignore_index=True)
    return pa.table(
        {
            "person": pa.array(merged["person"].to_numpy(np.int64)),
            "day": pa.array(merged["day"].to_numpy("M8[D]")),
            "metric": pa.array(merged["metric"].to_numpy(object), pa.string()),
            "value": pa.array(merged["value"].to_numpy(float)),
        },
        schema=OUTCOMES,
    )
