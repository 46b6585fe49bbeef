"""The claim: every guard holds, and says which one it was."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sending_world import CAMPAIGN, DAY, NINE, WORKSPACE, World, an_experiment

from services.activation.ledger import claim
from services.activation.model import Channel, Claim, Held, HeldReason, SkipReason
from services.activation.pausing import pause, resume
from services.experiment.model import TargetKind

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan()
    return world


def take(world: World, **how: object) -> Claim | Held | None:
    return claim(world.database, world.clock, world.experiment, world.terms(), **how)  # type: ignore[arg-type]


def reason(world: World) -> HeldReason | None:
    found = take(world)
    return found.reason if isinstance(found, Held) else None


def claims(world: World) -> list[Claim]:
    found: list[Claim] = []
    while isinstance(batch := take(world), Claim):
        found.append(batch)
    return found


def test_claims_hold_at_most_fifty_people_of_one_target_and_nobody_twice(world: World):
    batches = claims(world)
    people = [p.person for b in batches for p in b.people]
    assert max(len(b.people) for b in batches) == 50
    assert len(people) == len(set(people)) == 108
    assert all(len({b.target_id}) == 1 for b in batches)
    assert world.states() == {"sending": 108}


def test_a_request_of_an_api_campaign_holds_the_people_of_one_combination(world: World):
    world.run(
        "UPDATE ledger SET target_kind = 'api_campaign', combination = "
        'CASE WHEN person % 4 = 1 THEN \'{"creative": "x"}\' ELSE combination END '
        "WHERE target_id = :id",
        id=CAMPAIGN,
    )
    batches = [b for b in claims(world) if b.target_kind is TargetKind.API_CAMPAIGN]
    assert {b.combination["creative"] for b in batches} == {"x", "a"}
    for batch in batches:
        rows = world.rows("SELECT combination FROM ledger WHERE batch_id = :b", b=batch.batch_id)
        assert len(rows) == len(batch.people)
        assert [json.loads(str(r.combination)) for r in rows] == [batch.combination] * len(rows)
    assert sum(len(b.people) for b in batches) == 60


def test_nothing_is_due_before_its_time(world: World):
    world.clock.advance(timedelta(seconds=-1))
    assert take(world) is None


def test_what_is_more_than_two_hours_late_is_not_claimed(world: World):
    world.clock.advance(timedelta(hours=2, seconds=1))
    assert take(world) is None
    world.clock.advance(timedelta(seconds=-1))
    batch = take(world)
    assert isinstance(batch, Claim)
    assert len(batch.people) == 50


def test_a_claim_carries_external_ids_and_properties(world: World):
    batch = take(world)
    assert isinstance(batch, Claim)
    first = batch.people[0]
    assert first.external_id == f"id-{first.person}"
    assert dict(first.properties) == {"hero": "Hello" if batch.target_id == CAMPAIGN else "b"}


def test_a_pause_of_everything_or_of_the_experiment_holds_the_claim(world: World):
    for scope in ("*", world.experiment.id):
        pause(world.database, world.clock, scope, by="me", reason="look")
        assert reason(world) is HeldReason.PAUSED
        resume(world.database, world.clock, scope, by="me", reason="fine")
    assert reason(world) is None


def test_a_stopped_target_holds_only_itself(world: World):
    pause(world.database, world.clock, f"campaign:{CAMPAIGN}", by="me", reason="look")
    held = take(world)
    assert held == Held(HeldReason.TARGET_STOPPED, target=("campaign", CAMPAIGN))
    other = take(world, blocked=[f"campaign:{CAMPAIGN}"])
    assert isinstance(other, Claim)
    assert other.target_id != CAMPAIGN


@pytest.mark.parametrize("status", ["draft", "waiting", "paused", "stopped", "failed", "ended"])
def test_only_a_running_experiment_sends(world: World, status: str):
    world.run("UPDATE experiments SET status = :s", s=status)
    assert reason(world) is HeldReason.NOT_RUNNING


def test_a_configuration_nobody_approved_sends_nothing(world: World):
    world.run("UPDATE approvals SET revoked_at = 1 WHERE kind = 'configuration'")
    assert reason(world) is HeldReason.NOT_APPROVED


def test_a_newer_version_than_the_one_in_hand_sends_nothing(world: World):
    world.run("UPDATE experiments SET hash = 'another'")
    assert reason(world) is HeldReason.NOT_APPROVED


def test_content_changed_in_braze_holds_its_target(world: World):
    world.run("UPDATE catalogue SET content_digest = 'new' WHERE id = :id", id=CAMPAIGN)
    assert take(world) == Held(HeldReason.CONTENT_CHANGED, target=("campaign", CAMPAIGN))


def test_content_nobody_has_read_yet_holds_its_target(world: World):
    world.run("DELETE FROM catalogue WHERE id = :id", id=CAMPAIGN)
    assert reason(world) is HeldReason.CONTENT_CHANGED


def test_an_export_older_than_26_hours_is_not_trusted(world: World):
    world.run("UPDATE manifest SET meta = :m WHERE kind = 'snapshots'", m=_made(26 * 3600 + 1))
    assert reason(world) is HeldReason.EXPORT_OLD
    world.run("UPDATE manifest SET meta = :m WHERE kind = 'snapshots'", m=_made(26 * 3600 - 1))
    assert reason(world) is None


def test_an_export_that_does_not_say_when_counts_from_the_start_of_its_day(world: World):
    world.run("UPDATE manifest SET meta = '{}' WHERE kind = 'snapshots'")
    assert reason(world) is None
    world.run("UPDATE manifest SET day = '2026-03-09' WHERE kind = 'snapshots'")
    assert reason(world) is HeldReason.EXPORT_OLD


def test_without_any_export_nothing_goes_out(world: World):
    world.run("DELETE FROM manifest WHERE kind = 'snapshots'")
    assert reason(world) is HeldReason.EXPORT_OLD


def test_a_decision_that_is_not_durable_is_not_sent(world: World):
    world.run("DELETE FROM manifest WHERE kind = 'decisions'")
    assert reason(world) is HeldReason.DECISION_MISSING


def test_an_open_breaker_holds_everything(world: World):
    world.run("INSERT INTO breakers VALUES (:w, 3, 0, 1.0)", w=WORKSPACE)
    assert reason(world) is HeldReason.BREAKER_OPEN


def test_a_clock_that_went_back_is_not_believed(world: World):
    assert isinstance(take(world), Claim)
    world.run("UPDATE ledger SET send_at = send_at - 600 WHERE state = 'planned'")
    world.clock.set(NINE - timedelta(seconds=301))
    assert reason(world) is HeldReason.CLOCK_BACK
    world.clock.set(NINE - timedelta(seconds=299))
    assert reason(world) is None


def test_a_used_up_rate_window_holds_until_it_ends(world: World):
    end = NINE.timestamp() + 3600
    world.run(
        "INSERT INTO rate_buckets VALUES (:w, 'shared', :e, 7, 7, NULL, NULL)", w=WORKSPACE, e=end
    )
    assert take(world) == Held(HeldReason.RATE_LIMIT, until=end)
    world.clock.set(NINE + timedelta(hours=1))
    assert isinstance(take(world), Claim)


def test_people_who_must_not_get_a_message_are_skipped_with_the_reason(world: World):
    world.run("INSERT INTO suppressions VALUES (1, 'asked', 0)")
    world.run("DELETE FROM people WHERE person = 3")
    world.run("UPDATE assignments SET ended = 1 WHERE person = 5")
    consent = {Channel.EMAIL: set(range(1, 121)) - {7}}
    batch = claim(world.database, world.clock, world.experiment, world.terms(consent))
    assert isinstance(batch, Claim)
    assert batch.skipped == {
        SkipReason.SUPPRESSED: 1,
        SkipReason.ERASED: 1,
        SkipReason.NOT_ASSIGNED: 1,
        SkipReason.NO_CONSENT: 1,
    }
    assert not {1, 3, 5, 7} & {p.person for p in batch.people}


def test_without_known_consent_for_the_channel_nobody_is_sent_to(world: World):
    everybody = set(range(1, 121))
    terms = world.terms({Channel.SMS: everybody})
    batch = claim(world.database, world.clock, world.experiment, terms)
    assert isinstance(batch, Claim)
    assert (batch.batch_id, batch.people) == (None, ())
    assert world.rows("SELECT COUNT(*) AS n FROM batches")[0].n == 0


@pytest.mark.parametrize(("state", "days_ago", "n"), [("unknown", 6, 2), ("unknown", 7, 0)])
def test_frequency_counts_doubtful_messages_of_other_experiments(
    tmp_path: Path, state: str, days_ago: int, n: int
):
    rule = {"kind": "at_most", "messages": 1, "days": 7}
    world = World(tmp_path, experiment=an_experiment(rules=(rule,)))
    other = an_experiment("e2")
    world.run("INSERT INTO assignments SELECT 'e2', person, grp, entered_on, 1 FROM assignments")
    before = DAY - timedelta(days=days_ago)
    world.plan(people=[1, 3], day=before, experiment=other)
    world.run("UPDATE ledger SET state = 'sending'")
    world.run("UPDATE ledger SET state = :s", s=state)
    world.plan(people=[1, 3])
    assert _skips(world) == ({SkipReason.FREQUENCY: n} if n else {})


def test_a_message_too_soon_after_the_last_is_kept_back(tmp_path: Path):
    world = World(tmp_path, experiment=an_experiment(rules=({"kind": "minimum_gap", "hours": 20},)))
    world.plan(people=[1, 3], day=DAY - timedelta(days=1), at=NINE - timedelta(hours=20))
    world.run("UPDATE ledger SET send_at = send_at + 1 WHERE person = 3")
    world.run("UPDATE ledger SET state = 'sending'")
    world.run("UPDATE ledger SET state = 'accepted'")
    world.plan(people=[1, 3])
    assert _skips(world) == {SkipReason.GAP: 1}


@pytest.mark.parametrize(("rule", "n"), [({"messages": 60}, 60), ({"money": 30.0}, 60)])
def test_daily_caps_are_never_overrun(tmp_path: Path, rule: dict[str, object], n: int):
    experiment = an_experiment(rules=({"kind": "daily_cap", **rule},))
    world = World(tmp_path, n_people=200, experiment=experiment)
    world.plan(creative="a")
    batches = claims(world)
    assert sum(len(b.people) for b in batches) == n
    assert world.states() == {"sending": n, "cap": 180 - n}


def test_a_row_that_could_never_be_delivered_is_given_up_after_five_tries(world: World):
    world.run("UPDATE ledger SET tries = 5, send_at = send_at - 1 WHERE person = 1")
    assert _skips(world) == {SkipReason.NOT_REACHED: 1}


def _skips(world: World) -> dict[SkipReason, int]:
    batch = take(world)
    assert isinstance(batch, Claim)
    return dict(batch.skipped)


def _made(age_s: float) -> str:
    return json.dumps({"exported_at": (NINE - timedelta(seconds=age_s)).isoformat()})
