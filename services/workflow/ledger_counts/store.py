"""What the ledger says about one experiment's day, and about one person, as counts and few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.activation.model import LedgerState, SkipReason
from services.database.engine import Database
from services.database.schema import assignments, batches, catalogue, ledger

QUARTER_S = 900  # all zones of the world differ by whole quarters of an hour
UNSURE = (LedgerState.UNKNOWN.value, LedgerState.ACCEPTED_PARTIAL.value)


@dataclass(frozen=True)
class QuarterCount:
    """`n` messages in `state` through `target` (kind, id) whose send time lies in the quarter of an
    hour from `from_s` on."""

    from_s: float
    state: LedgerState
    n: int
    target: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Doubts:
    """Messages that may have gone out. Moments are epoch seconds, None where unknown."""

    n: int
    since_s: float | None
    next_look_s: float | None


@dataclass(frozen=True)
class DoubtfulRequest:
    """One request whose fate is not known for `n` of its people. Moments are epoch seconds."""

    claimed_s: float
    target: tuple[str, str]
    n: int
    next_look_s: float | None


@dataclass(frozen=True)
class PersonMessage:
    """One row of the ledger of one person."""

    day: date
    decision_id: str
    state: LedgerState
    reason: SkipReason | None
    channel: str
    target_kind: str
    target_id: str
    send_at: float
    combination: str


def quarter_counts(database: Database, experiment_id: str, day: date) -> list[QuarterCount]:
    """Messages of one decision day by quarter of an hour, state and target, in order of time."""
    quarter = sa.cast(sa.func.floor(ledger.c.send_at / QUARTER_S), sa.Integer)
    target = (ledger.c.target_kind, ledger.c.target_id)
    query = (
        sa.select(quarter.label("quarter"), ledger.c.state, *target, sa.func.count().label("n"))
        .where(ledger.c.experiment_id == experiment_id, ledger.c.day == day.isoformat())
        .group_by(quarter, ledger.c.state, *target)
        .order_by(quarter, *target, ledger.c.state)
    )
    with database.read() as connection:
        return [
            QuarterCount(
                float(row.quarter) * QUARTER_S,
                LedgerState(row.state),
                row.n,
                (row.target_kind, row.target_id),
            )
            for row in connection.execute(query)
        ]


def skipped(database: Database, experiment_id: str, day: date) -> dict[SkipReason, int]:
    """How many people were not sent to on a decision day, by reason, most frequent first."""
    n = sa.func.count().label("n")
    query = (
        sa.select(ledger.c.reason, n)
        .where(
            ledger.c.experiment_id == experiment_id,
            ledger.c.day == day.isoformat(),
            ledger.c.state == LedgerState.SKIPPED.value,
            ledger.c.reason.in_([reason.value for reason in SkipReason]),
        )
        .group_by(ledger.c.reason)
        .order_by(n.desc())
    )
    with database.read() as connection:
        return {SkipReason(row.reason): row.n for row in connection.execute(query)}


def doubts(database: Database, experiment_id: str) -> Doubts:
    """Messages of any day that may have gone out and are not settled yet."""
    query = sa.select(
        sa.func.count(), sa.func.min(ledger.c.updated_at), sa.func.min(ledger.c.next_look_at)
    ).where(ledger.c.experiment_id == experiment_id, ledger.c.state.in_(UNSURE))
    with database.read() as connection:
        n, since, next_look = connection.execute(query).one()
    return Doubts(n, since, next_look)


def doubtful_requests(database: Database, experiment_id: str, most: int) -> list[DoubtfulRequest]:
    """The requests behind `doubts`, oldest first, at most so many."""
    query = (
        sa.select(
            batches.c.claimed_at,
            batches.c.target_kind,
            batches.c.target_id,
            sa.func.count().label("n"),
            sa.func.min(ledger.c.next_look_at).label("next_look_at"),
        )
        .join(batches, batches.c.id == ledger.c.batch_id)
        .where(ledger.c.experiment_id == experiment_id, ledger.c.state.in_(UNSURE))
        .group_by(batches.c.id, batches.c.claimed_at, batches.c.target_kind, batches.c.target_id)
        .order_by(batches.c.claimed_at, batches.c.id)
        .limit(most)
    )
    with database.read() as connection:
        return [
            DoubtfulRequest(
                row.claimed_at, (row.target_kind, row.target_id), row.n, row.next_look_at
            )
            for row in connection.execute(query)
        ]


def target_names(database: Database) -> dict[tuple[str, str], str]:
    """What Braze calls its campaigns and Canvases: (kind of target, id) → name."""
    query = sa.select(catalogue.c.kind, catalogue.c.id, catalogue.c.name)
    with database.read() as connection:
        rows = connection.execute(query.where(catalogue.c.kind.in_(("campaign", "canvas")))).all()
    names = {(str(row.kind), str(row.id)): str(row.name) for row in rows}
    return names | {("api_campaign", id): n for (kind, id), n in names.items() if kind != "canvas"}


def day_states(
    database: Database, experiment_id: str, days: Sequence[date]
) -> list[tuple[date, LedgerState, int]]:
    """Messages of these decision days by state: (day, state, n), in order of day."""
    query = (
        sa.select(ledger.c.day, ledger.c.state, sa.func.count())
        .where(
            ledger.c.experiment_id == experiment_id,
            ledger.c.day.in_([day.isoformat() for day in days]),
        )
        .group_by(ledger.c.day, ledger.c.state)
        .order_by(ledger.c.day)
    )
    with database.read() as connection:
        return [
            (date.fromisoformat(day), LedgerState(state), int(n))
            for day, state, n in connection.execute(query)
        ]


def last_ledger_day(database: Database, experiment_id: str, until: date) -> date | None:
    """The last decision day up to `until` that has a row, or None."""
    query = sa.select(sa.func.max(ledger.c.day)).where(
        ledger.c.experiment_id == experiment_id, ledger.c.day <= until.isoformat()
    )
    with database.read() as connection:
        found = connection.scalar(query)
    return date.fromisoformat(found) if found else None


def group_counts(database: Database, experiment_id: str) -> dict[str, int]:
    """How many people were drawn into each group."""
    query = (
        sa.select(assignments.c.grp, sa.func.count().label("n"))
        .where(assignments.c.experiment_id == experiment_id)
        .group_by(assignments.c.grp)
    )
    with database.read() as connection:
        return {str(row.grp): int(row.n) for row in connection.execute(query)}


def answer_seconds(database: Database, experiment_id: str, day: date) -> float | None:
    """Mean seconds between a request and its answer on a day; None where nothing was answered."""
    query = sa.select(sa.func.avg(batches.c.answered_at - batches.c.sent_at)).where(
        batches.c.experiment_id == experiment_id,
        batches.c.day == day.isoformat(),
        batches.c.answered_at.is_not(None),
        batches.c.sent_at.is_not(None),
    )
    with database.read() as connection:
        found = connection.scalar(query)
    return None if found is None else float(found)


def messages_of(database: Database, experiment_id: str, person: int) -> list[PersonMessage]:
    """Everything the ledger has about one person in one experiment, the newest day first."""
    query = (
        sa.select(ledger)
        .where(ledger.c.experiment_id == experiment_id, ledger.c.person == person)
        .order_by(ledger.c.day.desc())
    )
    with database.read() as connection:
        return [_message(dict(row)) for row in connection.execute(query).mappings()]


def _message(row: Mapping[str, Any]) -> PersonMessage:
    reasons = {reason.value for reason in SkipReason}
    return PersonMessage(
        day=date.fromisoformat(row["day"]),
        decision_id=row["decision_id"],
        state=LedgerState(row["state"]),
        reason=SkipReason(row["reason"]) if row["reason"] in reasons else None,
        channel=row["channel"],
        target_kind=row["target_kind"],
        target_id=row["target_id"],
        send_at=row["send_at"],
        combination=row["combination"],
    )
