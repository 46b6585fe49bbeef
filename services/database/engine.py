"""Connections to the state database, with the settings under which a commit survives a power cut.

SQLite by default, PostgreSQL where several machines share the state (`services.database.server`).
SQLite runs in rollback mode: `journal_mode=TRUNCATE, synchronous=FULL`. WAL has a corruption bug
before SQLite 3.51.3, and the defaults can lose an acknowledged commit, which here would mean a
second message to the same person. Writers take the lock at once with `BEGIN IMMEDIATE`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.database import server
from services.errors import Locked, SetupError
from services.messages import msg

BUSY_WAIT_S = 15.0  # the longest a writer waits for another before it gives up
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p"})
SAFE_JOURNALS = frozenset({"truncate"})
SAFE_SYNCHRONOUS = frozenset({2, 3})  # FULL, EXTRA


class Database:
    """The state database: `read()` and `write()` give a connection for one transaction."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._turn = threading.Lock()
        if self.is_sqlite:
            _refuse_network_files(Path(self.url.database or ""))
            self.engine = sa.create_engine(
                self.url, connect_args={"timeout": BUSY_WAIT_S, "isolation_level": None}
            )
            sa.event.listen(self.engine, "connect", _make_safe)
            sa.event.listen(self.engine, "begin", _begin)
        else:
            self.engine = server.engine_for(self.url, BUSY_WAIT_S)

    @classmethod
    def temporary(cls, path: Path) -> Database:
        """A migrated SQLite database at `path`, for tests and rehearsals."""
        from services.database.migrate import migrate

        database = cls(f"sqlite:///{path}")
        migrate(database)
        return database

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view. Nothing written here is kept."""
        with _plain_words():
            if not self.is_sqlite:
                with server.one_view(self.engine) as connection:
                    yield connection
                return
            with self.engine.connect() as connection:
                yield connection
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that holds the write lock from its start and commits at its end.

        Raises Locked where another writer holds the lock for longer than BUSY_WAIT_S.
        """
        if not self.is_sqlite:
            with _plain_words(), server.one_writer(self.engine) as connection:
                yield connection
            return
        with self._own_turn(), _plain_words(), self.engine.connect() as connection:
            writing = connection.execution_options(immediate=True)
            with writing.begin():
                yield writing

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        # SQLite lets a writer that finds the lock taken sleep for longer and longer, even when the
        # lock is free again. Threads of one process queue here instead and go on at once.
        if not self._turn.acquire(timeout=BUSY_WAIT_S):
            raise _held()
        try:
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    def facts(self) -> dict[str, str]:
        """Engine, version and safety settings, as the doctor prints them."""
        if not self.is_sqlite:
            with _plain_words():
                return server.facts_of(self.engine)
        with self.read() as connection:
            return {
                "engine": "sqlite",
                "version": sqlite3.sqlite_version,
                "journal_mode": str(connection.scalar(sa.text("PRAGMA journal_mode"))),
                "synchronous": str(connection.scalar(sa.text("PRAGMA synchronous"))),
            }


def _held() -> Locked:
    return Locked(
        msg("The database is held by another process."),
        hint=msg("Nothing was changed. Try again; if it stays, stop the other process."),
    )


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as problem:
        if not isinstance(problem.orig, sqlite3.Error):
            found = server.plain_problem(problem)
            if found is None:
                raise
            held, what, hint = found
            raise (Locked if held else SetupError)(what, hint=hint) from problem
        if not isinstance(problem, sa.exc.OperationalError):
            raise
        text = str(problem.orig).lower()
        if "locked" in text or "busy" in text:
            raise _held() from problem
        if "readonly" in text or "unable to open" in text:
            raise SetupError(
                msg("The database cannot be opened for writing."),
                hint=msg("Check that the home folder is writable and the disk is not full."),
            ) from problem
        if "full" in text or "disk i/o" in text:
            raise SetupError(
                msg("The disk is full or broken: nothing was written, nothing was sent."),
                hint=msg("Free some space; Anneal goes on from where it was."),
            ) from problem
        raise


def _make_safe(raw: Any, _record: Any) -> None:
    cursor = raw.cursor()
    journal = cursor.execute("PRAGMA journal_mode=TRUNCATE").fetchone()[0]
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is forgotten leaves no copy in free pages
    synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
    cursor.close()
    if str(journal).lower() not in SAFE_JOURNALS or synchronous not in SAFE_SYNCHRONOUS:
        raise SetupError(
            msg("The database does not accept the settings that make a commit durable."),
            hint=msg("Close programs that have the file open in WAL mode, then start again."),
        )


def _begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _refuse_network_files(path: Path) -> None:
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # not Linux: nothing to ask
    folder = path.resolve().parent
    kinds = {parts[1]: parts[2] for parts in (line.split() for line in mounts) if len(parts) > 2}
    for place in (folder, *folder.parents):
        kind = kinds.get(str(place))
        if kind is None:
            continue
        if kind in NETWORK_FILE_SYSTEMS:
            raise SetupError(
                msg("The home lies on a network file system ({kind}).", kind=kind),
                hint=msg("SQLite is not safe there. Use a local folder, or PostgreSQL."),
            )
        return
