"""The migrated database is the one the code describes, and its settings survive a power cut."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.database.engine import Database
from services.database.migrate import migrate, version
from services.database.schema import metadata
from services.errors import Locked, SetupError


@pytest.fixture
def database(tmp_path: Path):
    found = Database.temporary(tmp_path / "state.sqlite")
    yield found
    found.close()


def test_migrations_lead_to_exactly_the_described_schema(database: Database):
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(database: Database):
    before = version(database)
    migrate(database)
    assert version(database) == before


def test_commits_are_durable_by_the_settings_of_the_connection(database: Database):
    facts = database.facts()
    assert facts["journal_mode"] == "truncate"
    assert facts["synchronous"] == "2"


def test_a_database_in_wal_mode_held_by_another_program_is_refused(tmp_path: Path):
    path = tmp_path / "state.sqlite"
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises((SetupError, Locked)), Database(f"sqlite:///{path}").read():
        pass
    other.close()


def test_a_writer_that_waits_too_long_is_told_who_is_to_blame(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("services.database.engine.BUSY_WAIT_S", 0.1)
    impatient = Database(str(database.url))
    held = pytest.raises(Locked, match="held by another process")
    with database.write(), held, impatient.write():
        pass
    impatient.close()


def test_what_fails_half_way_leaves_nothing_behind(database: Database):
    table = metadata.tables["tombstones"]

    def fail_half_way() -> None:
        with database.write() as connection:
            connection.execute(table.insert().values(keyed_hash="x", at=1.0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_a_database_of_a_newer_anneal_is_left_alone(database: Database):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SetupError, match="newer Anneal"):
        migrate(database)


def test_the_ledger_refuses_a_holdout_row_whatever_the_code_says(database: Database):
    row = dict.fromkeys(("target_kind", "target_id", "channel", "combination", "properties"), "x")
    with pytest.raises(sa.exc.IntegrityError, match="holdout"), database.write() as connection:
        connection.execute(
            metadata.tables["ledger"].insert(),
            row
            | {"workspace": "w", "person": 1, "day": "2026-01-01", "slot": 0, "grp": "holdout"}
            | {"experiment_id": "e", "decision_id": "d", "send_at": 1.0, "cost": 0.0}
            | {"state": "planned", "fence": 0, "tries": 0, "updated_at": 1.0, "looks": 0},
        )
