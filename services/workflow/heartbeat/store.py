"""The worker's sign of life, one row."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from sqlalchemy.dialects import postgresql, sqlite

from services.bootstrap import Console
from services.database.schema import heartbeats

WORKER = "worker"


def beat(
    console: Console, *, started_at: float, detail: Mapping[str, object] | None = None
) -> None:
    """Say "still here". `detail` is JSON, such as how much of the history has been played."""
    insert = sqlite.insert if console.database.is_sqlite else postgresql.insert
    values = {
        "pid": os.getpid(),
        "started_at": started_at,
        "at": time.time(),
        "virtual_at": console.clock.now().timestamp(),
        "detail": dict(detail or {}),
    }
    with console.database.write() as connection:
        connection.execute(
            insert(heartbeats)
            .values(process=WORKER, **values)
            .on_conflict_do_update(index_elements=["process"], set_=values)
        )
