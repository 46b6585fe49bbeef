"""Sending what is due: once, in order, and with every answer written down for what it means."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sending_world import CAMPAIGN, CANVAS, DAY, WORKSPACE, World

from services.activation import pausing
from services.activation.model import HeldReason, LedgerState, Reply, SkipReason
from services.braze.limits import RateWindow
from services.errors import (
    BrazeBroken,
    DataError,
    NeverConnected,
    NoAnswer,
    Queued,
    RateLimited,
    Rejected,
)
from tests.engines import ON_SQLITE

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan()
    return world


def test_everybody_due_gets_one_message_and_the_holdout_none(world: World):
    done = world.dispatch()
    assert done.people == {LedgerState.ACCEPTED: 108}
    assert done.n_requests == 3  # 60 people of one target, 48 of the other, at most 50 a request
    assert not world.braze.twice()
    assert not {f"id-{p}" for p in range(10, 121, 10)} & {person for person, _ in world.braze.truth}
    assert world.states() == {"accepted": 108}


def test_sending_again_sends_nothing(world: World):
    world.dispatch()
    assert world.dispatch().n_requests == 0
    world.plan()  # the same day planned again
    assert world.dispatch().n_requests == 0
    assert len(world.braze.truth) == 108


def test_progress_reaches_the_number_of_people_due(world: World):
    seen: list[tuple[int, int]] = []
    world.dispatch(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (108, 108)
    assert seen == sorted(seen)


def test_messages_for_later_wait_for_their_hour(world: World):
    world.run("UPDATE ledger SET send_at = send_at + 3600 WHERE person < 60")
    world.dispatch()
    assert world.states() == {"accepted": 54, "planned": 54}
    world.clock.advance(timedelta(hours=1))
    world.dispatch()
    assert world.states() == {"accepted": 108}


def test_hours_that_passed_while_nothing_ran_are_skipped_not_caught_up(world: World):
    world.clock.advance(timedelta(hours=2, seconds=1))
    done = world.dispatch()
    assert done.n_requests == 0
    assert done.skipped == {SkipReason.HOUR_PASSED: 108}
    assert world.states() == {"hour_passed": 108}


def test_an_opt_out_in_a_newer_export_stops_what_was_already_planned(world: World):
    world.snapshot(DAY + timedelta(days=1), unsubscribed=(1, 2))
    done = world.dispatch()
    assert done.skipped == {SkipReason.NO_CONSENT: 2}
    assert not {"id-1", "id-2"} & {person for person, _ in world.braze.truth}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Reply(dispatch_id="d"), "accepted"),
        (Reply(dispatch_id="d", errors=1), "accepted_partial"),
        (Reply(notice="The campaign is paused. Resume the campaign."), "rejected"),
        (Reply(notice="Something new."), "accepted_partial"),
        (Queued("queued"), "queued"),
        (Rejected("no", status=400), "rejected"),
        (DataError("cannot be written"), "rejected"),
        (RateLimited("slow down", retry_after_s=30), "planned"),
        (NeverConnected("no route"), "planned"),
        (NoAnswer("silence"), "unknown"),
        (BrazeBroken("502", status=502), "unknown"),
    ],
    ids=lambda v: v if isinstance(v, str) else type(v).__name__,
)
def test_each_answer_is_written_down_for_what_it_means(
    world: World, answer: Reply | Exception, state: str
):
    answers = [answer]
    world.braze.answer = lambda _: answers.pop() if answers else Reply(dispatch_id="d")
    world.dispatch()
    first = world.rows("SELECT state FROM batches ORDER BY id LIMIT 1")[0].state
    assert first == (state if state != "planned" else "not_dispatched")
    assert world.states()[state] >= 50


def test_silence_is_recorded_as_unknown_and_never_sent_again(world: World):
    world.braze.answer = lambda _: NoAnswer("silence")
    done = world.dispatch()
    assert done.people == {LedgerState.UNKNOWN: 108}
    world.braze.answer = lambda _: Reply(dispatch_id="d")
    pausing.resume(world.database, world.clock, by="me", reason="Braze is back")
    assert world.dispatch().n_requests == 0
    assert not world.braze.twice()


def test_three_doubts_in_a_row_stop_everything_until_a_person_resumes(tmp_path: Path):
    world = World(tmp_path, n_people=400)
    world.plan()
    world.braze.answer = lambda _: BrazeBroken("502", status=502)
    done = world.dispatch()
    assert world.states()["unknown"] == 150
    assert done.held[-1].reason is HeldReason.PAUSED
    assert world.dispatch().n_requests == 0
    pausing.resume(world.database, world.clock, by="me", reason="looked")
    world.braze.answer = lambda _: Reply(dispatch_id="d")
    assert world.dispatch().n_accepted == 210


def test_too_many_requests_wait_for_braze_and_lose_nobody(world: World):
    world.braze.answer = lambda _: RateLimited("slow", retry_after_s=120)
    done = world.dispatch()
    assert done.n_requests == 1
    assert done.held[0].reason is HeldReason.RATE_LIMIT
    assert done.held[0].until == world.clock.now().timestamp() + 120
    assert world.states() == {"planned": 108}
    world.braze.answer = lambda _: Reply(dispatch_id="d")
    assert world.dispatch().n_requests == 0  # not before Braze said
    world.clock.advance(timedelta(seconds=120))
    assert world.dispatch().n_accepted == 108


@ON_SQLITE
def test_braze_that_says_too_many_for_ever_is_asked_only_a_few_times(world: World):
    world.braze.answer = lambda _: RateLimited("slow", retry_after_s=0.5)
    world.braze.delivers = lambda _: False
    for _ in range(7200 // 10):
        world.dispatch()
        world.clock.advance(timedelta(seconds=10))
    assert world.braze.requests <= 10  # five tries of a batch take 85 minutes
    world.clock.advance(timedelta(seconds=11))
    world.dispatch()
    assert world.states() == {"not_reached": 50, "hour_passed": 58}


@ON_SQLITE
def test_an_outage_is_asked_less_and_less_and_then_left_to_a_person(world: World):
    world.braze.answer = lambda _: NeverConnected("no route")
    world.braze.delivers = lambda _: False
    for _ in range(3600 // 10):
        world.dispatch()
        world.clock.advance(timedelta(seconds=10))
    assert world.braze.requests == 5
    assert pausing.pause_state(world.database, world.home).pauses[0].automatic
    assert world.states() == {"planned": 108}


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_send_stops_everything(world: World, status: int):
    world.braze.answer = lambda _: Rejected("no", status=status)
    done = world.dispatch()
    assert done.n_requests == 1
    assert pausing.is_paused(world.database, world.home, "*")
    assert done.held[0].reason is HeldReason.PAUSED


def test_a_refused_campaign_stops_while_the_other_goes_on(world: World):
    world.braze.answer = lambda c: (
        Rejected("no", status=400) if c.target_id == CAMPAIGN else Reply(dispatch_id="d")
    )
    done = world.dispatch()
    assert world.states() == {"rejected": 50, "planned": 10, "accepted": 48}
    assert [h.target for h in done.held] == [("campaign", CAMPAIGN)]
    assert pausing.is_paused(world.database, world.home, f"campaign:{CAMPAIGN}")
    assert not pausing.is_paused(world.database, world.home, f"canvas:{CANVAS}")


def test_headers_that_leave_nothing_hold_the_next_claim(world: World):
    from services.activation.switches.buckets import HeaderNotes

    notes = HeaderNotes()
    reset = world.clock.now().timestamp() + 600
    notes.note("shared", RateWindow(limit=250_000, remaining=0, reset_s=reset))
    done = world.dispatch(notes=notes)
    assert done.n_requests == 1
    assert done.held[0].reason is HeldReason.RATE_LIMIT
    assert done.held[0].until == reset


def test_a_fault_of_our_own_leaves_a_doubt_not_a_second_message(world: World):
    world.braze.answer = lambda _: ValueError("a bug")
    with pytest.raises(ValueError, match="a bug"):
        world.dispatch()
    assert world.states()["unknown"] == 50
    world.braze.answer = lambda _: Reply(dispatch_id="d")
    world.dispatch()
    assert not world.braze.twice()


def test_pausing_in_mid_run_ends_it_at_once_and_keeps_the_rest_planned(world: World):
    def answer(_: object) -> Reply:
        pausing.pause(world.database, world.clock, by="me", reason="stop")
        return Reply(dispatch_id="d")

    world.braze.answer = answer
    done = world.dispatch()
    assert done.n_requests == 1
    assert world.states() == {"accepted": 50, "planned": 58}


def test_a_stop_file_made_between_claim_and_send_calls_the_send_off(world: World):
    real = world.braze.send

    def send(claim, guard):
        pausing.stop_file(world.home, True)
        return real(claim, guard)

    world.braze.send = send  # type: ignore[method-assign]
    done = world.dispatch()
    assert (done.n_requests, world.braze.truth) == (0, [])
    assert world.states() == {"planned": 108}
    assert world.rows("SELECT tries FROM ledger WHERE tries > 0") == []


def test_several_threads_send_everybody_once(tmp_path: Path):
    world = World(tmp_path, n_people=400)
    world.plan()
    done = world.dispatch(threads=4)
    assert done.people == {LedgerState.ACCEPTED: 360}
    assert not world.braze.twice()


def test_the_answer_is_kept_with_its_batch(world: World):
    world.dispatch()
    row = world.rows("SELECT * FROM batches ORDER BY id LIMIT 1")[0]._mapping
    assert row["dispatch_id"] == "d"
    assert row["sent_at"] == world.clock.now().timestamp()
    assert len(str(row["body_digest"])) == 64
    bucket = world.rows("SELECT used FROM rate_buckets WHERE workspace = :w", w=WORKSPACE)
    assert bucket[0].used == 3
