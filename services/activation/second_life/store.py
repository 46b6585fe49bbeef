"""What the database says of its own life: epoch, newest batch, reconciliations."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.activation.model import SkipReason
from services.database.engine import Database

EPOCH_BYTES = 16

_LIFE = sa.text(
    "SELECT (SELECT epoch FROM installation WHERE id = 1) AS epoch, b.id, b.claimed_at "
    "FROM (SELECT 1 AS one) o LEFT JOIN batches b ON b.id = (SELECT MAX(id) FROM batches)"
)
_BATCH_AT = sa.text("SELECT claimed_at FROM batches WHERE id = :batch")
_NEW_EPOCH = sa.text("UPDATE installation SET epoch = :epoch WHERE id = 1")
_RECONCILED = sa.text(
    "INSERT INTO reconciliations (at, by, reason, through_day, epoch) "
    "VALUES (:at, :by, :reason, :through, :epoch)"
)
_THROUGH = sa.text("SELECT MAX(through_day) FROM reconciliations")
_SKIP = sa.text(
    "UPDATE ledger SET state = 'skipped', reason = :reason, updated_at = :now "
    "WHERE state = 'planned' AND day <= :through"
)


@dataclass(frozen=True)
class Life:
    """Epoch and newest batch (0 = none) of a database, and when that was claimed."""

    epoch: str
    batch: int
    batch_at: float


def life_of(database: Database) -> Life:
    """Read epoch and newest batch in one view."""
    with database.read() as connection:
        row = connection.execute(_LIFE).one()
        return Life(str(row.epoch or ""), int(row.id or 0), float(row.claimed_at or 0.0))


def claimed_at(database: Database, batch: int) -> float | None:
    """When a batch was claimed; None where the database has no such batch."""
    with database.read() as connection:
        found = connection.scalar(_BATCH_AT, {"batch": batch})
        return None if found is None else float(found)


def quiet_through(database: Database) -> date | None:
    """Last decision day on which nothing more is sent, because what went out on it is not known."""
    with database.read() as connection:
        found = connection.scalar(_THROUGH)
        return None if found is None else date.fromisoformat(found)


def begin_anew(
    connection: sa.Connection, *, at: float, by: str, reason: str, through: date
) -> Mapping[str, int | str]:
    """New epoch; nothing more of the days up to `through`. Returns epoch and people skipped."""
    epoch = secrets.token_hex(EPOCH_BYTES)
    days = {"through": through.isoformat()}
    connection.execute(_NEW_EPOCH, {"epoch": epoch})
    connection.execute(_RECONCILED, {"at": at, "by": by, "reason": reason, "epoch": epoch, **days})
    skipped = connection.execute(_SKIP, {"reason": SkipReason.RECONCILED, "now": at, **days})
    return {"epoch": epoch, "n_skipped": int(skipped.rowcount)}
