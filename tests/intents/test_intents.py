"""What people ask for is done once, by one worker, and its end is known."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from services.clock import FixedClock
from services.database.engine import Database
from services.errors import ConsoleError, DataError
from services.intents import store
from services.intents.model import (
    SAFE_TO_REPEAT,
    IntentKind,
    IntentState,
    message_from,
    message_json,
)
from services.messages import msg, msgn

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def clock():
    return FixedClock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def database(tmp_path):
    made = Database.temporary(tmp_path / "state.sqlite")
    yield made
    made.close()


def file(database, clock, kind=IntentKind.DRY_RUN, key="k", **more):
    return store.file_intent(
        database, clock, kind, key, {"day": "2026-11-02"}, "me@example.com", **more
    )


def test_the_same_key_is_the_same_wish_however_often_it_is_filed(database, clock):
    first = file(database, clock)
    clock.advance(timedelta(minutes=1))
    again = file(database, clock)
    assert again == first
    assert len(store.open_intents(database)) == 1


def test_a_wish_that_is_done_stays_done_when_its_click_arrives_again(database, clock):
    file(database, clock)
    taken = store.take_next(database, clock)
    store.finish(database, clock, taken, {"n": 3})
    assert file(database, clock).state is IntentState.DONE
    assert store.take_next(database, clock) is None


def test_nobody_knows_an_unknown_kind(database, clock):
    with pytest.raises(DataError):
        file(database, clock, kind="make_coffee")


def test_what_stops_messages_goes_ahead_of_the_queue(database, clock):
    file(database, clock, IntentKind.REFRESH_CATALOGUE, "a")
    clock.advance(timedelta(seconds=5))
    file(database, clock, IntentKind.END, "b")
    file(database, clock, IntentKind.PAUSE, "c")
    kinds = [store.take_next(database, clock).kind for _ in range(3)]
    assert kinds == [IntentKind.PAUSE, IntentKind.END, IntentKind.REFRESH_CATALOGUE]


def test_two_workers_never_take_the_same_wish(database, clock):
    for number in range(20):
        file(database, clock, key=f"k{number}")
    taken, start = [], threading.Barrier(2)

    def work():
        start.wait()
        while (intent := store.take_next(database, clock)) is not None:
            taken.append(intent.id)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == 20
    assert len(set(taken)) == 20


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(database, clock):
    file(database, clock)
    zombie = store.take_next(database, clock)
    store.restart_abandoned(database, clock)
    successor = store.take_next(database, clock)  # the clock stands still: only the fence differs
    assert not store.finish(database, clock, zombie, {"by": "zombie"})
    assert not store.report_progress(database, zombie, 0.9)
    assert store.finish(database, clock, successor, {"by": "successor"})
    assert store.find(database, key="k").result == {"by": "successor"}


@pytest.mark.parametrize("kind", list(IntentKind))
def test_only_what_may_be_done_twice_is_started_again(database, clock, kind):
    file(database, clock, kind)
    store.take_next(database, clock)
    counts = store.restart_abandoned(database, clock)
    found = store.find(database, key="k")
    if kind in SAFE_TO_REPEAT:
        assert (counts.n_restarted, counts.n_failed) == (1, 0)
        assert found.state is IntentState.WAITING
    else:
        assert (counts.n_restarted, counts.n_failed) == (0, 1)
        assert found.state is IntentState.FAILED
        assert "half done" in str(found.error)


def test_sending_and_moving_the_clock_are_never_repeated_by_themselves():
    risky = {IntentKind.TEST_SEND, IntentKind.NEXT_DAY, IntentKind.LAUNCH, IntentKind.RESUME}
    assert not risky & SAFE_TO_REPEAT


def test_progress_and_failure_are_sentences_a_page_can_translate(database, clock):
    file(database, clock, experiment_id="e")
    taken = store.take_next(database, clock)
    store.report_progress(database, taken, 1.7, msg("{n} people read.", n=1200))
    seen = store.find(database, id=taken.id)
    assert seen.progress == 1.0
    assert str(seen.note) == "1,200 people read."
    error = ConsoleError(msg("{n} rows lost.", n=2), hint=msg("Look at {place}.", place="Today"))
    store.fail(database, clock, taken, error)
    failed = store.latest(database, IntentKind.DRY_RUN, experiment_id="e")
    assert failed.state is IntentState.FAILED
    assert failed.error.what == msg("{n} rows lost.", n=2)
    assert failed.error.hint == msg("Look at {place}.", place="Today")


def test_a_sentence_survives_storage_with_plurals_and_sentences_inside():
    kept = msgn("{n} day: {why}", "{n} days: {why}", 2, why=msg("paused by {by}", by="x"))
    assert message_from(message_json(kept)) == kept
