"""The claim at its edges: what goes together, how long it is ours, and to the second when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sending_world import CAMPAIGN, DAY, NINE, WORKSPACE, World, an_experiment

from services.activation.fates.store import Lost, give_up
from services.activation.ledger import claim
from services.activation.model import Claim, Held, HeldReason, SkipReason
from services.activation.switches.breaker import WAITS_S

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan()
    return world


def take(world: World) -> Claim | Held | None:
    return claim(world.database, world.clock, world.experiment, world.terms())


def test_a_triggered_campaign_takes_people_of_many_combinations_in_one_request(world: World):
    world.run(
        'UPDATE ledger SET combination = CASE WHEN person % 4 = 1 THEN \'{"creative": "x"}\' '
        "ELSE combination END WHERE target_id = :id",
        id=CAMPAIGN,
    )
    batch = take(world)
    assert isinstance(batch, Claim)
    assert len(batch.people) == 50


def test_a_claim_is_nobody_elses_while_its_lease_lasts(world: World):
    assert isinstance(take(world), Claim)
    assert give_up(world.database, world.clock, alone=False) == Lost(0, 0)
    assert world.states()["sending"] == 50


def test_one_message_a_day_counts_a_message_of_the_same_day(tmp_path: Path):
    rule = {"kind": "at_most", "messages": 1, "days": 1}
    world = World(tmp_path, experiment=an_experiment(rules=(rule,)))
    world.plan(people=[1, 3])
    world.run(
        "INSERT INTO ledger SELECT workspace, person, day, 1, experiment_id, decision_id, grp, "
        "target_kind, target_id, channel, combination, properties, send_at, cost, state, reason, "
        "batch_id, fence, tries, updated_at, settled_at, next_look_at, looks FROM ledger "
        "WHERE person = 1"
    )
    for state in ("sending", "accepted"):
        world.run("UPDATE ledger SET state = :s WHERE slot = 1", s=state)
    batch = take(world)
    assert isinstance(batch, Claim)
    assert batch.skipped == {SkipReason.FREQUENCY: 1}
    assert [p.person for p in batch.people] == [3]


def test_the_clock_is_compared_with_the_latest_claim(world: World):
    assert isinstance(take(world), Claim)
    world.clock.advance(timedelta(minutes=10))
    assert isinstance(take(world), Claim)
    world.clock.advance(timedelta(seconds=-301))
    held = take(world)
    assert isinstance(held, Held)
    assert held.reason is HeldReason.CLOCK_BACK


def test_the_wait_after_a_failure_ends_on_its_second(world: World):
    world.run("INSERT INTO breakers VALUES (:w, 0, 1, NULL)", w=WORKSPACE)
    failed_at = NINE.timestamp() - WAITS_S[0]
    world.run(
        "INSERT INTO batches (experiment_id, day, target_kind, target_id, state, fence, n_people, "
        "claimed_at, lease_until_mono, answered_at) VALUES ('e1', :day, 'campaign', 'c', "
        "'not_dispatched', 1, 1, :at, 0, :at)",
        day=DAY.isoformat(),
        at=failed_at,
    )
    world.clock.set(NINE)
    world.run("UPDATE ledger SET send_at = send_at - 60")
    world.clock.advance(timedelta(seconds=-1))
    assert take(world) == Held(HeldReason.WAITING, until=NINE.timestamp())
    world.clock.advance(timedelta(seconds=1))
    assert isinstance(take(world), Claim)
