"""How many messages went out by our own record, and which excess of Braze is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.activation.model import MAY_HAVE_REACHED
from services.database.engine import Database

TEST_SENT = "test.sent"  # what the worker notes before a test message goes out

_SENT = sa.text(
    "SELECT b.claimed_at, COUNT(*) AS n FROM batches b JOIN ledger l ON l.batch_id = b.id "
    "WHERE b.target_kind = :kind AND b.target_id = :target AND b.claimed_at >= :since "
    "AND l.workspace = :workspace AND l.state IN :reached GROUP BY b.id, b.claimed_at"
).bindparams(sa.bindparam("reached", expanding=True))
_FIRST = sa.text(
    "SELECT MIN(claimed_at) FROM batches WHERE target_kind = :kind AND target_id = :target"
)
_TESTS = sa.text("SELECT at, detail FROM audit WHERE action = :action AND at >= :since").columns(
    at=sa.Float, detail=sa.JSON
)
_KNOWN = sa.text(
    "SELECT day, excess FROM provider_alarms WHERE workspace = :workspace AND target = :target"
)
_NOTE = sa.text(
    "INSERT INTO provider_alarms (workspace, target, day, excess, at) "
    "VALUES (:workspace, :target, :day, :excess, :at) "
    "ON CONFLICT (workspace, target, day) DO UPDATE SET excess = excluded.excess, at = excluded.at"
)


@dataclass(frozen=True)
class OurCount:
    """What we sent through one target: (claim in epoch seconds, people), and the first claim ever.

    Everything that may have reached somebody counts, test messages too.
    """

    sent: Sequence[tuple[float, int]]
    first_at: float | None


def our_count(database: Database, workspace: str, kind: str, target: str, since: float) -> OurCount:
    """Messages through one target since an instant (epoch seconds)."""
    which = {"kind": kind, "target": target}
    reached = [state.value for state in MAY_HAVE_REACHED]
    values = {**which, "workspace": workspace, "since": since, "reached": reached}
    with database.read() as c:
        sent = [(float(r.claimed_at), int(r.n)) for r in c.execute(_SENT, values)]
        tests = c.execute(_TESTS, {"action": TEST_SENT, "since": since}).all()
        first = c.scalar(_FIRST, which)
    for at, detail in tests:
        if isinstance(detail, Mapping) and detail.get("target") == target:
            sent.append((float(at), int(detail.get("people", 0))))
    return OurCount(sent, None if first is None else float(first))


def known_excess(database: Database, workspace: str, target: str) -> dict[date, int]:
    """For each day the greatest excess that has stopped sending already."""
    with database.read() as c:
        rows = c.execute(_KNOWN, {"workspace": workspace, "target": target})
        return {date.fromisoformat(r.day): int(r.excess) for r in rows}


def note_excess(
    connection: sa.Connection, workspace: str, target: str, day: date, excess: int, at: float
) -> None:
    """Remember that this excess has stopped sending: the same one does not do it twice."""
    values = {"workspace": workspace, "target": target, "day": day.isoformat()}
    connection.execute(_NOTE, {**values, "excess": excess, "at": at})
