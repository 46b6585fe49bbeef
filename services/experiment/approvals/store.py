"""The table of approvals: given for one digest, and worth nothing for any other.

Digests are opaque here: the configuration's hash, or the digest of a message's content.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import approvals, approved_contents
from services.experiment.audit.store import record
from services.experiment.records import Approval, ApprovalKind


def approve(
    database: Database,
    clock: Clock,
    kind: ApprovalKind,
    subject: str,
    digest: str,
    by: str,
    *,
    content: Mapping[str, Any] | None = None,
) -> Approval:
    """Approve `subject` as it is now. An approval of the same digest that still stands is kept;
    one of another digest is revoked, because what it was given for is no longer there. `content`
    is what the digest was made of, kept so that a later change can be shown."""
    now = clock.now().timestamp()
    with database.write() as connection:
        if content is not None:
            _keep(connection, digest, content)
        standing = _standing(connection, kind, subject)
        if standing is not None and standing.digest == digest:
            return standing
        _revoke(connection, kind, subject, now)
        connection.execute(
            approvals.insert().values(
                kind=kind.value, subject=subject, digest=digest, approved_by=by, approved_at=now
            )
        )
        record(connection, clock, by, f"{kind.value}.approved", subject, {"digest": digest})
        given = _standing(connection, kind, subject)
        assert given is not None  # noqa: S101 - inserted three lines above, in this transaction
        return given


def revoke(database: Database, clock: Clock, kind: ApprovalKind, subject: str, by: str) -> bool:
    """Take back what stands for `subject`. False where nothing did."""
    with database.write() as connection:
        standing = _standing(connection, kind, subject)
        if standing is None:
            return False
        _revoke(connection, kind, subject, clock.now().timestamp())
        detail = {"digest": standing.digest}
        record(connection, clock, by, f"{kind.value}.revoked", subject, detail)
        return True


def approval(database: Database, kind: ApprovalKind, subject: str) -> Approval | None:
    """The approval that stands for `subject`, or None."""
    with database.read() as connection:
        return _standing(connection, kind, subject)


def approved_content(database: Database, digest: str) -> dict[str, Any] | None:
    """What was approved under `digest`, or None where it was not kept."""
    table = approved_contents
    with database.read() as connection:
        found = connection.scalar(sa.select(table.c.content).where(table.c.digest == digest))
    return None if found is None else dict(found)


def standing_approvals(database: Database, kind: ApprovalKind) -> dict[str, Approval]:
    """Every approval of this kind that stands, by subject."""
    query = _query(kind).where(approvals.c.revoked_at.is_(None)).order_by(approvals.c.id)
    with database.read() as connection:
        return {row["subject"]: _approval(row) for row in connection.execute(query).mappings()}


def _keep(connection: sa.Connection, digest: str, content: Mapping[str, Any]) -> None:
    table = approved_contents
    known = sa.select(table.c.digest).where(table.c.digest == digest)
    if connection.scalar(known) is None:
        connection.execute(table.insert().values(digest=digest, content=dict(content)))


def _query(kind: ApprovalKind) -> sa.Select[Any]:
    return sa.select(approvals).where(approvals.c.kind == kind.value)


def _standing(connection: sa.Connection, kind: ApprovalKind, subject: str) -> Approval | None:
    query = _query(kind).where(approvals.c.subject == subject, approvals.c.revoked_at.is_(None))
    row = connection.execute(query.order_by(approvals.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _approval(row)


def _revoke(connection: sa.Connection, kind: ApprovalKind, subject: str, now_s: float) -> None:
    connection.execute(
        approvals.update()
        .where(
            approvals.c.kind == kind.value,
            approvals.c.subject == subject,
            approvals.c.revoked_at.is_(None),
        )
        .values(revoked_at=now_s)
    )


def _approval(row: Mapping[str, Any] | sa.RowMapping) -> Approval:
    revoked = row["revoked_at"]
    return Approval(
        id=row["id"],
        kind=ApprovalKind(row["kind"]),
        subject=row["subject"],
        digest=row["digest"],
        approved_by=row["approved_by"],
        approved_at=datetime.fromtimestamp(row["approved_at"], UTC),
        revoked_at=None if revoked is None else datetime.fromtimestamp(revoked, UTC),
    )
