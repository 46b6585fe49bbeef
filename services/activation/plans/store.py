"""Rows of a day's plan in the ledger: written once, read for the dry run and the Today page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.activation.model import MAX_LATE_S, LedgerState, SkipReason
from services.clock import Clock
from services.database.columns import write_rows
from services.database.engine import Database
from services.experiment.model import Channel, TargetKind

_COLUMNS = (
    "workspace, person, day, slot, experiment_id, decision_id, grp, target_kind, target_id, "
    "channel, combination, properties, send_at, cost, state, reason, updated_at"
)
_INSERT = sa.text(
    f"INSERT INTO ledger ({_COLUMNS}, fence, tries, looks) "
    f"VALUES ({', '.join(f':{name.strip()}' for name in _COLUMNS.split(','))}, 0, 0, 0) "
    "ON CONFLICT DO NOTHING"
)
_GROUPS = sa.text("SELECT person, grp FROM assignments WHERE experiment_id = :experiment")
_COUNT = sa.text(
    "SELECT state, reason, COUNT(*) AS n FROM ledger WHERE experiment_id = :experiment "
    "AND day = :day GROUP BY state, reason"
)
_DAY = sa.text(
    "SELECT l.person, p.external_id, l.decision_id, l.grp, l.day, l.slot, l.target_kind, "
    "l.target_id, l.channel, l.combination, l.properties, l.send_at, l.cost, l.state, l.reason "
    "FROM ledger l LEFT JOIN people p ON p.person = l.person "
    "WHERE l.experiment_id = :experiment AND l.day = :day AND l.workspace = :workspace "
    "AND l.state IN ('planned', 'skipped') ORDER BY l.send_at, l.person"
)
_EXPIRE = sa.text(
    "UPDATE ledger SET state = 'skipped', reason = :reason, updated_at = :now "
    "WHERE experiment_id = :experiment AND workspace = :workspace AND state = 'planned' "
    "AND send_at < :before"
)
_DUE = sa.text(
    "SELECT COUNT(*) FROM ledger WHERE experiment_id = :experiment AND workspace = :workspace "
    "AND state = 'planned' AND send_at <= :now"
)
_NEXT = sa.text(
    "SELECT MIN(send_at) FROM ledger WHERE experiment_id = :experiment AND state = 'planned'"
)


@dataclass(frozen=True)
class PlannedRow:
    """One person's row as planned. JSON columns stay text: thousands share the same few."""

    person: int
    external_id: str | None
    decision_id: str
    grp: str
    day: date
    slot: int
    target_kind: TargetKind
    target_id: str
    channel: Channel
    combination: str
    properties: str
    send_at: float
    cost: float
    reason: SkipReason | None

    @property
    def state(self) -> LedgerState:
        """PLANNED, or SKIPPED where there is a reason."""
        return LedgerState.PLANNED if self.reason is None else LedgerState.SKIPPED


def insert_rows(
    database: Database, workspace: str, experiment_id: str, rows: Sequence[PlannedRow], now: float
) -> int:
    """Write the rows of a day in one transaction; rows that are there already stay as they are.

    Returns how many were new.
    """
    if not rows:
        return 0
    common = {"workspace": workspace, "experiment_id": experiment_id, "updated_at": now}
    values = [
        {
            **common,
            "person": row.person,
            "day": row.day.isoformat(),
            "slot": row.slot,
            "decision_id": row.decision_id,
            "grp": row.grp,
            "target_kind": row.target_kind.value,
            "target_id": row.target_id,
            "channel": row.channel.value,
            "combination": row.combination,
            "properties": row.properties,
            "send_at": row.send_at,
            "cost": row.cost,
            "state": row.state.value,
            "reason": None if row.reason is None else row.reason.value,
        }
        for row in rows
    ]
    days = {row.day for row in rows}
    with database.write() as connection:
        before = sum(_n_rows(connection, experiment_id, day) for day in days)
        write_rows(connection, _INSERT, values)
        return sum(_n_rows(connection, experiment_id, day) for day in days) - before


def groups(database: Database, experiment_id: str) -> dict[int, str]:
    """Everybody ever assigned to the experiment, with the group."""
    with database.read() as connection:
        return {r.person: r.grp for r in connection.execute(_GROUPS, {"experiment": experiment_id})}


def day_counts(
    database: Database, experiment_id: str, day: date
) -> dict[tuple[LedgerState, SkipReason | None], int]:
    """How many people of a day are in which state; for skipped ones by reason."""
    with database.read() as connection:
        rows = connection.execute(_COUNT, {"experiment": experiment_id, "day": day.isoformat()})
        return {
            (LedgerState(r.state), SkipReason(r.reason) if r.state == "skipped" else None): r.n
            for r in rows
        }


def planned_rows(
    database: Database, workspace: str, experiment_id: str, day: date
) -> list[PlannedRow]:
    """Rows of a day that have not gone out: planned, or skipped with a reason."""
    values = {"experiment": experiment_id, "workspace": workspace, "day": day.isoformat()}
    with database.read() as connection:
        return [
            PlannedRow(
                person=r.person,
                external_id=r.external_id,
                decision_id=r.decision_id,
                grp=r.grp,
                day=day,
                slot=r.slot,
                target_kind=TargetKind(r.target_kind),
                target_id=r.target_id,
                channel=Channel(r.channel),
                combination=r.combination,
                properties=r.properties,
                send_at=r.send_at,
                cost=r.cost,
                reason=SkipReason(r.reason) if r.state == LedgerState.SKIPPED else None,
            )
            for r in connection.execute(_DAY, values)
        ]


def expire(database: Database, clock: Clock, workspace: str, experiment_id: str) -> int:
    """Skip planned rows whose hour is over by more than `MAX_LATE_S`. Returns how many."""
    return _skip(database, clock, workspace, experiment_id, SkipReason.HOUR_PASSED, MAX_LATE_S)


def withdraw(database: Database, clock: Clock, workspace: str, experiment_id: str) -> int:
    """Skip everything still planned, because the experiment has ended. Returns how many."""
    return _skip(database, clock, workspace, experiment_id, SkipReason.ENDED, None)


def n_due(database: Database, clock: Clock, workspace: str, experiment_id: str) -> int:
    """How many planned rows are due now."""
    values = {"experiment": experiment_id, "workspace": workspace}
    with database.read() as connection:
        found = connection.scalar(_DUE, {**values, "now": clock.now().timestamp()})
        return int(found or 0)


def next_due_at(database: Database, experiment_id: str) -> float | None:
    """When the next planned row is due (epoch seconds), or None where nothing is planned."""
    with database.read() as connection:
        found = connection.scalar(_NEXT, {"experiment": experiment_id})
        return None if found is None else float(found)


def as_json(value: object) -> str:
    """Canonical JSON: the same combination is the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _skip(
    database: Database,
    clock: Clock,
    workspace: str,
    experiment_id: str,
    reason: SkipReason,
    late_s: float | None,
) -> int:
    now = clock.now().timestamp()
    before = float("1e15") if late_s is None else now - late_s
    values = {"experiment": experiment_id, "workspace": workspace, "reason": reason.value}
    if late_s is not None:
        first = next_due_at(database, experiment_id)
        if first is None or first >= before:
            return 0  # the usual case, without a write
    with database.write() as connection:
        result = connection.execute(_EXPIRE, {**values, "now": now, "before": before})
        return int(result.rowcount)


def _n_rows(connection: sa.Connection, experiment_id: str, day: date) -> int:
    values = {"experiment": experiment_id, "day": day.isoformat()}
    return sum(row.n for row in connection.execute(_COUNT, values))
