"""What Insights shows of the choices: shares of options by day, and what works for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from services.database.engine import Database
from services.experiment.model import Dimension, Experiment
from services.insights.cells import with_clear
from services.insights.pictures import CELLS, closed_until, compute_cells, read_counts
from services.insights.segments import segment_of
from services.insights.shares import option_shares
from services.lake import Lake
from services.messages import Message

MAX_SEGMENT_ROWS = 10  # the ten clearest; the rest is searched for


@dataclass(frozen=True)
class Cells:
    """What works for whom in one dimension.

    table  columns of `option_cells`; `segment` holds segment keys, `option` labels
    names  segment key → what a person reads; `order`: keys, the clearest first
    """

    table: pd.DataFrame
    names: dict[str, Message]
    order: tuple[str, ...]
    finished: bool

    def labels(self) -> list[Message]:
        """What a person reads for the segment of each row."""
        return [self.names[key] for key in self.table["segment"]]


def varied(experiment: Experiment) -> list[Dimension]:
    """Dimensions with at least two options that are chosen at each send."""
    return [d for d in experiment.send_dimensions if len(d.options) > 1]


def shares_of(
    lake: Lake, experiment: Experiment, dimension: Dimension, *, days: int | None
) -> pd.DataFrame:
    """Shares of one dimension's options in the personalised group: day, option (label), share.

    days  only the last so many days; None = all
    """
    until = lake.latest_day("decisions", experiment.id)
    since = until - timedelta(days=days - 1) if until is not None and days else None
    counts = read_counts(lake, experiment.id, since)
    shares = option_shares(counts[counts["dimension"] == dimension.key])
    if shares.empty:
        return pd.DataFrame(columns=["day", "option", "share"])
    labels = {option.key: option.label for option in dimension.options}
    named = shares.assign(
        option=[labels.get(key, key) for key in shares["option"]],
        day=[_as_day(day) for day in shares["day"]],
    )
    return named[["day", "option", "share"]]


def cells_of(
    database: Database,
    lake: Lake,
    experiment: Experiment,
    dimension: Dimension,
    *,
    finished: bool,
    until: date | None = None,
) -> Cells | None:
    """Each option in each segment, from the random group's closed decisions; None without any.

    until  only decisions whose rewards were closed by that day; None = all
    """
    cells = _cells(database, lake, experiment, until)
    if cells is None:
        return None
    cells = cells[cells["dimension"] == dimension.key].reset_index(drop=True)
    if cells.empty:
        return None
    labels = {option.key: option.label for option in dimension.options}
    cells["option"] = [labels.get(key, key) for key in cells["option"]]
    table = with_clear(cells, finished=finished)
    return Cells(
        table,
        {key: segment_of(key).label for key in dict.fromkeys(table["segment"])},
        tuple(_clearest_first(table)),
        finished,
    )


def _cells(
    database: Database, lake: Lake, experiment: Experiment, until: date | None
) -> pd.DataFrame | None:
    """What the worker last wrote of rewards closed by `until`; worked out where it has not yet."""
    closed = closed_until(lake, experiment.id, until)
    if closed is None:
        return None
    parts = lake.parts(CELLS, experiment.id, closed)
    if parts:
        found: pd.DataFrame = lake.load(parts).to_pandas()
        return found
    return compute_cells(database, lake, experiment, until)


def _clearest_first(table: pd.DataFrame) -> list[str]:
    """Segments by how far their clearest cell lies from zero, in widths of its interval."""
    width = (table["high"] - table["low"]).replace(0.0, np.nan)
    score = (table["estimate"].abs() / width).fillna(-1.0) + 1_000.0 * table["clear"]
    best = score.groupby(table["segment"], sort=False).max()
    return [str(key) for key in best.sort_values(ascending=False, kind="stable").index]


def _as_day(value: object) -> date:
    stamp = pd.Timestamp(str(value))
    return date(stamp.year, stamp.month, stamp.day)
