"""What the audience does without us: four watched weeks, or an honest guess from lifetimes.

Feeds the power gate and the cap. With 28 watched days it is measured. With fewer it is estimated
from lifetime counts over the age of the profile and called rough (DECISIONS 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.experiment.model import Metric, SourceKind
from services.experiment.power import PrePeriod
from services.lake import Lake
from services.outcomes.metrics import person_days, sources_of, weighted
from services.outcomes.model import INCREMENTS, PRE_PERIOD_DAYS

WEEKS = 4
MIN_AGE_WEEKS = 1.0  # a younger profile says nothing about a week
ORDER_SPREAD = 2.31  # E v² / (E v)² of order values capped at 99 %: STATISTICS 6, table

PROFILE_COLUMNS = ("person", "created_at", "total_revenue")
COUNTER_COLUMNS = ("person", "source", "name", "count")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Watched:
    """What people did in the days before a date.

    people   int64 (n_people,), in the audience from the first to the last watched day
    daily    float (n_people, n_days), the metric's uncapped value a day, oldest day first
    days     the watched days, at most 28
    """

    people: NDArray[np.int64]
    daily: Floats
    days: tuple[date, ...]


def watched(lake: Lake, experiment_id: str, metric: Metric, until: date) -> Watched:
    """Daily values of the watched audience in the 28 days before `until` (not included).

    Needs the increments: call `collection.compare_snapshots` first.
    """
    start = until - timedelta(days=PRE_PERIOD_DAYS)
    snapshots = [d for d in lake.days("snapshots", experiment_id) if start <= d <= until]
    if len(snapshots) < 2:
        return Watched(np.empty(0, np.int64), np.empty((0, 0)), ())
    first, last = (
        lake.read("snapshots", experiment_id, since=d, until=d, columns=["person"])["person"]
        for d in (snapshots[0], snapshots[-1])
    )
    people = np.intersect1d(first.to_numpy(), last.to_numpy())
    n_days = (snapshots[-1] - snapshots[0]).days
    days = tuple(snapshots[0] + timedelta(days=n) for n in range(n_days))
    increments = lake.read("increments", experiment_id, since=snapshots[1], until=snapshots[-1])
    if increments.num_rows == 0:
        increments = INCREMENTS.empty_table()
    values = person_days(weighted(increments, metric), None)
    daily = np.zeros((len(people), n_days))
    if len(values) and len(people):
        row = np.minimum(np.searchsorted(people, values["person"]), len(people) - 1)
        # what is placed on the day of the newer snapshot lies in the last watched day
        column = (values["day"].to_numpy("M8[D]") - np.datetime64(days[0])).astype(int)
        column = np.clip(column, 0, n_days - 1)
        known = people[row] == values["person"].to_numpy()
        np.add.at(daily, (row[known], column[known]), values["value"].to_numpy()[known])
    return Watched(people, daily, days)


def measured(found: Watched, cap: float | None = None) -> PrePeriod | None:
    """Moments for the power gate from 28 watched days; None where there are fewer."""
    if len(found.days) < PRE_PERIOD_DAYS or len(found.people) == 0:
        return None
    daily = found.daily[:, -PRE_PERIOD_DAYS:]
    if cap is not None:
        daily = np.minimum(daily, cap)
    weekly = daily.reshape(len(daily), WEEKS, 7).sum(axis=2)
    total = weekly.sum(axis=1)
    active = (daily.reshape(len(daily), WEEKS, 7) != 0).any(axis=2)
    early, late = weekly[:, :2].sum(axis=1), weekly[:, 2:].sum(axis=1)
    varies = early.std() > 0 and late.std() > 0
    return PrePeriod(
        mean=float(total.mean() / WEEKS),
        variance_one_week=float(weekly.var(axis=0).mean()),
        variance_four_weeks=float(total.var()),
        n_people=len(found.people),
        active_week_share=float(active.mean()),
        active_four_weeks_share=float(active.any(axis=1).mean()),
        correlation=float(np.clip(np.corrcoef(early, late)[0, 1], 0, 1)) if varies else 0.0,
    )


def from_lifetimes(lake: Lake, experiment_id: str, metric: Metric) -> PrePeriod | None:
    """A rough guess from the newest snapshot; None where nobody is known yet.

    Each person's rate is the lifetime count over the age of the profile. What rates vary beyond
    their own counting noise is the lasting part.
    """
    day = lake.latest_day("snapshots", experiment_id)
    if day is None:
        return None
    people = lake.read("snapshots", experiment_id, since=day, until=day, columns=PROFILE_COLUMNS)
    if people.num_rows == 0 or "created_at" not in people.column_names:
        return None
    ids = people["person"].to_numpy()
    born = people["created_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    newest = np.datetime64(day, "us").astype(np.int64)
    age = (newest - pc.fill_null(born, int(newest)).to_numpy()) / (7 * 86_400e6)
    grown = age >= MIN_AGE_WEEKS
    if not grown.any():
        return None
    count, value = _lifetimes(
        lake.read("counters", experiment_id, since=day, until=day, columns=COUNTER_COLUMNS),
        people,
        metric,
        ids,
    )
    count, value, age = count[grown], value[grown], age[grown]
    rate, worth = count / age, value / age
    size = float(value.sum() / count.sum()) if count.sum() else 0.0  # value of one event
    spread = size**2 * (ORDER_SPREAD if _is_money(metric) else 1.0)
    noise = float(np.mean(spread * rate / age))
    lasting = max(0.0, float(worth.var()) - noise)
    weekly = spread * float(rate.mean())
    return PrePeriod(
        mean=float(worth.mean()),
        variance_one_week=weekly + lasting,
        variance_four_weeks=4 * weekly + 16 * lasting,
        n_people=len(age),
        active_week_share=float(np.mean(-np.expm1(-rate))),
        active_four_weeks_share=float(np.mean(-np.expm1(-4 * rate))),
        rough=True,
    )


def base_rate(
    lake: Lake, experiment_id: str, metric: Metric, until: date, cap: float | None = None
) -> PrePeriod | None:
    """Measured where 28 days were watched, else rough, else None."""
    exact = measured(watched(lake, experiment_id, metric, until), cap)
    return exact if exact is not None else from_lifetimes(lake, experiment_id, metric)


def _is_money(metric: Metric) -> bool:
    return any(source.kind is SourceKind.REVENUE for source in sources_of(metric))


def _lifetimes(
    counters: pa.Table, people: pa.Table, metric: Metric, ids: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Lifetime number of events and their weighted value, float (n_people,) each."""
    count, value = np.zeros(len(ids)), np.zeros(len(ids))
    order = np.argsort(ids)
    for source in sources_of(metric):
        kind = "purchase" if source.kind is SourceKind.REVENUE else source.kind.value
        if counters.num_rows == 0 or source.kind is SourceKind.ATTRIBUTE:
            continue
        wanted = pc.equal(counters["source"], kind)
        if source.name is not None and source.kind is not SourceKind.REVENUE:
            wanted = pc.and_(wanted, pc.equal(counters["name"], source.name))
        rows = counters.filter(wanted)
        person, n = rows["person"].to_numpy(), rows["count"].to_numpy().astype(float)
        place = order[np.minimum(np.searchsorted(ids, person, sorter=order), len(ids) - 1)]
        known = ids[place] == person
        np.add.at(count, place[known], n[known])
        if source.kind is not SourceKind.REVENUE:
            np.add.at(value, place[known], source.weight * n[known])
        elif "total_revenue" in people.column_names:
            value += source.weight * pc.fill_null(people["total_revenue"], 0.0).to_numpy()
    return count, value
