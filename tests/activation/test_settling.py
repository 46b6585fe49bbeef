"""Doubts are cleared up by Braze's record, at their times, and never wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sending_world import CAMPAIGN, DAY, NINE, WORKSPACE, World

from services.activation.looks.store import Doubt
from services.activation.model import LedgerState, Reply
from services.activation.pausing import resume
from services.activation.settlement import (
    Receipts,
    Settled,
    judge,
    receipts_of,
    settle_due,
)
from services.braze.client import BrazeClient
from services.errors import BrazeBroken, NoAnswer
from services.experiment.model import TargetKind

pytestmark = pytest.mark.usefixtures("both_engines")

SENT = NINE.timestamp()
HERE = (TargetKind.CAMPAIGN, CAMPAIGN)


class Record:
    """Braze's record of receipts, by external id. Counts who was asked about."""

    def __init__(self) -> None:
        self.receipts: dict[str, Receipts] = {}
        self.asked: list[Sequence[str]] = []
        self.problem: Exception | None = None

    def __call__(self, _: BrazeClient, ids: Sequence[str]) -> Mapping[str, Receipts]:
        self.asked.append(ids)
        if self.problem is not None:
            raise self.problem
        return {i: self.receipts[i] for i in ids if i in self.receipts}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan(people=[1, 3], creative="a")
    world.braze.answer = lambda _: NoAnswer("silence")
    world.dispatch()
    world.braze.answer = lambda _: Reply(dispatch_id="d")
    return world


def look(world: World, record: Record, **how: Any) -> Settled:
    nobody = cast(BrazeClient, None)  # `ask` is what would use it
    return settle_due(world.database, world.clock, nobody, WORKSPACE, "e1", ask=record, **how)


def test_the_first_look_is_ten_minutes_after_the_claim(world: World):
    record = Record()
    world.clock.advance(timedelta(minutes=9, seconds=59))
    assert look(world, record).n_looked == 0
    world.clock.advance(timedelta(seconds=1))
    assert look(world, record).n_looked == 2


def test_somebody_who_received_it_is_settled_and_not_asked_about_again(world: World):
    record = Record()
    record.receipts = {"id-1": {HERE: SENT + 30}}
    world.clock.advance(timedelta(minutes=10))
    assert look(world, record).n_received == 1
    world.clock.advance(timedelta(hours=6))
    look(world, record)
    assert record.asked == [["id-1", "id-3"], ["id-3"]]
    assert world.states() == {"received": 1, "unknown": 1}


def test_looks_follow_at_six_hours_a_day_and_three_days_and_then_it_is_final(world: World):
    record = Record()
    looked: list[float] = []
    for minutes in range(0, 80 * 60, 10):
        world.clock.set(NINE + timedelta(minutes=minutes))
        if look(world, record).n_looked:
            looked.append(minutes / 60)
    assert looked == [pytest.approx(1 / 6), 6, 24, 72]
    assert world.states() == {"not_received": 2}


def test_after_days_without_a_look_one_late_look_is_enough(world: World):
    world.clock.advance(timedelta(days=5))
    done = look(world, Record())
    assert (done.n_looked, done.n_not_received) == (2, 2)


def test_asking_now_looks_at_all_doubts_and_keeps_the_later_looks(world: World):
    record = Record()
    assert look(world, record, force=True).n_looked == 2
    world.clock.advance(timedelta(minutes=10))
    assert look(world, record).n_looked == 2


def test_when_braze_does_not_answer_nothing_is_decided(world: World):
    record = Record()
    record.problem = BrazeBroken("502", status=502)
    world.clock.advance(timedelta(days=4))
    done = look(world, record)
    assert (done.n_looked, done.problem) == (0, record.problem)
    assert world.states() == {"unknown": 2}


def test_settling_never_makes_a_message(world: World):
    world.clock.advance(timedelta(days=4))
    look(world, Record())
    resume(world.database, world.clock, by="me", reason="fine")
    assert world.dispatch().n_requests == 0
    assert not world.braze.twice()


