"""What Insights shows of Braze's own numbers, beside Anneal's, and why the two differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow.compute as pc

from services.activation.model import LedgerState
from services.database.engine import Database
from services.database.schema import catalogue
from services.experiment.model import Experiment
from services.insights.daily_sums import DayLine, OwnDay, daily_lines
from services.insights.series import OwnCounts, Reconciled, newest, reconcile
from services.lake import Lake, Part
from services.outcomes.model import OutcomeMetric
from services.workflow.kept_counts import sent_states

SERIES = "series"
A_DAY = timedelta(days=1)
TAKEN = (
    LedgerState.ACCEPTED,
    LedgerState.ACCEPTED_PARTIAL,
    LedgerState.QUEUED,
    LedgerState.RECEIVED,
    LedgerState.NOT_RECEIVED,
)


@dataclass(frozen=True)
class BrazeNumbers:
    """Braze's numbers of an experiment's campaigns and Canvases.

    series    each counter of each day once, as `services.insights.series.newest` gives it
    names     names of the campaigns and Canvases
    fetched_s when the worker last read them, epoch seconds
    lines     totals beside ours; days: messages of each day beside ours
    """

    series: pd.DataFrame
    names: tuple[str, ...]
    fetched_s: float | None
    lines: tuple[Reconciled, ...]
    days: tuple[DayLine, ...] = ()


def braze_numbers(
    database: Database, lake: Lake, experiment: Experiment, *, first_day: date | None
) -> BrazeNumbers | None:
    """Read the series of all targets since the first day; None before the first fetch."""
    parts = lake.parts(SERIES, experiment.id)
    series = newest(lake.load(parts), first_day) if parts else pd.DataFrame()
    if series.empty:
        return None
    own = _own_days(sent_states(database, lake, experiment.id))
    return BrazeNumbers(
        series=series,
        names=_names(database, experiment),
        fetched_s=_fetched(parts[-1].meta),
        lines=reconcile(series, _own_counts(own, _outcomes(lake, experiment.id))),
        days=daily_lines(series, own, settled_until=_settled(parts)),
    )


def _own_days(states: Sequence[tuple[date, LedgerState, int]]) -> list[OwnDay]:
    taken: dict[date, int] = {}
    doubted: dict[date, int] = {}
    for day, state, n in states:
        if state in TAKEN:
            taken[day] = taken.get(day, 0) + n
        elif state is LedgerState.UNKNOWN:
            doubted[day] = doubted.get(day, 0) + n
    return [
        OwnDay(day, taken.get(day, 0), doubted.get(day, 0))
        for day in sorted(taken.keys() | doubted.keys())
    ]


def _settled(parts: Sequence[Part]) -> date | None:
    """The last UTC day that was over when Braze was last asked."""
    fetched = _fetched(parts[-1].meta)
    return None if fetched is None else datetime.fromtimestamp(fetched, UTC).date() - A_DAY


def last_days(table: pd.DataFrame, days: int | None) -> pd.DataFrame:
    """The newest `days` days of a table with a `day` column; all with None."""
    if days is None or table.empty:
        return table
    recent: pd.DataFrame = table[table["day"] > max(table["day"]) - timedelta(days=days)]
    return recent


def _own_counts(days: Sequence[OwnDay], outcomes: int | None) -> OwnCounts:
    return OwnCounts(
        accepted=sum(day.accepted for day in days),
        in_doubt=sum(day.in_doubt for day in days),
        outcomes=outcomes,
    )


def _outcomes(lake: Lake, experiment_id: str) -> int | None:
    table = lake.read("outcomes", experiment_id, columns=["metric", "value"])
    if table.num_rows == 0:
        return None
    mine = table.filter(pc.equal(table["metric"], OutcomeMetric.PRIMARY.value))
    return round(pc.sum(mine["value"]).as_py() or 0.0)


def _names(database: Database, experiment: Experiment) -> tuple[str, ...]:
    wanted = {target.id for target in experiment.targets}
    with database.read() as connection:
        rows = connection.execute(
            catalogue.select().with_only_columns(catalogue.c.id, catalogue.c.name)
        ).all()
    return tuple(sorted({row.name for row in rows if row.id in wanted}))


def _fetched(meta: Mapping[str, object]) -> float | None:
    found = meta.get("fetched_at")
    return float(found) if isinstance(found, int | float) else None
