"""What preflight reads: standing approvals, permissions as last checked, the heartbeat."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from services.database.engine import Database

_APPROVED = sa.text(
    "SELECT kind, subject, digest FROM approvals WHERE revoked_at IS NULL ORDER BY id"
)
_DIGESTS = sa.text("SELECT kind, id, content_digest FROM catalogue")
_PERMISSIONS = sa.text("SELECT name, result FROM permissions")
_HEARTBEAT = sa.text("SELECT MAX(at) FROM heartbeats WHERE process = 'worker'")
_PEOPLE = sa.text(
    "SELECT COUNT(*) FROM assignments WHERE experiment_id = :experiment AND ended = 0"
)


@dataclass(frozen=True)
class Findings:
    """Approvals by (kind, subject); content digests by 'kind:id'; permission results by name.

    `heartbeat_at` is real epoch seconds of the worker's last sign of life.
    """

    approvals: dict[tuple[str, str], str]
    digests: dict[str, str | None]
    permissions: dict[str, str]
    heartbeat_at: float | None
    n_assigned: int


def find(database: Database, experiment_id: str) -> Findings:
    """Read everything in one view."""
    with database.read() as c:
        return Findings(
            approvals={(r.kind, r.subject): r.digest for r in c.execute(_APPROVED)},
            digests={f"{r.kind}:{r.id}": r.content_digest for r in c.execute(_DIGESTS)},
            permissions={r.name: r.result for r in c.execute(_PERMISSIONS)},
            heartbeat_at=c.scalar(_HEARTBEAT),
            n_assigned=int(c.scalar(_PEOPLE, {"experiment": experiment_id}) or 0),
        )
