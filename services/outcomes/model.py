"""Nouns of outcomes: what is seen between two snapshots, and what became of each collection.

Braze exports lifetime counts and the moment of the last event, nothing in between. So an
*increment* is what one person did between two snapshots, and its time is known to the day only
when the last event lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import pyarrow as pa

CLOSING_DAYS = 2  # a day closes 48 h after its end: DECISIONS 2
GRACE_DAYS = 2  # a decision's reward closes this long after its window: RELIABILITY 2.7
PRE_PERIOD_DAYS = 28  # covariate and base rate: STATISTICS 5 and 8
SUSPICIOUS_A_DAY = 20  # a count above this is a data fault, not a keen customer: STATISTICS 6


class Source(StrEnum):
    """Where an increment comes from."""

    EVENT = "event"
    PURCHASE = "purchase"
    REVENUE = "revenue"
    ATTRIBUTE = "attribute"
    UNSUBSCRIBE = "unsubscribe"


class OutcomeMetric(StrEnum):
    """Metrics of the `outcomes` facts."""

    PRIMARY = "primary"
    REVENUE_RAW = "revenue_raw"
    UNSUBSCRIBES = "unsubscribes"


INCREMENTS = pa.schema(
    [
        ("person", pa.int64()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("source", pa.string()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("flag", pa.string()),
        ("seen_on", pa.date32()),
    ]
)
OUTCOMES = pa.schema(
    [
        ("person", pa.int64()),
        ("day", pa.date32()),
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)
REWARDS = pa.schema(
    [
        ("decision_id", pa.string()),
        ("person", pa.int64()),
        ("decision_day", pa.date32()),
        ("value", pa.float64()),
        ("closed_on", pa.date32()),
        ("late", pa.bool_()),
        ("state", pa.string()),
    ]
)


@dataclass(frozen=True)
class Collected:
    """One collection. Counts are of increments seen in the newest snapshot.

    n_fallen      counts that went down (a merge or a deletion in Braze): taken as no change
    n_suspicious  more than SUSPICIOUS_A_DAY at once, or an old entry that came back
    closed_days   days whose outcomes became final, in order
    """

    snapshot_day: date | None
    n_increments: int
    n_fallen: int
    n_suspicious: int
    closed_days: tuple[date, ...]


@dataclass(frozen=True)
class Attributed:
    """Decision days whose rewards closed now, how many rewards they have, and who came too late."""

    decision_days: tuple[date, ...]
    n_rewards: int
    n_with_value: int
    n_late: int


def last_closed(snapshot_day: date) -> date:
    """The newest day that is final once the snapshot of `snapshot_day` has been read."""
    return snapshot_day - timedelta(days=CLOSING_DAYS + 1)


def last_rewarded(snapshot_day: date, window_days: int) -> date:
    """The newest decision day whose window and grace are over with that snapshot."""
    return snapshot_day - timedelta(days=window_days + GRACE_DAYS)
