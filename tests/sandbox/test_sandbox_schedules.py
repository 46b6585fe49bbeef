"""Scheduled triggers: they go out when the virtual clock passes their time, and not otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sandbox_wire import Wire, serving

CREATE = "/campaigns/trigger/schedule/create"
UPDATE = "/campaigns/trigger/schedule/update"
DELETE = "/campaigns/trigger/schedule/delete"
NOON = "2026-03-02T12:00:00"  # twelve hours after the start
HOUR_S = 3600


def create(wire: Wire, people: list[str], schedule: dict[str, Any], **more: Any):
    body = {"campaign_id": wire.campaign("offer_email"), "schedule": schedule, **more}
    return wire.post(CREATE, {**body, "recipients": [{"external_user_id": p} for p in people]})


def log(wire: Wire) -> list[dict[str, Any]]:
    return wire.client.get("/_sandbox/outbox").json()["messages"]


def test_a_scheduled_send_goes_out_at_its_time_and_keeps_its_dispatch_id(wire: Wire):
    people = wire.reachable(2)
    answer = create(wire, people, {"time": NOON}, trigger_properties={"offer": "Hi"}).json()
    wire.control("clock", advance_s=12 * HOUR_S - 1)
    assert log(wire) == []
    wire.control("clock", advance_s=5 * HOUR_S)
    messages = log(wire)
    assert [m["external_id"] for m in messages] == people
    assert {m["at"] for m in messages} == {"2026-03-02T12:00:00+00:00"}
    assert {m["dispatch_id"] for m in messages} == {answer["dispatch_id"]}
    assert messages[0]["properties"] == {"offer": "Hi"}
    assert wire.truth()["requests"] == 1


def test_a_canvas_can_be_scheduled_too(wire: Wire):
    canvas, person = wire.canvas("moment"), wire.reachable(1)[0]
    body = {
        "canvas_id": canvas,
        "recipients": [{"external_user_id": person}],
        "canvas_entry_properties": {"offer": "Hi"},
        "schedule": {"time": "2026-03-02T12:00:00-5:00"},
    }
    made = wire.post("/canvas/trigger/schedule/create", body).json()
    where = {"canvas_id": canvas, "schedule_id": made["schedule_id"]}
    later = {**where, "schedule": {"time": "2026-03-03T08:00:00Z"}}
    assert wire.post("/canvas/trigger/schedule/update", later).json() == {"message": "success"}
    wire.control("clock", advance_s=24 * HOUR_S)
    assert log(wire) == []
    wire.control("clock", advance_s=24 * HOUR_S)
    assert [(m["target_id"], m["at"]) for m in log(wire)] == [(canvas, "2026-03-03T08:00:00+00:00")]
    assert wire.post("/canvas/trigger/schedule/delete", where).status_code == 400


def test_a_deleted_schedule_sends_nothing_and_is_unknown_from_then_on(wire: Wire):
    made = create(wire, wire.reachable(1), {"time": NOON}).json()
    where = {"campaign_id": wire.campaign("offer_email"), "schedule_id": made["schedule_id"]}
    other = {**where, "campaign_id": wire.campaign("offer_sms")}
    assert wire.post(DELETE, other).status_code == 400
    assert wire.post(DELETE, where).json() == {"message": "success"}
    assert wire.post(DELETE, where).json()["message"] == "Invalid schedule_id"
    wire.control("clock", advance_s=24 * HOUR_S)
    assert log(wire) == []


def test_who_the_recipients_are_is_decided_when_it_goes_out(wire: Wire):
    create(wire, ["later"], {"time": NOON})
    wire.control("clock", advance_s=HOUR_S)
    fresh = {"external_id": "later", "email": "later@person.invalid", "email_subscribe": "opted_in"}
    wire.post("/users/track", {"attributes": [fresh]})
    wire.control("clock", advance_s=24 * HOUR_S)
    assert log(wire)[0]["fate"] in ("sent", "bounced")


def test_a_time_that_has_passed_is_now_unless_it_is_everybodys_own(wire: Wire):
    person = wire.reachable(1)
    assert create(wire, person, {"time": "2026-03-01T12:00:00Z"}).status_code == 201
    wire.control("clock", advance_s=1)
    assert log(wire)[0]["at"] == "2026-03-02T00:00:00+00:00"
    past = {"time": "2026-03-01T12:00:00", "in_local_time": True}
    assert create(wire, person, past).json()["message"] == "Bad Request"


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (None, "schedule is required"),
        ({}, "schedule.time is required"),
        ({"time": "tomorrow"}, "Bad Request"),
        ({"time": 1_772_582_400}, "Bad Request"),
        ({"time": "2026-03-09T12:00:00Z", "in_local_time": True}, "Bad Request"),
        ({"time": "2026-03-09T12:00:00", "in_local_time": "yes"}, "must be a boolean"),
    ],
)
def test_a_schedule_nobody_can_follow_is_refused(shared: Wire, schedule, text: str):
    answer = create(shared, shared.reachable(1), schedule)
    assert answer.status_code == 400
    assert text in answer.json()["message"]


def test_local_time_is_each_persons_own_clock(tmp_path: Path):
    with serving(tmp_path, mixed_zones=True, people=500, history_days=1) as wire:
        people = wire.reachable(50)
        zones = {n: p["time_zone"] for n, p in wire.profiles(people, "time_zone").items()}
        create(wire, people, {"time": "2026-03-04T09:00:00", "in_local_time": True})
        wire.control("clock", advance_s=4 * 24 * HOUR_S)
        at = {zones[m["external_id"]]: m["at"][:16] for m in log(wire)}
        assert len(log(wire)) == 50
    assert at == {
        "Pacific/Auckland": "2026-03-03T20:00",
        "Asia/Seoul": "2026-03-04T00:00",
        "Asia/Kolkata": "2026-03-04T03:30",
        "Europe/London": "2026-03-04T09:00",
        "America/New_York": "2026-03-04T14:00",
    }


def test_an_update_comes_too_late_once_the_day_has_come_in_one_zone(tmp_path: Path):
    with serving(tmp_path, mixed_zones=True, people=500, history_days=1) as wire:
        people = wire.reachable(50)
        made = create(wire, people, {"time": "2026-03-04T09:00:00", "in_local_time": True}).json()
        where = {"campaign_id": wire.campaign("offer_email"), "schedule_id": made["schedule_id"]}
        wire.control("clock", to="2026-03-04T01:00:00Z")
        late = wire.post(UPDATE, {**where, "schedule": {"time": "2026-03-20T09:00:00Z"}})
        assert late.status_code == 201
        wire.control("clock", to="2026-03-05T00:00:00Z")
        assert len(log(wire)) == 50


def test_the_best_hour_is_another_for_each_person_and_the_hour_given_is_ignored(wire: Wire):
    people = wire.reachable(50)
    create(wire, people, {"time": "2026-03-04T23:00:00", "at_optimal_time": True})
    wire.control("clock", advance_s=4 * 24 * HOUR_S)
    messages = log(wire)
    assert sorted(m["external_id"] for m in messages) == people
    assert {m["at"][:10] for m in messages} == {"2026-03-04"}
    assert len({m["at"] for m in messages}) > 3


def test_schedules_survive_a_restart_and_the_steps_time_is_cut_into(tmp_path: Path):
    ends = []
    for name, step_s in (("slow", 4 * HOUR_S), ("fast", 48 * HOUR_S)):
        home = tmp_path / name
        with serving(home, people=500, history_days=2) as wire:
            people = wire.reachable(20)
            create(wire, people[:10], {"time": NOON})
            moved = create(wire, people, {"time": NOON}).json()
            gone = create(wire, people, {"time": NOON}).json()
            campaign = {"campaign_id": wire.campaign("offer_email")}
            again = {"schedule_id": moved["schedule_id"], "schedule": {"time": "2026-03-03T07:30"}}
            wire.post(UPDATE, {**campaign, **again})
            wire.post(DELETE, {**campaign, "schedule_id": gone["schedule_id"]})
        with serving(home, people=500, history_days=2) as wire:
            for _ in range(48 * HOUR_S // step_s):
                wire.control("clock", advance_s=step_s)
        with serving(home, people=500, history_days=2) as wire:
            series = wire.get("/campaigns/data_series", **campaign, length=3).json()
            ends.append((log(wire), series, wire.truth()))
    assert len(ends[0][0]) == 30
    assert ends[0] == ends[1]
