"""Where the harnesses keep the state under test: SQLite files, or databases of a private server.

The checkers read through `rows`, which is the bare driver and shares nothing with the console.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from services.database.engine import Database
from tests import postgres
from tests.activation.sending_world import World

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class State(Protocol):
    """Homes with their database."""

    def build(self, folder: Path, n_people: int) -> None:
        """A planned day that every run starts from."""

    def copy(self, template: Path, home: Path) -> None:
        """A home like the template, to be changed."""

    def open(self, home: Path) -> Database:
        """The home's database, as the console opens it."""

    def rows(self, home: Path, sql: str) -> list[Any]:
        """What a query finds, by the bare driver."""

    def whole(self, home: Path) -> bool:
        """Whether the files are in order, where one can ask."""

    def remove(self, home: Path) -> None:
        """Take the home away."""


class SqliteState:
    """A file in the home."""

    def build(self, folder: Path, n_people: int) -> None:
        folder.mkdir()
        world = World(folder, n_people=n_people)
        world.plan()
        world.database.close()

    def copy(self, template: Path, home: Path) -> None:
        shutil.copytree(template, home)

    def open(self, home: Path) -> Database:
        return Database(f"sqlite:///{home / 'state.sqlite'}")

    def rows(self, home: Path, sql: str) -> list[Any]:
        with sqlite3.connect(home / "state.sqlite") as connection:
            found = connection.execute(sql).fetchall()
        connection.close()
        return found

    def whole(self, home: Path) -> bool:
        return self.rows(home, "PRAGMA integrity_check") == [("ok",)]

    def remove(self, home: Path) -> None:
        shutil.rmtree(home)


class PostgresState:
    """A database of a private server for each home, of the home's name."""

    def build(self, folder: Path, n_people: int) -> None:
        folder.mkdir()
        name = postgres.server().copy(name=folder.name)
        database = Database(postgres.server().url(name))
        with mock.patch.object(Database, "temporary", return_value=database):
            World(folder, n_people=n_people).plan()
        database.close()

    def copy(self, template: Path, home: Path) -> None:
        shutil.copytree(template, home)
        postgres.server().copy(template.name, home.name)

    def open(self, home: Path) -> Database:
        return Database(postgres.server().url(home.name))

    def rows(self, home: Path, sql: str) -> list[Any]:
        return postgres.server().ask(home.name, sql)

    def whole(self, home: Path) -> bool:
        return True

    def remove(self, home: Path) -> None:
        shutil.rmtree(home)
        postgres.server().drop(home.name)


def state_on(engine: str) -> State:
    """The state for 'sqlite' or 'postgresql'. Raises NoServer."""
    if engine == POSTGRESQL:
        if why := postgres.why_none():
            raise postgres.NoServer(why)
        return PostgresState()
    return SqliteState()


def add_option(options: argparse.ArgumentParser) -> None:
    """The option --database of a harness."""
    options.add_argument("--database", choices=(SQLITE, POSTGRESQL), default=SQLITE)
