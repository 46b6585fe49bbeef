"""PostgreSQL as the state database: one writer at a time, one view for readers, durable commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.database import server
from services.database.engine import Database
from services.database.migrate import migrate, version
from services.database.schema import metadata
from services.errors import Locked, SetupError
from tests import postgres

pytestmark = pytest.mark.skipif(bool(postgres.why_none()), reason=postgres.why_none() or "-")
COUNT = sa.text("SELECT COUNT(*) FROM tombstones")
ADD = sa.text("INSERT INTO tombstones VALUES (:hash, 0)")


@pytest.fixture
def database() -> Iterator[Database]:
    found = postgres.a_database()
    yield found
    postgres.give_back(found)


def test_migrations_lead_to_exactly_the_described_schema_there_too(database: Database):
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    before = version(database)
    migrate(database)
    assert version(database) == before


def test_the_doctor_says_engine_version_and_what_makes_commits_durable(database: Database):
    facts = database.facts()
    assert facts["engine"] == "postgresql"
    assert int(facts["version"].split(".")[0]) >= 12
    assert {facts[name] for name in ("fsync", "full_page_writes", "synchronous_commit")} == {"on"}


def test_a_second_writer_sees_all_that_the_first_has_committed(database: Database):
    seen: list[int] = []

    def count_then_add(name: str) -> None:
        with database.write() as connection:
            seen.append(int(connection.scalar(COUNT) or 0))
            connection.execute(ADD, {"hash": name})

    threads = [threading.Thread(target=count_then_add, args=(f"h{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(8))


def test_a_reader_keeps_its_view_while_somebody_writes(database: Database):
    with database.read() as reading:
        before = reading.scalar(COUNT)
        with database.write() as writing:
            writing.execute(ADD, {"hash": "h"})
        assert reading.scalar(COUNT) == before == 0
    with database.read() as reading:
        assert reading.scalar(COUNT) == 1


def test_what_is_written_in_a_view_is_refused(database: Database):
    with pytest.raises(sa.exc.DBAPIError, match="read-only"), database.read() as reading:
        reading.execute(ADD, {"hash": "h"})


def test_a_writer_that_waits_too_long_for_the_server_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("services.database.engine.BUSY_WAIT_S", 0.1)
    impatient = Database(database.url.render_as_string(hide_password=False))
    held = pytest.raises(Locked, match="held by another process")
    with database.write(), held, impatient.write():
        pass
    impatient.close()


def test_a_stalled_writer_loses_the_lock_and_nothing_of_it_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server, "STALLED_MS", 100)
    stalled = Database(database.url.render_as_string(hide_password=False))

    def write_and_stall() -> None:
        with stalled.write() as connection:
            connection.execute(ADD, {"hash": "h"})
            threading.Event().wait(0.4)
            connection.execute(ADD, {"hash": "i"})

    with pytest.raises(SetupError, match="line to the PostgreSQL server"):
        write_and_stall()
    with database.write() as connection:
        assert connection.scalar(COUNT) == 0
    stalled.close()


def test_a_server_that_is_not_there_is_said_in_plain_words(database: Database):
    nowhere = Database("postgresql://anneal@/none?host=/nowhere")
    with pytest.raises(SetupError, match="line to the PostgreSQL server"), nowhere.read():
        pass
    nowhere.close()


def test_a_server_that_would_lose_commits_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server, "DURABLE", ("off", "on"))
    unsafe = Database(database.url.render_as_string(hide_password=False))
    with pytest.raises(SetupError, match="power cut"), unsafe.read():
        pass
    unsafe.close()
