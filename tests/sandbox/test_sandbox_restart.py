"""What was acknowledged survives; time goes only forward; one server a home."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sandbox_wire import START, serving

from services.clock import SandboxClock
from services.errors import Locked, SetupError
from services.sandbox.process import launch, running

SMALL = {"people": 500, "history_days": 3}
FIELDS = ("total_revenue", "purchases", "custom_events", "campaigns_received", "email_subscribe")


def everything(wire) -> tuple:
    """All that a client could notice of a world."""
    people = wire.profiles([f"coffee-{i:07d}" for i in range(50)], *FIELDS)
    campaign = wire.campaign("offer_email")
    series = wire.get("/campaigns/data_series", campaign_id=campaign, length=5).json()
    sizes = wire.get("/segments/data_series", segment_id=wire.segment("regulars"), length=9).json()
    templates = wire.get("/templates/email/list").json()
    outbox = wire.client.get("/_sandbox/outbox").json()
    return people, series, sizes, templates, outbox, wire.truth()


def test_a_restarted_sandbox_knows_everything_it_acknowledged(tmp_path: Path):
    with serving(tmp_path, **SMALL) as wire:
        people = wire.reachable(60)
        for n, hours in enumerate((8, 20, 30)):
            wire.trigger(people[n : n + 40], {"offer": "Double points today"})
            wire.control("clock", advance_s=hours * 3600)
        wire.post(
            "/users/track", {"attributes": [{"external_id": people[0], "tier": "gold", "x": 1}]}
        )
        wire.post(
            "/templates/email/create",
            {"template_name": "New", "subject": "S", "body": "<p>B</p>", "tags": ["offers"]},
        )
        wire.control("clock", advance_s=3 * 86_400)
        before = everything(wire)
        attributes = wire.profiles([people[0]], "custom_attributes")
    with serving(tmp_path, **SMALL) as again:
        assert everything(again) == before
        assert again.profiles([people[0]], "custom_attributes") == attributes
        assert attributes[people[0]]["custom_attributes"]["x"] == 1


def test_a_killed_sandbox_loses_nothing_that_was_acknowledged(tmp_path: Path):
    sandbox = launch(tmp_path, start=START, **SMALL)
    campaign = next(
        c["id"]
        for c in httpx.get(f"{sandbox.url}/_sandbox/world").json()["all_campaigns"]
        if c["key"] == "offer_email"
    )
    body = {"campaign_id": campaign, "recipients": [{"external_user_id": "coffee-0000001"}]}
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    accepted = httpx.post(f"{sandbox.url}/campaigns/trigger/send", json=body, headers=headers)
    sandbox.kill()
    with serving(tmp_path, **SMALL) as again:
        log = again.client.get("/_sandbox/outbox").json()["messages"]
    assert [m["dispatch_id"] for m in log] == [accepted.json()["dispatch_id"]]


def test_it_does_not_matter_in_which_steps_time_passes(tmp_path: Path):
    ends = []
    for name, steps in (("slow", [3_600] * 50), ("fast", [50 * 3_600])):
        with serving(tmp_path / name, **SMALL) as wire:
            wire.trigger(wire.reachable(50), {"subject": "Made for a day like this"})
            for step in steps:
                wire.control("clock", advance_s=step)
            ends.append(everything(wire))
    assert ends[0] == ends[1]


def test_the_clock_moves_only_forward(shared):
    now = shared.client.get("/_sandbox/clock").json()["now"]
    back = shared.client.post("/_sandbox/clock", json={"to": "2026-01-01T00:00:00Z"})
    assert back.status_code == 400
    assert shared.client.get("/_sandbox/clock").json()["now"] == now


def test_the_clock_file_tells_others_the_virtual_time(wire):
    clock = SandboxClock(wire.home / "sandbox" / "clock.sqlite")
    assert clock.now() == START
    wire.control("clock", to="2026-03-05T06:00:00+00:00")
    assert clock.now() == datetime(2026, 3, 5, 6, tzinfo=UTC)
    wire.control("clock", rate=1)
    time.sleep(0.05)
    assert clock.now() > datetime(2026, 3, 5, 6, tzinfo=UTC)
    columns = sqlite3.connect(wire.home / "sandbox" / "clock.sqlite")
    assert columns.execute("SELECT rate FROM clock WHERE id = 1").fetchone() == (1.0,)
    columns.close()


def test_a_taken_port_says_what_to_do(wire, tmp_path: Path):
    port = httpx.URL(wire.url).port
    with pytest.raises(Locked, match="choose another port"), serving(tmp_path / "b", port=port):
        pass


def test_a_home_has_one_sandbox_at_a_time(wire):
    with pytest.raises(Locked, match="Another sandbox is running"), serving(wire.home):
        pass


def test_a_home_is_opened_only_as_it_was_made(tmp_path: Path):
    with serving(tmp_path, **SMALL):
        pass
    wrong = pytest.raises(SetupError, match="made with people 500, not 400")
    with wrong, serving(tmp_path, people=400, history_days=3):
        pass


def test_a_child_process_says_why_it_does_not_start(tmp_path: Path):
    wrong = pytest.raises(SetupError, match="no sandbox world called mars")
    with wrong, running(tmp_path, world="mars"):
        pass


def test_the_key_file_is_for_its_owner_only(wire):
    assert (wire.home / "sandbox" / "key").stat().st_mode & 0o777 == 0o600
    assert wire.key.startswith("sandbox-key-")
