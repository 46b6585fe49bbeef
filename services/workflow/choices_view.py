"""What Insights shows of the choices: shares of options by day, and what works for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.database.engine import Database
from services.experiment.model import Dimension, Experiment, Group
from services.insights.cells import option_cells
from services.insights.looking import read_people
from services.insights.segments import segment_of
from services.insights.shares import OPTION_PREFIX, option_shares
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
    columns = ["day", "grp", f"{OPTION_PREFIX}{dimension.key}"]
    table = lake.read("decisions", experiment.id, since=since, columns=columns)
    found = option_shares(table) if table.num_rows else pd.DataFrame(columns=["day", "option"])
    if found.empty:
        return pd.DataFrame(columns=["day", "option", "share"])
    labels = {option.key: option.label for option in dimension.options}
    named = found.assign(
        option=[labels.get(key, key) for key in found["option"]],
        day=[_as_day(day) for day in found["day"]],
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
    column = f"{OPTION_PREFIX}{dimension.key}"
    decisions = lake.read(
        "decisions", experiment.id, columns=["decision_id", "person", "grp", column]
    )
    rewards = lake.read("rewards", experiment.id, columns=["decision_id", "value", "closed_on"])
    if until is not None and rewards.num_rows:
        rewards = rewards.filter(pc.less_equal(rewards["closed_on"], pa.scalar(until)))
    people = read_people(database, lake, experiment)
    if people is None or decisions.num_rows == 0 or rewards.num_rows == 0 or not people.segments:
        return None
    frame = _closed(decisions, rewards, column)
    if frame.empty:
        return None
    labels = {option.key: option.label for option in dimension.options}
    frame["option"] = [labels.get(key, key) for key in frame["option"]]
    inside = {key: people.person[mask] for key, mask in people.segments.items()}
    table = option_cells(frame, inside, list(labels.values()), finished=finished)
    return Cells(
        table,
        {key: segment_of(key).label for key in inside},
        tuple(_clearest_first(table)),
        finished,
    )


def _closed(decisions: pa.Table, rewards: pa.Table, column: str) -> pd.DataFrame:
    random = decisions.filter(pc.equal(decisions["grp"], Group.RANDOM.value))
    joined = random.join(rewards, "decision_id", join_type="inner")
    return pd.DataFrame(
        {
            "person": joined["person"].to_numpy(),
            "option": joined[column].to_pylist(),
            "value": joined["value"].to_numpy(),
        }
    )


def _clearest_first(table: pd.DataFrame) -> list[str]:
    """Segments by how far their clearest cell lies from zero, in widths of its interval."""
    width = (table["high"] - table["low"]).replace(0.0, np.nan)
    score = (table["estimate"].abs() / width).fillna(-1.0) + 1_000.0 * table["clear"]
    best = score.groupby(table["segment"], sort=False).max()
    return [str(key) for key in best.sort_values(ascending=False, kind="stable").index]


def _as_day(value: object) -> date:
    stamp = pd.Timestamp(str(value))
    return date(stamp.year, stamp.month, stamp.day)
