"""Several workers on one shared database: one leads, the others only send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from services import worker
from services.activation.fates.store import give_up
from services.clock import FixedClock
from services.database.engine import Database
from services.database.leading import Lead, shared_s
from tests import postgres

needs_server = pytest.mark.skipif(bool(postgres.why_none()), reason=postgres.why_none() or "-")


@needs_server
def test_one_leads_until_it_gives_up_or_its_line_is_cut():
    database = postgres.a_database()
    first, second = Lead(database), Lead(database)
    assert [first.held(), second.held(), first.held()] == [True, False, True]
    first.give_up()
    assert [second.held(), first.held()] == [True, False]
    postgres.server().run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1' "
        f"AND datname = '{database.url.database}' OR query LIKE '%pg_try_advisory_lock%' "
        f"AND datname = '{database.url.database}'"
    )
    assert not second.held()
    assert first.held()
    for lead in (first, second):
        lead.give_up()
    postgres.give_back(database)


@needs_server
def test_leases_run_on_the_servers_clock():
    database = postgres.a_database()
    with database.read() as connection:
        assert shared_s(connection, -1.0) > 1.7e9
    assert give_up(database, FixedClock(datetime.now(UTC)), alone=False).n_batches == 0
    postgres.give_back(database)


def test_on_sqlite_the_only_worker_leads_by_its_own_clock(tmp_path: Path):
    database = Database.temporary(tmp_path / "state.sqlite")
    assert Lead(database).held()
    with database.read() as connection:
        assert shared_s(connection, 5.0) == 5.0
    database.close()


def test_a_worker_that_does_not_lead_sends_and_does_nothing_else(monkeypatch: pytest.MonkeyPatch):
    running = SimpleNamespace(id="e1", status=worker.Status.RUNNING)
    paused = SimpleNamespace(id="e2", status=worker.Status.PAUSED)
    place = SimpleNamespace(console=SimpleNamespace(database=None, clock=None))
    sent: list[str] = []
    monkeypatch.setattr(worker, "Alarms", lambda _: None)
    monkeypatch.setattr(worker.Lead, "held", lambda _: False)
    monkeypatch.setattr(worker, "experiments", lambda _: [running, paused])
    monkeypatch.setattr(worker, "send_due", lambda _, id: sent.append(id))
    for name in ("act_on_next", "beat", "restart_abandoned", "recover", "open_day", "settle_open"):
        monkeypatch.setattr(worker, name, lambda *_a, **_k: pytest.fail("not the leader's part"))
    worker.Worker(place).step()  # type: ignore[arg-type]
    assert sent == ["e1"]
