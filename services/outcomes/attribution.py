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

import pyarrow as pa
import pyarrow.compute as pc

from services.database.engine import Database
from services.experiment.model import Experiment
from services.lake import Lake
from services.outcomes import store
from services.outcomes.metrics import VALUES, weighted
from services.outcomes.model import GRACE_DAYS, REWARDS, Attributed, last_rewarded

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


def match(
    values: pa.Table, sends: pa.Table, lake: Lake, *, window_days: int, zone: str
) -> pa.Table:
    """Give each event to its decision: decision_id, value; one row a decision that got anything.

    values  person, day, at (null where unknown), value
    sends   decision_id, person, send_at and others; several a person
    """
    return lake.query(
        _MATCH.format(zone=zone.replace("'", ""), window=int(window_days)),
        events=values,
        sends=sends,
    )


# An unknown moment is just before midnight: before any message of the day it was seen on.
_MATCH = """
WITH placed AS (
    SELECT person, value,
           coalesce("at", timezone('{zone}', CAST(day AS TIMESTAMP)) - INTERVAL 1 MICROSECOND)
               AS moment
    FROM events
)
SELECT s.decision_id, sum(p.value) AS value
FROM placed p ASOF JOIN sends s ON p.person = s.person AND p.moment >= s.send_at
WHERE p.moment < s.send_at + INTERVAL {window} DAY
GROUP BY s.decision_id
"""


def _rewards(
    database: Database, lake: Lake, experiment: Experiment, first: date, last: date, newest: date
) -> pa.Table:
    """All decisions sent from `first` to `last`, with what their windows hold."""
    window = experiment.metric.window_days
    until = last + timedelta(days=window + _ZONE_SPREAD_DAYS)
    sent = store.sends(database, experiment.id, first, until)
    increments = lake.read("increments", experiment.id, since=first, until=newest)
    values = _capped(weighted(increments, experiment.metric), experiment.metric.cap)
    matched = match(values, sent, lake, window_days=window, zone=experiment.zone)
    own = sent.filter(pc.less_equal(sent["decision_day"], pa.scalar(last, pa.date32())))
    order = pc.index_in(own["decision_id"], value_set=matched["decision_id"].combine_chunks())
    value = pc.fill_null(matched["value"].take(order), 0.0)
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
    matched = match(values, sent, lake, window_days=window, zone=experiment.zone)
    order = pc.index_in(sent["decision_id"], value_set=matched["decision_id"].combine_chunks())
    late = _reward_table(sent, matched["value"].take(order), newest, late=True)
    late = late.filter(pc.is_valid(late["value"]))
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


def _reward_table(sent: pa.Table, value: pa.ChunkedArray, newest: date, *, late: bool) -> pa.Table:
    return pa.table(
        {
            "decision_id": sent["decision_id"],
            "person": sent["person"],
            "decision_day": sent["decision_day"],
            "value": value,
            "closed_on": pa.repeat(pa.scalar(newest, pa.date32()), sent.num_rows),
            "late": pa.repeat(pa.scalar(late), sent.num_rows),
            "state": sent["state"],
        },
        schema=REWARDS,
    )
