"""The dry run shows exactly what would go out, and changes nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sending_world import CAMPAIGN, CANVAS, DAY, NINE, WORKSPACE, World, an_experiment

from services.activation.delivering import BrazeSender
from services.activation.dry_run import Rehearsal, dry_run, rehearsing_sender
from services.activation.ledger import claim
from services.activation.model import Claim, Held, SkipReason
from services.errors import DataError
from services.experiment.model import TargetKind
from tests.engines import ON_SQLITE

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan()
    return world


def rehearse(world: World, **how: object) -> Rehearsal:
    return dry_run(world.database, world.lake, WORKSPACE, world.experiment, DAY, **how)  # type: ignore[arg-type]


def test_it_counts_people_by_option_target_and_hour(world: World):
    found = rehearse(world)
    assert found.n_would_send == 108
    assert found.cost == 30.0
    assert found.by_option == {"creative": {"a": 60, "b": 48}, "hour": {"h9": 108, "h17": 0}}
    assert found.by_target == {
        (TargetKind.CAMPAIGN, CAMPAIGN): 60,
        (TargetKind.CANVAS, CANVAS): 48,
    }
    assert found.by_hour == {datetime(2026, 3, 10, 9, tzinfo=ZoneInfo("UTC")): 108}
    assert found.not_sent == {}


def test_it_names_everybody_who_would_get_nothing_and_why(world: World):
    world.run("INSERT INTO suppressions VALUES (1, 'asked', 0)")
    world.run("UPDATE assignments SET ended = 1 WHERE person = 3")
    world.snapshot(DAY + timedelta(days=1), unsubscribed=(5,))
    found = rehearse(world)
    assert found.not_sent == {
        SkipReason.SUPPRESSED: 1,
        SkipReason.NOT_ASSIGNED: 1,
        SkipReason.NO_CONSENT: 1,
    }
    assert found.n_would_send == 105


def test_it_stops_at_the_daily_cap(tmp_path: Path):
    world = World(
        tmp_path, experiment=an_experiment(rules=({"kind": "daily_cap", "messages": 70},))
    )
    world.plan()
    found = rehearse(world)
    assert (found.n_would_send, found.not_sent) == (70, {SkipReason.CAP: 38})


def test_its_bodies_are_those_that_then_go_out(world: World):
    sender = BrazeSender(None, world.experiment)
    shown = [body for _, body in rehearse(world).bodies(rehearsing_sender(world.experiment))]
    sent = []
    while isinstance(
        batch := claim(world.database, world.clock, world.experiment, world.terms()), Claim
    ):
        sent.append(sender.body(batch))
    assert sorted(map(str, shown)) == sorted(map(str, sent))
    for body in shown:
        assert body["broadcast"] is False
        recipients = body["recipients"]
        assert isinstance(recipients, list)
        assert 1 <= len(recipients) <= 50
        assert all(r["send_to_existing_only"] is True for r in recipients)
        assert not {"audience", "attributes"} & set(body)


def test_decisions_that_are_not_planned_yet_can_be_rehearsed(tmp_path: Path):
    world = World(tmp_path)
    table = world.decisions()
    groups = {p: world.group(p) for p in range(1, 121)}
    found = rehearse(world, decisions=table, assigned=groups)
    assert found.n_would_send == 108
    assert world.rows("SELECT * FROM ledger") == []


@ON_SQLITE
def test_it_writes_nothing_and_its_sender_cannot_send(world: World):
    world.database.close()
    before = hashlib.sha256((world.home / "state.sqlite").read_bytes()).digest()
    found = rehearse(world)
    world.database.close()
    assert hashlib.sha256((world.home / "state.sqlite").read_bytes()).digest() == before
    with pytest.raises(DataError, match="rehearses"):
        rehearsing_sender(world.experiment).send(found.batches[0], lambda: None)


def test_one_api_campaign_request_carries_one_combination(tmp_path: Path):
    document = an_experiment().model_dump(mode="json")
    document["targets"] = [
        {
            "kind": "api_campaign",
            "id": CAMPAIGN,
            "variation_id": "v",
            "app_id": "a",
            "sender": "Us <us@shop.example>",
            "template_id": "t",
        }
    ]
    world = World(tmp_path, experiment=type(an_experiment()).model_validate(document))
    world.catalogue("t", "template")
    world.plan()
    planned = rehearse(world).batches
    assert len(planned) == 3
    batch = claim(world.database, world.clock, world.experiment, world.terms())
    assert isinstance(batch, Claim)
    parity = {p.person % 2 for p in batch.people}
    assert len(parity) == 1  # creative a for odd people, b for even
    body = BrazeSender(None, world.experiment).body(batch)
    assert body["broadcast"] is False
    assert body["recipient_subscription_state"] == "subscribed"
    assert NINE.timestamp() == batch.claimed_at


def _claim(world: World) -> Claim | Held | None:
    return claim(world.database, world.clock, world.experiment, world.terms())
