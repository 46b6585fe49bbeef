"""Braze's own count above ours stops everything; a count below it is normal."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sending_world import CAMPAIGN, CANVAS, DAY, NINE, WORKSPACE, World

from services.activation import pausing
from services.activation.alarming import stop_for
from services.activation.counting import Counts, Excess, compare, watch_counts
from services.activation.counts.store import OurCount
from services.braze.client import BrazeClient
from services.experiment.audit.store import record
from services.experiment.model import Target
from services.messages import msg

pytestmark = pytest.mark.usefixtures("both_engines")

NOBODY = cast(BrazeClient, None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan()
    world.dispatch()
    return world


def watch(world: World, campaign: Counts, canvas: Counts | None = None) -> list[Excess]:
    def ask(_: BrazeClient, target: Target, first: date, last: date) -> Counts:
        counts = campaign if target.id == CAMPAIGN else (canvas or {})
        return {d: n for d, n in counts.items() if first <= d <= last}

    return watch_counts(world.database, world.clock, NOBODY, WORKSPACE, [world.experiment], ask=ask)


def paused(world: World) -> bool:
    return pausing.is_paused(world.database, world.home)


def test_equal_and_lower_counts_are_healthy(world: World):
    assert watch(world, {DAY: 60}, {DAY: 48}) == []
    assert watch(world, {DAY: 12}, {}) == []
    assert not paused(world)


def test_one_message_more_than_ours_stops_everything_and_says_where(world: World):
    found = watch(world, {DAY: 61})
    assert [(e.theirs, e.ours) for e in found] == [(61, 60)]
    why = pausing.pause_state(world.database, world.home).pauses[0]
    assert why.automatic
    assert f"campaign:{CAMPAIGN}" in why.reason
    assert "61" in why.reason
    assert world.dispatch().n_requests == 0


def test_a_canvas_counts_by_its_entries_and_doubts_count_as_sent(world: World):
    world.run("UPDATE ledger SET state = 'sending' WHERE false")
    assert [e.target for e in watch(world, {}, {DAY: 49})] == [f"canvas:{CANVAS}"]


def test_the_same_excess_stops_once_and_a_larger_one_again(world: World):
    assert watch(world, {DAY: 70})
    pausing.resume(world.database, world.clock, by="me", reason="a colleague's test")
    assert watch(world, {DAY: 70}) == []
    assert not paused(world)
    assert watch(world, {DAY: 71})
    assert paused(world)


def test_a_persons_own_pause_keeps_its_reason(world: World):
    pausing.pause(world.database, world.clock, by="me", reason="lunch")
    watch(world, {DAY: 70})
    assert pausing.pause_state(world.database, world.home).pauses[0].reason == "lunch"


def test_test_messages_are_ours_too(world: World):
    with world.database.write() as c:
        record(c, world.clock, "me", "test.sent", "e1", {"target": CAMPAIGN, "people": 3})
    assert watch(world, {DAY: 63}) == []
    assert watch(world, {DAY: 64})


def test_counts_before_our_first_message_are_none_of_our_business(world: World):
    assert watch(world, {DAY - timedelta(days=1): 900, DAY: 60}) == []


def test_a_restored_ledger_is_noticed_by_the_count_alone(tmp_path: Path):
    world = World(tmp_path, n_people=1000)
    world.plan()
    world.dispatch()
    world.run("UPDATE ledger SET state = 'received' WHERE state = 'accepted'")
    # As if the ledger had been restored to a copy taken after 400 of its messages.
    theirs = {DAY: 500}
    ours = OurCount([(NINE.timestamp(), 400)], NINE.timestamp())
    assert [e.n for e in compare("campaign:a", theirs, ours)] == [100]


def healthy_days(rng: random.Random, offset_h: float) -> tuple[Counts, OurCount]:
    """Three days of sends, counted by days `offset_h` ahead of UTC, a little late and not all."""
    sent: list[tuple[float, int]] = []
    theirs: dict[date, int] = {}
    for n in range(4):
        for hour in (7, 9, 12, 17, 21, 23):
            minute = rng.randrange(60)
            at = datetime(2026, 3, 8, hour, minute, tzinfo=UTC) + timedelta(days=n)
            people = rng.randrange(1, 51)
            counted = people - rng.randrange(3)
            sent.append((at.timestamp(), people))
            seen = at + timedelta(hours=offset_h, minutes=rng.randrange(110))
            theirs[seen.date()] = theirs.get(seen.date(), 0) + max(counted, 0)
    known = {d: n for d, n in theirs.items() if d > date(2026, 3, 8)}
    return known, OurCount(sent, sent[0][0])


def test_healthy_days_in_every_zone_never_stop_anything():
    rng = random.Random(0)
    for trial in range(180):  # three times the 60 days of RELIABILITY P12
        theirs, ours = healthy_days(rng, rng.choice([-11, -8, -5, -3.5, 0, 1, 5.5, 9, 13, 14]))
        assert compare("campaign:a", theirs, ours) == [], trial


def test_every_seeded_batch_too_many_is_noticed():
    rng = random.Random(1)
    for trial in range(200):
        at = datetime(2026, 3, 9, 9, tzinfo=UTC)
        sent = [((at + timedelta(days=n)).timestamp(), 400) for n in range(3)]
        theirs = {date(2026, 3, 9) + timedelta(days=n): 400 for n in range(3)}
        day = rng.choice(sorted(theirs))
        theirs[day] += rng.randrange(1, 50)
        found = compare("campaign:a", theirs, OurCount(sent, sent[0][0]))
        assert [e.day for e in found] == [day], trial


def test_a_health_alarm_stops_its_experiment_once(world: World):
    why = msg("Groups do not match the draw")
    assert stop_for(world.database, world.clock, "e1", "groups", why)
    assert pausing.is_paused(world.database, world.home, "e1")
    assert not pausing.is_paused(world.database, world.home, "e2")
    pausing.resume(world.database, world.clock, "e1", by="me", reason="found them")
    assert not stop_for(world.database, world.clock, "e1", "groups", why)
    assert not pausing.is_paused(world.database, world.home, "e1")
    assert stop_for(world.database, world.clock, "e1", "choices", why)
