"""Over a played history, Braze's counts and the health checks agree with us, and nothing stops."""

from __future__ import annotations

from datetime import timedelta

from services.activation import pausing
from services.activation.recognising import recognise
from services.workflow.alarming import Alarms, look
from services.workflow.sending import marks_beside
from tests.stage import Stage


def test_a_healthy_history_raises_no_alarm_and_one_message_too_many_does(stage: Stage):
    place, console = stage.place, stage.console
    assert recognise(console.database, marks_beside(console)) is None
    assert look(place) == 0
    assert not pausing.is_paused(console.database, console.home)
    since = console.clock.now() - timedelta(days=1)
    with console.database.write() as c:  # as if a batch of today had never been written down
        gone = c.exec_driver_sql(
            "DELETE FROM ledger WHERE state = 'accepted' AND batch_id IN "
            f"(SELECT id FROM batches WHERE claimed_at > {since.timestamp()})"
        )
    assert gone.rowcount > 0
    assert look(place) >= 1
    assert pausing.is_paused(console.database, console.home)


def test_it_looks_once_an_hour(stage: Stage):
    alarms = Alarms(stage.place)
    alarms.look_hourly()
    with stage.console.database.write() as c:
        c.exec_driver_sql("DELETE FROM ledger WHERE state = 'accepted'")
    alarms.look_hourly()
    assert not pausing.is_paused(stage.console.database, stage.console.home)
