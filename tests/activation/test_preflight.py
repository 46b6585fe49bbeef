"""What stops a start, and what only wants a look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sending_world import CAMPAIGN, CANVAS, World, an_experiment

from services.activation import lease
from services.activation.model import HeldReason, LedgerState, SkipReason
from services.activation.preflight import TICKS, Check, CheckState, may_start, preflight
from services.activation.words import WORDS
from services.experiment.model import Experiment

LIVE: dict[str, Any] = {
    "enabled": True,
    "archived": False,
    "draft": False,
    "schedule_type": "api_triggered",
    "is_api_campaign": False,
    "messages": {"m": {"channel": "email", "subject": "Hi"}},
}


def describe(world: World, kind: str, id: str, **different: Any) -> None:
    document = {**LIVE, **different}
    if kind == "canvas":
        messages = document.pop("messages")
        document["steps"] = [{"name": "s", "messages": messages}]
        document["variants"] = [{"name": "v", "first_step_ids": ["s"]}]
    world.run(
        "UPDATE catalogue SET document = :d WHERE kind = :k AND id = :i",
        d=json.dumps(document),
        k=kind,
        i=id,
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, n_people=300)
    describe(world, "campaign", CAMPAIGN)
    describe(world, "canvas", CANVAS)
    for name in (
        "users.export.segment",
        "users.export.ids",
        "campaigns.trigger.send",
        "canvas.trigger.send",
    ):
        world.run("INSERT INTO permissions VALUES (:n, 'works', NULL, 0)", n=name)
    world.run("INSERT INTO heartbeats VALUES ('worker', 1, 0, :at, 0, NULL)", at=lease.wall_s())
    return world


def check(world: World, **how: Any) -> list[Check]:
    return preflight(world.database, how.pop("experiment", world.experiment), ticked=TICKS, **how)


def blocking(checks: list[Check]) -> list[tuple[str, str]]:
    return [(c.key, c.about) for c in checks if c.state is CheckState.BLOCK]


def test_when_all_is_well_it_may_start(world: World):
    checks = check(world)
    assert {c.state for c in checks} == {CheckState.OK}
    assert may_start(checks)


def test_what_no_endpoint_shows_blocks_until_a_person_has_ticked_it(world: World):
    checks = preflight(world.database, world.experiment, ticked=set(TICKS) - {"test_send"})
    assert blocking(checks) == [("test_send", "")]
    assert not may_start(checks)


def test_a_box_stays_where_it_is_when_it_is_ticked(world: World):
    for n in range(len(TICKS) + 1):
        checks = preflight(world.database, world.experiment, ticked=set(list(TICKS)[:n]))
        assert [c.key for c in checks if c.tick] == list(TICKS)
        assert all(c.tick for c in checks[-len(TICKS) :])


@pytest.mark.parametrize(
    "different",
    [
        {"enabled": False},
        {"archived": True},
        {"draft": True},
        {"schedule_type": "time_based"},
        {"is_api_campaign": True},
        {"messages": {"m": {"channel": "email"}, "c": {"channel": "email", "type": "control"}}},
        {"messages": {"m": {"channel": "email"}, "n": {"channel": "email"}}},
        {"messages": {"m": {"channel": "sms"}}},
        {"messages": {}},
    ],
    ids=lambda d: "-".join(d),
)
def test_a_campaign_that_is_not_fit_blocks(world: World, different: dict[str, Any]):
    describe(world, "campaign", CAMPAIGN, **different)
    assert ("target", CAMPAIGN) in blocking(check(world))


def test_a_target_braze_does_not_know_blocks(world: World):
    world.run("DELETE FROM catalogue WHERE id = :i", i=CANVAS)
    assert blocking(check(world)) == [("target", CANVAS), ("content", CANVAS)]


def test_content_changed_since_its_approval_blocks(world: World):
    world.run("UPDATE catalogue SET content_digest = 'new' WHERE id = :i", i=CAMPAIGN)
    assert blocking(check(world)) == [("content", CAMPAIGN)]


def test_a_missing_permission_blocks_and_an_untried_one_wants_a_look(world: World):
    world.run("UPDATE permissions SET result = 'missing' WHERE name = 'canvas.trigger.send'")
    world.run("DELETE FROM permissions WHERE name = 'users.export.ids'")
    checks = check(world)
    assert blocking(checks) == [("permission", "canvas.trigger.send")]
    assert [c.about for c in checks if c.state is CheckState.LOOK] == ["users.export.ids"]


@pytest.mark.parametrize(
    ("n", "state"),
    [(0, CheckState.BLOCK), (199, CheckState.LOOK), (200, CheckState.OK), (None, CheckState.OK)],
)
def test_the_size_of_the_audience_is_judged(world: World, n: int | None, state: CheckState):
    assert next(c for c in check(world, n_people=n) if c.key == "audience").state is state


def test_sms_needs_an_attribute_that_says_who_agreed(world: World):
    document = an_experiment().model_dump(mode="json")
    document["targets"][0]["channel"] = "sms"
    describe(world, "campaign", CAMPAIGN, messages={"m": {"channel": "sms", "body": "Hi"}})
    sms = Experiment.model_validate(document)
    assert blocking(check(world, experiment=sms)) == [("sms_consent", "")]
    document["audience"]["sms_consent_attribute"] = "sms_ok"
    assert blocking(check(world, experiment=Experiment.model_validate(document))) == []


def test_without_a_worker_nothing_can_start(world: World):
    world.run("UPDATE heartbeats SET at = at - 61")
    assert blocking(check(world)) == [("worker", "")]


def test_an_unapproved_configuration_is_said(world: World):
    world.run("UPDATE approvals SET digest = 'old' WHERE kind = 'configuration'")
    assert [c.key for c in check(world) if c.state is CheckState.LOOK] == ["configuration"]


def test_every_state_and_every_reason_has_its_words():
    assert set(WORDS) == set(LedgerState)
    for reason in (*SkipReason, *HeldReason):
        assert str(reason.what).endswith(".")
    for word in WORDS.values():
        assert word.colour in {"gray", "blue", "green", "orange", "red"}
        assert word.icon.replace("_", "").isalpha()
