"""A private PostgreSQL server for tests, from the binaries of this machine; nothing listens on TCP.

`server()` starts it on first use and stops it with the process. It runs with fsync on, as Anneal
demands, from memory where the machine has /dev/shm.
"""

from __future__ import annotations

import atexit
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from services.database.engine import Database
from services.database.migrate import migrate
from services.database.schema import metadata
from services.errors import SetupError

STARTS_WITHIN_S = 30.0
MEMORY = Path("/dev/shm")
OWNER = "postgres"  # the server refuses to run as root; Debian's package brings this user
MIGRATED = "migrated"
CONFIGURATION = """
listen_addresses = ''
shared_buffers = 32MB
max_connections = 60
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""


class NoServer(Exception):
    """PostgreSQL cannot be started here; the text says why."""


@dataclass
class Server:
    """A running server. `url(name)` is that of one of its databases."""

    folder: Path
    process: subprocess.Popen[bytes]
    spare: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def url(self, name: str) -> str:
        return f"postgresql://anneal@/{name}?host={self.folder}"

    def run(self, sql: str) -> None:
        import psycopg

        where = {"host": str(self.folder), "user": "anneal", "dbname": "postgres"}
        with psycopg.connect(autocommit=True, **where) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def ask(self, name: str, sql: str) -> list[tuple[object, ...]]:
        """The rows a query finds in one database."""
        import psycopg

        where = {"host": str(self.folder), "user": "anneal", "dbname": name}
        with psycopg.connect(autocommit=True, **where) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[call-overload]

    def copy(self, of: str = MIGRATED, name: str | None = None) -> str:
        """A new database like `of`; returns its name. Nobody may be connected to `of`."""
        name = name or f"copy_{next(self._numbers)}"
        self.drop(name)
        self.run(f"CREATE DATABASE {name} TEMPLATE {of}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast: sessions are ended
            self.process.wait(STARTS_WITHIN_S)
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def why_none() -> str:
    """Why there is no PostgreSQL here; empty where there is one."""
    try:
        import psycopg  # noqa: F401
    except ModuleNotFoundError:
        return "psycopg is not installed (the extra `postgres`)"
    try:
        _binaries()
        _owner()
    except NoServer as problem:
        return str(problem)
    return ""


@cache
def server() -> Server:
    """The one server of this process, with a migrated database to copy. Raises NoServer."""
    binaries, owner = _binaries(), _owner()
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    if owner is not None:
        shutil.chown(folder, owner)
    data = folder / "data"
    common = {"user": owner, "stdout": subprocess.DEVNULL, "cwd": folder}
    plain = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "anneal", "-A", "trust", "-E", "UTF8", "-N"],
        env=plain,
        stderr=subprocess.PIPE,
        **common,
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoServer(made.stderr.decode())
    with (data / "postgresql.conf").open("a") as out:
        out.write(CONFIGURATION + f"unix_socket_directories = '{folder}'\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data],
            env=plain,
            stderr=log,
            start_new_session=True,
            **common,
        )
    found = Server(folder, process)
    me = os.getpid()
    atexit.register(lambda: found.stop() if os.getpid() == me else None)
    _wait(found)
    found.run(f"CREATE DATABASE {MIGRATED}")
    database = Database(found.url(MIGRATED))
    migrate(database)
    database.close()
    return found


def a_database() -> Database:
    """A migrated database without content. Give it back when the test is over."""
    running = server()
    while running.spare:
        # Emptying one takes a fifth of the time that a new copy takes.
        database = Database(running.url(running.spare.pop()))
        if _emptied(database):
            return database
        database.close()
    return Database(running.url(running.copy()))


def give_back(database: Database) -> None:
    """Close it and keep it for another test."""
    database.close()
    server().spare.append(str(database.url.database))


def _emptied(database: Database) -> bool:
    names = ", ".join(set(metadata.tables) - {"installation"})
    renew = sa.text("UPDATE installation SET epoch = :epoch")
    try:
        with database.write() as connection:
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
            connection.execute(renew, {"epoch": secrets.token_hex(16)})
    except (SetupError, sa.exc.DBAPIError):
        return False  # a test has broken it
    return True


def _wait(found: Server) -> None:
    import psycopg

    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            return found.run("SELECT 1")
        except psycopg.OperationalError as problem:
            if time.monotonic() > deadline or found.process.poll() is not None:
                log = (found.folder / "log").read_text(errors="replace")
                found.stop()
                raise NoServer(f"it did not start: {log[-500:]}") from problem
            time.sleep(0.05)


def _binaries() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name)
    on_path = shutil.which("initdb")
    for folder in (*([Path(on_path).parent] if on_path else []), *reversed(installed)):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoServer("no PostgreSQL server is installed (Debian: apt-get install postgresql)")


def _owner() -> str | None:
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        return pwd.getpwnam(OWNER).pw_name
    except KeyError:
        raise NoServer(f"the server does not run as root, and there is no user {OWNER}") from None
