"""What Insights shows of Braze's own numbers, beside Anneal's, and why the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.activation.model import LedgerState
from services.database.engine import Database
from services.database.schema import catalogue
from services.experiment.model import Experiment
from services.lake import Lake
from services.messages import Message, msg, msgn
from services.outcomes.model import OutcomeMetric
from services.workflow.ledger_counts.store import totals

SERIES = "series"
SOURCES = ("campaign", "canvas")
STEPS: dict[str, tuple[str, ...]] = {
    "sent": ("sent",),
    "delivered": ("delivered",),
    "opened": ("unique_opens", "direct_opens"),
    "clicked": ("unique_clicks", "clicks", "body_clicks"),
    "unsubscribed": ("unsubscribes", "opt_out"),
}
"""Braze's counters for each step. Of each tuple a channel uses the first one it has."""
TAKEN = (
    LedgerState.ACCEPTED,
    LedgerState.ACCEPTED_PARTIAL,
    LedgerState.QUEUED,
    LedgerState.RECEIVED,
    LedgerState.NOT_RECEIVED,
)


@dataclass(frozen=True)
class BrazeLine:
    """One step: Braze's count, Anneal's (None: only Braze knows), and why they differ."""

    step: str
    braze: float | None
    anneal: float | None
    why: Message


@dataclass(frozen=True)
class BrazeNumbers:
    """Braze's numbers of an experiment's campaigns and Canvases.

    daily     columns day, step (a key of STEPS), value; summed over sources and channels
    names     names of the campaigns and Canvases
    fetched   when the worker last read them, epoch seconds
    """

    daily: pd.DataFrame
    names: tuple[str, ...]
    fetched_s: float | None
    lines: tuple[BrazeLine, ...]


def braze_numbers(
    database: Database, lake: Lake, experiment: Experiment, *, first_day: date | None
) -> BrazeNumbers | None:
    """Read the series of all targets since the first day; None before the first fetch."""
    parts = lake.parts(SERIES, experiment.id)
    table = _newest(lake.load(parts), first_day) if parts else pd.DataFrame()
    if table.empty:
        return None
    daily = _by_step(table)
    return BrazeNumbers(
        daily=daily,
        names=_names(database, experiment),
        fetched_s=_fetched(parts[-1].meta),
        lines=tuple(_lines(database, lake, experiment, table, daily)),
    )


def last_days(daily: pd.DataFrame, days: int | None) -> pd.DataFrame:
    """The newest `days` days of a table with a `day` column; all with None."""
    if days is None or daily.empty:
        return daily
    recent: pd.DataFrame = daily[daily["day"] > max(daily["day"]) - timedelta(days=days)]
    return recent


def _newest(table: pa.Table, first_day: date | None) -> pd.DataFrame:
    """Rows of campaigns and Canvases; of a number fetched twice the later one counts."""
    table = table.filter(pc.is_in(table["source"], pa.array(SOURCES)))
    frame = pd.DataFrame(table.to_pydict())
    keys = ["source_id", "variation_id", "step", "channel", "day", "counter"]
    frame = frame.fillna({"variation_id": "", "step": "", "channel": ""})
    frame = frame.drop_duplicates(keys, keep="last")
    kept: pd.DataFrame = frame if first_day is None else frame[frame["day"] >= first_day]
    return kept


def _by_step(table: pd.DataFrame) -> pd.DataFrame:
    by_channel = table[table["channel"] != ""]
    found = []
    for step, counters in STEPS.items():
        for _channel, rows in by_channel.groupby("channel"):
            counter = next((c for c in counters if (rows["counter"] == c).any()), None)
            if counter is not None:
                mine = rows[rows["counter"] == counter]
                found.append(mine.groupby("day", as_index=False)["value"].sum().assign(step=step))
    if not found:
        return pd.DataFrame(columns=["day", "step", "value"])
    whole = pd.concat(found, ignore_index=True)
    summed: pd.DataFrame = whole.groupby(["day", "step"], as_index=False)["value"].sum()
    return summed


def _lines(
    database: Database,
    lake: Lake,
    experiment: Experiment,
    table: pd.DataFrame,
    daily: pd.DataFrame,
) -> list[BrazeLine]:
    by_step = daily.groupby("step")["value"].sum()
    states = totals(database, experiment.id)
    accepted = sum(states.get(state, 0) for state in TAKEN)
    doubts = states.get(LedgerState.UNKNOWN, 0)
    sent = _of(by_step, "sent")
    lines = [BrazeLine("sent", sent, float(accepted), _why_sent(sent, accepted, doubts))]
    for step in ("delivered", "opened", "clicked", "unsubscribed"):
        value = _of(by_step, step)
        if value is not None:
            lines.append(BrazeLine(step, value, None, msg("Only Braze sees this.")))
    conversions = table[(table["channel"] == "") & (table["counter"] == "conversions")]
    counted = _outcomes(lake, experiment.id)
    if len(conversions) or counted:
        braze = float(conversions["value"].sum()) if len(conversions) else None
        lines.append(
            BrazeLine(
                "outcomes",
                braze,
                counted,
                msg("Braze counts what it credits to its campaign; Anneal counts everybody."),
            )
        )
    return lines


def _why_sent(braze: float | None, accepted: int, doubts: int) -> Message:
    if braze is None:
        return msg("Braze has not reported it yet.")
    if round(braze) == accepted:
        return msg("The same.")
    if abs(braze - accepted) <= doubts:
        return msgn("{n} message in doubt.", "{n} messages in doubt.", doubts)
    if braze < accepted:
        return msg("Braze’s last days are still filling.")
    return msg("Somebody else sends through the same campaign, or a test was sent.")


def _of(by_step: pd.Series, step: str) -> float | None:
    return float(by_step[step]) if step in by_step.index else None


def _outcomes(lake: Lake, experiment_id: str) -> float | None:
    table = lake.read("outcomes", experiment_id, columns=["metric", "value"])
    if table.num_rows == 0:
        return None
    mine = table.filter(pc.equal(table["metric"], OutcomeMetric.PRIMARY.value))
    return float(pc.sum(mine["value"]).as_py() or 0.0)


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
