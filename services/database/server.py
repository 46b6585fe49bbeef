"""PostgreSQL as the shared state database: settings of a connection, and the one writer at a time.

A claim reads before it writes (pauses, caps, frequency over all experiments, the rate bucket), and
what it reads must still hold when it commits. SQLite's `BEGIN IMMEDIATE` gives that by letting one
writer in. Here every write transaction first takes one advisory lock, held until its end, in READ
COMMITTED: each later statement then sees all that earlier writers committed. SERIALIZABLE would
promise the same only by failing transactions at their commit, to be done again by every caller;
and a transaction that fixed its view at its first statement would have fixed it before it held the
lock. The price is that writers queue, at about a millisecond for a batch of fifty people.

Reading is REPEATABLE READ, READ ONLY: one view, which never waits and lets nobody wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from services.errors import SetupError
from services.messages import Message, msg

WRITERS = 0x414E4E45414C  # "ANNEAL": the advisory lock of everybody who writes
LEADER = WRITERS + 1  # the advisory lock of the worker that leads
STALLED_MS = 60_000  # a process stopped inside a transaction gives the lock up after this
# How soon the server notices a machine that is gone: after 30 s, three calls 10 s apart.
KEEPALIVE = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
DRIVER = "postgresql+psycopg"
LOCK_NOT_GRANTED, DISK_FULL = "55P03", "53100"  # SQLSTATE
DURABLE = ("on", "on")  # what fsync and full_page_writes must be
# No connection, out of resources, shutting down, and a transaction that was idle for too long.
LINE_OR_SERVER = ("08", "53", "57P", "25P03")


def engine_for(url: sa.URL, wait_s: float) -> sa.Engine:
    """An engine whose connections are safe to send from. Raises SetupError without the driver.

    `wait_s` is the longest a writer waits for another.
    """
    try:
        engine = sa.create_engine(url.set(drivername=DRIVER), pool_pre_ping=True)
    except ModuleNotFoundError as missing:
        raise SetupError(
            msg("PostgreSQL needs the extra packages of Anneal."),
            hint=msg("Install them with: pip install 'anneal[postgres]'."),
        ) from missing
    sa.event.listen(engine, "connect", lambda raw, _record: _make_safe(raw, wait_s))
    return engine


@contextmanager
def one_view(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that sees one state of the database and cannot change it."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection
        connection.rollback()


@contextmanager
def one_writer(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that holds the writers' lock from its start; commits at its end."""
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
        yield connection


def facts_of(engine: sa.Engine) -> dict[str, str]:
    """Version and the settings that make a commit durable, as the doctor prints them."""
    shown = ("server_version", "fsync", "full_page_writes", "synchronous_commit")
    with one_view(engine) as connection:
        values = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in shown}
        isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar()
    return {
        "engine": "postgresql",
        "version": values.pop("server_version"),
        **values,
        "reading": str(isolation),
        "writing": "read committed, one at a time",
    }


def plain_problem(problem: sa.exc.DBAPIError) -> tuple[bool, Message, Message] | None:
    """What a database error means: whether a lock was not granted, what happened, what to try.

    None where it is neither the line nor the server's state: a broken constraint, an error of ours.
    """
    if not isinstance(problem, sa.exc.OperationalError | sa.exc.InternalError):
        return None
    state = getattr(problem.orig, "sqlstate", None)
    if state == LOCK_NOT_GRANTED:
        return True, _HELD, _TRY_AGAIN
    if state == DISK_FULL:
        return False, _FULL, _GOES_ON
    if problem.connection_invalidated or state is None or state.startswith(LINE_OR_SERVER):
        return False, _NO_SERVER, _CHECK_SERVER
    return None


def _make_safe(raw: Any, wait_s: float) -> None:
    settings = {
        "lock_timeout": int(wait_s * 1_000),
        "idle_in_transaction_session_timeout": STALLED_MS,
        "synchronous_commit": "on",
        **KEEPALIVE,
    }
    with raw.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = '{value}'")
        cursor.execute("SELECT current_setting('fsync'), current_setting('full_page_writes')")
        unsafe = cursor.fetchone() != DURABLE
    raw.commit()
    if unsafe:
        raise SetupError(
            msg("The PostgreSQL server would lose commits at a power cut."),
            hint=msg("Switch fsync and full_page_writes on in its configuration."),
        )


_HELD = msg("The database is held by another process.")
_TRY_AGAIN = msg("Nothing was changed. Try again; if it stays, stop the other process.")
_FULL = msg("The disk is full or broken: nothing was written, nothing was sent.")
_GOES_ON = msg("Free some space; Anneal goes on from where it was.")
_NO_SERVER = msg("The line to the PostgreSQL server is broken, or the server stopped.")
_CHECK_SERVER = msg("Nothing more is sent until it is back. Check the server and ANNEAL_DATABASE.")
