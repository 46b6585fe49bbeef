"""Which of several workers leads, and by which clock their leases run.

SQLite has one worker, on one machine: it leads, and leases run on that machine's own clock. On
PostgreSQL several workers on several machines share the state. One leads: it answers intents, runs
the daily cycle and recovers what others lost; the rest only send. Who leads is who holds a lock
that the server gives to one connection and takes back when that connection is gone. If a leader
cut off from the server goes on for a moment beside the next one, the ledger's claims, the fences
of intents and the parts that only the first writer makes keep both from doing anything twice.
"""

from __future__ import annotations

import sqlalchemy as sa

from services.database.engine import Database
from services.database.server import LEADER

_SHARED_CLOCK = sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")


class Lead:
    """This worker's claim to lead. Not shared between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None

    def held(self) -> bool:
        """Whether this worker leads now; takes the lead where nobody has it.

        False too where the server cannot be reached: then nobody can act anyway.
        """
        if self._database.is_sqlite:
            return True
        try:
            if self._connection is not None:
                self._connection.exec_driver_sql("SELECT 1")
                return True
            return self._try()
        except sa.exc.DBAPIError:
            self.give_up()
            return False

    def give_up(self) -> None:
        """Let another one lead."""
        if self._connection is not None:
            self._connection.invalidate()  # closed, not pooled: the lock goes with the session
            self._connection.close()
            self._connection = None

    def _try(self) -> bool:
        connection = self._database.engine.connect()
        try:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            if connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LEADER})").scalar():
                self._connection = connection
                return True
        finally:
            if self._connection is None:
                connection.close()
        return False


def shared_s(connection: sa.Connection, own_s: float) -> float:
    """Seconds on the clock that all workers of this database share.

    `own_s` is this machine's. The server's may be set while it runs: a lease that ends too early
    or too late by that makes a doubt, never a second message.
    """
    if connection.dialect.name == "sqlite":
        return own_s
    return float(connection.scalar(_SHARED_CLOCK) or 0.0)