def test_a_receipt_of_a_later_message_says_nothing_about_this_one(world: World):
    tomorrow = DAY + timedelta(days=1)
    world.clock.set(NINE + timedelta(days=1))
    world.snapshot(tomorrow)
    world.plan(people=[1], creative="a", day=tomorrow)
    world.dispatch()
    record = Record()
    record.receipts = {"id-1": {HERE: SENT + 86_400 + 5}, "id-3": {HERE: SENT + 86_400 + 5}}
    done = look(world, record)
    assert (done.n_received, done.n_closed) == (1, 1)  # id-3 had no later message, id-1 had
    assert world.states() == {"accepted": 1, "received": 1, "unknown": 1}
    world.clock.advance(timedelta(days=5))
    assert look(world, record).n_looked == 0  # nothing can ever show it


def test_people_who_were_erased_are_not_asked_about(world: World):
    world.run("DELETE FROM people WHERE person = 1")
    record = Record()
    world.clock.advance(timedelta(days=4))
    look(world, record)
    assert record.asked == [["id-3"]]
    assert world.states() == {"unknown": 1, "not_received": 1}


def test_a_full_rate_window_is_waited_for(world: World):
    end = (NINE + timedelta(minutes=11)).timestamp()
    world.run(
        "INSERT INTO rate_buckets VALUES (:w, 'export_ids', :e, 9, 9, NULL, NULL)",
        w=WORKSPACE,
        e=end,
    )
    world.clock.advance(timedelta(minutes=10))
    assert look(world, Record()).wait_until == end


def test_more_doubts_than_one_request_holds_are_all_looked_at(tmp_path: Path):
    world = World(tmp_path, n_people=200)
    world.plan(creative="a")
    world.braze.answer = lambda _: Reply(dispatch_id="d", errors=1)
    world.dispatch()
    world.clock.advance(timedelta(minutes=10))
    record = Record()
    assert look(world, record).n_looked == 180
    assert max(len(ids) for ids in record.asked) == 50


def test_receipts_are_read_from_a_profile_and_control_groups_are_none():
    user = {
        "campaigns_received": [
            {"api_campaign_id": "c", "last_received": "2026-03-10T09:00:05.120Z"},
            {"api_campaign_id": "k", "last_received": "2026-03-10T09:00:05Z", "in_control": True},
            {"api_campaign_id": "x", "last_received": "yesterday"},
            "nonsense",
        ],
        "canvases_received": [{"api_canvas_id": "v", "last_entered": "2026-03-10T09:00:05+00:00"}],
    }
    at = datetime(2026, 3, 10, 9, 0, 5, tzinfo=UTC).timestamp()
    assert receipts_of(user) == {
        (TargetKind.CAMPAIGN, "c"): at + 0.12,
        (TargetKind.CANVAS, "v"): at,
    }
    assert receipts_of({"campaigns_received": None}) == {}


@settings(max_examples=300, deadline=None)
@given(
    receipts=st.lists(st.floats(-5 * 86_400, 5 * 86_400), max_size=4),
    later=st.none() | st.floats(20 * 3600, 4 * 86_400),
    delivered=st.booleans(),
    delay_s=st.floats(0, 70 * 3600),
    looked_s=st.floats(600, 6 * 86_400),
)
def test_no_verdict_is_ever_wrong_where_the_record_is_true(
    receipts: list[float],
    later: float | None,
    delivered: bool,
    delay_s: float,
    looked_s: float,
):
    # Every receipt of this campaign is of one of our own messages: before, this one, or later.
    times = [t for t in receipts if t < -3600]
    if delivered and (later is None or delay_s < later - 3600):
        times.append(delay_s)
    else:
        delivered = False
    if later is not None and later <= looked_s:
        times.append(later + 1)
    seen = [t for t in times if t <= looked_s]
    doubt = Doubt(
        1, "id", DAY.isoformat(), 0, *HERE, LedgerState.UNKNOWN, 0, SENT,
        None if later is None or later > looked_s else SENT + later,
    )  # fmt: skip
    found = judge(doubt, {HERE: SENT + max(seen)} if seen else {}, SENT + looked_s)
    if found.state is LedgerState.RECEIVED:
        assert delivered
    if found.state is LedgerState.NOT_RECEIVED:
        assert not delivered
        assert looked_s >= 72 * 3600
