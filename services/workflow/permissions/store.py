"""Rows of the `permissions` table."""

from __future__ import annotations

from collections.abc import Sequence

from services.braze.permissions import PermissionResult
from services.clock import Clock
from services.database.engine import Database
from services.database.schema import permissions
from services.intents.model import message_json


def keep_results(
    database: Database, clock: Clock, results: Sequence[PermissionResult]
) -> dict[str, str]:
    """Replace what was known by what was found now. Returns result by permission."""
    now = clock.now().timestamp()
    rows = [
        {
            "name": found.name,
            "result": found.result.value,
            "detail": message_json(found.step),
            "checked_at": now,
        }
        for found in results
    ]
    with database.write() as connection:
        connection.execute(permissions.delete())
        if rows:
            connection.execute(permissions.insert(), rows)
    return {str(row["name"]): str(row["result"]) for row in rows}
