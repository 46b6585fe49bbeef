"""The audit trail: one row for each change, written in the transaction that makes the change.

Every row carries the hash of the one before, so that a row changed or taken out later breaks the
chain from there on. The hash of the last row is printed in each report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import audit

FIRST_LINK = "0" * 64  # what the first row names as the hash before it


@dataclass(frozen=True)
class AuditRow:
    """One thing somebody did."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Chain:
    """Result of checking the trail. `broken_at` is the first row that does not fit, or None."""

    n_rows: int
    head: str
    broken_at: int | None


def record(
    connection: sa.Connection,
    clock: Clock,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> str:
    """Add a row inside the caller's write transaction and return its hash (64 hex digits)."""
    newest = sa.select(audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    if connection.dialect.name == "postgresql":
        # Writers are not serial there: without this lock two rows could follow the same one.
        connection.execute(sa.text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    previous = connection.scalar(newest) or FIRST_LINK
    row: dict[str, Any] = {
        "at": clock.now().timestamp(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": dict(detail or {}),
    }
    digest = _link(previous, row)
    connection.execute(audit.insert().values(**row, previous_hash=previous, hash=digest))
    return digest


def history(database: Database, *, subject: str | None = None, limit: int = 100) -> list[AuditRow]:
    """The newest rows first, for one subject where given."""
    query = sa.select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    with database.read() as connection:
        return [
            AuditRow(
                seq=row["seq"],
                at=datetime.fromtimestamp(row["at"], UTC),
                actor=row["actor"],
                action=row["action"],
                subject=row["subject"],
                detail=row["detail"],
                hash=row["hash"],
            )
            for row in connection.execute(query).mappings()
        ]


def check_chain(database: Database) -> Chain:
    """Recompute every hash from the first row on."""
    previous, n_rows = FIRST_LINK, 0
    with database.read() as connection:
        for row in connection.execute(sa.select(audit).order_by(audit.c.seq)).mappings():
            n_rows += 1
            if row["previous_hash"] != previous or row["hash"] != _link(previous, row):
                return Chain(n_rows, previous, row["seq"])
            previous = row["hash"]
    return Chain(n_rows, previous, None)


def _link(previous: str, row: Mapping[str, Any] | sa.RowMapping) -> str:
    content = [row["at"], row["actor"], row["action"], row["subject"], row["detail"]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
