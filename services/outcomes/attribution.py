"""Rewards: which decision an event belongs to, for learning and off-policy estimates only.

An event belongs to the latest message before it that reached the person or may have, if it came
inside the window. Its moment is Braze's `last` for the count that rose. Where that moment is
missing (a numeric attribute; revenue without a listed purchase) the event is known to lie before
the snapshot, and the snapshot is read before that day's messages go out: it is placed at the start
of that day, so it can only belong to an earlier decision.

The reward of a decision day is written once, when its window and the grace are over, with a row for
every decision, also those with nothing. What turns up afterwards is kept aside with `late`, to be
reported and never learnt from.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.database.engine import Database
from services.experiment.model import Experiment
from services.lake import Lake
from services.outcomes import store
from services.outcomes.metrics import VALUES, weighted
from services.outcomes.model import GRACE_DAYS, REWARDS, Attributed, last_rewarded

_DAY_US = 86_400_000_000
_CLOCK_CHANGES = {"ambiguous": "earliest", "nonexistent": "latest"}  # midnight may be either
_ZONE_SPREAD_DAYS = 1  # a send hour local to the person may fall on the next day here


def attribute(database: Database, lake: Lake, experiment: Experiment, day: date) -> Attributed:
    """Close the rewards of every decision day whose window and grace are over on `day`.

    Needs the increments of that day's snapshot: call `collect` first. Safe to repeat.
    """
    seen = [d for d in lake.days("increments", experiment.id) if d <= day]
    if not seen:
        return Attributed((), 0, 0, 0)
    newest = seen[-1]
    closed = _closed_on(lake, experiment.id)
    final = last_rewarded(newest, experiment.metric.window_days)
    decided = [d for d in lake.days("decisions", experiment.id) if d <= final and d not in closed]
    n_rewards = n_with_value = 0
    if decided:
        rewards = _rewards(database, lake, experiment, decided[0], decided[-1], newest)
        for of_day in decided:
            of_that_day = pc.equal(rewards["decision_day"], pa.scalar(of_day, pa.date32()))
            part = rewards.filter(of_that_day)
            lake.append(
                "rewards", experiment.id, of_day, part, meta={"closed_on": newest.isoformat()}
            )
            n_rewards += part.num_rows
            n_with_value += pc.sum(pc.not_equal(part["value"], 0.0)).as_py() or 0
    n_late = _keep_late(database, lake, experiment, newest, closed)
    return Attributed(tuple(decided), n_rewards, n_with_value, n_late)


def match(values: pa.Table, sends: pa.Table, *, window_days: int, zone: str) -> pd.Series[float]:
    """What each decision got: a sum per decision_id, for decisions that got anything.

    values  person, day, at (null where unknown), value
    sends   decision_id, person, send_at and others; several a person
    """
    if values.num_rows == 0 or sends.num_rows == 0:
        return pd.Series(dtype=float)
    # an unknown moment is just before midnight: before any message of the day it was seen on
    midnight = pc.assume_timezone(values["day"].cast(pa.timestamp("us")), zone, **_CLOCK_CHANGES)
    midnight = midnight.cast(pa.int64()).to_numpy() - 1
    known = values["at"].cast(pa.int64())
    moment = np.where(known.is_valid().to_numpy(), pc.fill_null(known, 0).to_numpy(), midnight)
    events = pd.DataFrame(
        {
            "person": values["person"].to_numpy(),
            "moment": moment,
            "value": values["value"].to_numpy(),
        }
    ).sort_values("moment", kind="stable")
    sent = pd.DataFrame(
        {
            "person": sends["person"].to_numpy(),
            "send_at": sends["send_at"].cast(pa.int64()).to_numpy(),
            "decision": np.arange(sends.num_rows),
        }
    )
    sent = sent[np.isin(sent["person"], events["person"])].sort_values("send_at", kind="stable")
    matched = pd.merge_asof(
        events, sent, left_on="moment", right_on="send_at", by="person", direction="backward"
    )
    matched = matched[matched["moment"] < matched["send_at"] + window_days * _DAY_US]
    sums = matched.groupby(matched["decision"].astype(np.int64))["value"].sum()
    decisions = sends["decision_id"].take(pa.array(sums.index.to_numpy()))
    return pd.Series(sums.to_numpy(), index=decisions.to_pylist())


def _rewards(
    database: Database, lake: Lake, experiment: Experiment, first: date, last: date, newest: date
) -> pa.Table:
    """All decisions sent from `first` to `last`, with what their windows hold."""
    window = experiment.metric.window_days
    until = last + timedelta(days=window + _ZONE_SPREAD_DAYS)
    sent = store.sends(database, experiment.id, first, until)
    increments = lake.read("increments", experiment.id, since=first, until=newest)
    values = _capped(weighted(increments, experiment.metric), experiment.metric.cap)
    matched = match(values, sent, window_days=window, zone=experiment.zone)
    own = sent.filter(pc.less_equal(sent["decision_day"], pa.scalar(last, pa.date32())))
    found = matched.reindex(own["decision_id"].to_pylist(), fill_value=0.0)
    value = np.asarray(found, dtype=np.float64)
    return _reward_table(own, value, newest, late=False)


def _keep_late(
    database: Database, lake: Lake, experiment: Experiment, newest: date, closed: dict[date, date]
) -> int:
    """Write events of the newest snapshot that belong to a decision day closed before it."""
    window = experiment.metric.window_days
    increments = lake.read("increments", experiment.id, since=newest, until=newest)
    values = weighted(increments, experiment.metric)
    # `at` lies before the last snapshot only where Braze learnt of the event late
    moment = pa.scalar(newest - timedelta(days=GRACE_DAYS - 1), pa.date32())
    values = values.filter(pc.fill_null(pc.less(values["at"].cast(pa.date32()), moment), False))
    if values.num_rows == 0 or not closed:
        return 0
    oldest = pc.min(values["at"]).as_py().date() - timedelta(days=window + _ZONE_SPREAD_DAYS)
    sent = store.sends(database, experiment.id, oldest, newest)
    matched = match(values, sent, window_days=window, zone=experiment.zone)
    sent = sent.filter(pc.is_in(sent["decision_id"], pa.array(matched.index, pa.string())))
    value = np.asarray(matched.reindex(sent["decision_id"].to_pylist()), dtype=np.float64)
    late = _reward_table(sent, value, newest, late=True)
    n_late = 0
    for of_day in sorted(set(late["decision_day"].to_pylist())):
        if of_day not in closed or closed[of_day] >= newest:
            continue
        part = late.filter(pc.equal(late["decision_day"], pa.scalar(of_day, pa.date32())))
        lake.append("late_rewards", experiment.id, of_day, part, key=f"seen-{newest.isoformat()}")
        n_late += part.num_rows
    return n_late


def _closed_on(lake: Lake, experiment_id: str) -> dict[date, date]:
    return {
        part.day: date.fromisoformat(str(part.meta["closed_on"]))
        for part in lake.parts("rewards", experiment_id)
    }


def _capped(values: pa.Table, cap: float | None) -> pa.Table:
    if cap is None or values.num_rows == 0:
        return values
    capped = pc.min_element_wise(values["value"], pa.scalar(cap))
    return values.set_column(VALUES.get_field_index("value"), "value", capped)


def _reward_table(
    sent: pa.Table, value: NDArray[np.float64], newest: date, *, late: bool
) -> pa.Table:
    return pa.table(
        {
            "decision_id": sent["decision_id"],
            "person": sent["person"],
            "decision_day": sent["decision_day"],
            "value": pa.array(value),
            "closed_on": pa.repeat(pa.scalar(newest, pa.date32()), sent.num_rows),
            "late": pa.repeat(pa.scalar(late), sent.num_rows),
            "state": sent["state"],
        },
        schema=REWARDS,
    )
