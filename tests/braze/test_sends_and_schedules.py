"""Send ids, and sends for later: what is asked, once, and what must not be asked at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from pretend_braze import body_of, client_of

from services.braze.scheduling import (
    Schedule,
    create_campaign_schedule,
    create_canvas_schedule,
    delete_campaign_schedule,
    delete_canvas_schedule,
    schedule_body,
    update_campaign_schedule,
    update_canvas_schedule,
)
from services.braze.sending import Recipient
from services.braze.sends import create_send_id
from services.errors import BrazeBroken, DataError, NoAnswer

NOON = Schedule(datetime(2026, 3, 2, 12, tzinfo=UTC))
MADE = {"dispatch_id": "d", "schedule_id": "s", "message": "success"}
CREATES = (create_campaign_schedule, create_canvas_schedule)


def go() -> None:
    """A guard that lets everything pass."""


def heard(body: dict[str, object], status: int = 201):
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body)

    return client_of(answer), asked


def test_a_moment_is_said_in_utc_and_a_wall_time_without_a_zone():
    seoul = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=9)))
    assert schedule_body(Schedule(seoul))["time"] == "2026-03-02T00:30:00Z"
    wall = schedule_body(Schedule(datetime(2026, 3, 2, 9, 30), in_local_time=True))
    assert wall == {"time": "2026-03-02T09:30:00", "in_local_time": True, "at_optimal_time": False}


@pytest.mark.parametrize(
    "unclear",
    [
        Schedule(datetime(2026, 3, 2, 9)),
        Schedule(datetime(2026, 3, 2, 9, tzinfo=UTC), in_local_time=True),
        Schedule(datetime(2026, 3, 2, 9), in_local_time=True, at_optimal_time=True),
    ],
)
def test_a_time_that_could_be_another_hour_is_not_sent(unclear):
    client, asked = heard(MADE)
    for create in CREATES:
        with pytest.raises(DataError):
            create(client, "c", [Recipient("a")], unclear, guard=go)
    assert asked == []


def test_scheduling_names_its_people_and_can_address_nobody_else():
    client, asked = heard(MADE)
    for create in CREATES:
        made = create(client, "c", [Recipient("a", {"x": 1})], NOON, guard=go)
        assert (made.schedule_id, made.dispatch_id) == ("s", "d")
    assert [a.url.path for a in asked] == [
        "/campaigns/trigger/schedule/create",
        "/canvas/trigger/schedule/create",
    ]
    for request in asked:
        body = body_of(request)
        assert body["broadcast"] is False
        assert [r["external_user_id"] for r in body["recipients"]] == ["a"]
        assert not {"audience", "attachments", "attributes"} & body.keys()
        assert body["schedule"]["time"] == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize("said", [{}, {"schedule_id": None}, {"schedule_id": ""}])
def test_a_schedule_without_an_id_is_an_error_because_nothing_could_take_it_back(said):
    client, _ = heard({**said, "message": "success"})
    with pytest.raises(BrazeBroken):
        create_campaign_schedule(client, "c", [Recipient("a")], NOON, guard=go)


def test_a_schedule_is_changed_as_a_whole_and_taken_back_by_its_id():
    client, asked = heard({"message": "success"})
    update_campaign_schedule(client, "c", "s", NOON)
    update_canvas_schedule(client, "c", "s", NOON)
    delete_campaign_schedule(client, "c", "s")
    delete_canvas_schedule(client, "c", "s")
    bodies = [(a.url.path.split("/")[1], a.url.path.split("/")[-1], body_of(a)) for a in asked]
    whole = {"time": "2026-03-02T12:00:00Z", "in_local_time": False, "at_optimal_time": False}
    assert bodies == [
        ("campaigns", "update", {"campaign_id": "c", "schedule_id": "s", "schedule": whole}),
        ("canvas", "update", {"canvas_id": "c", "schedule_id": "s", "schedule": whole}),
        ("campaigns", "delete", {"campaign_id": "c", "schedule_id": "s"}),
        ("canvas", "delete", {"canvas_id": "c", "schedule_id": "s"}),
    ]


def test_nothing_of_all_this_is_asked_twice():
    tries: list[httpx.Request] = []

    def lost(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        raise httpx.ReadTimeout("late")

    client = client_of(lost)
    calls = (
        lambda: create_campaign_schedule(client, "c", [Recipient("a")], NOON, guard=go),
        lambda: create_canvas_schedule(client, "c", [Recipient("a")], NOON, guard=go),
        lambda: update_campaign_schedule(client, "c", "s", NOON),
        lambda: delete_canvas_schedule(client, "c", "s"),
        lambda: create_send_id(client, "c"),
    )
    for call in calls:
        with pytest.raises(NoAnswer):
            call()
    assert len(tries) == len(calls)


def test_a_send_id_is_given_or_made_by_braze():
    client, asked = heard({"send_id": "spring", "message": "success"})
    assert create_send_id(client, "c", "spring") == "spring"
    assert create_send_id(client, "c") == "spring"
    assert [body_of(a) for a in asked] == [
        {"campaign_id": "c", "send_id": "spring"},
        {"campaign_id": "c"},
    ]


@pytest.mark.parametrize("wrong", ["", "x" * 65, "frühling", "a\nb"])
def test_a_send_id_braze_would_not_take_is_not_asked_for(wrong):
    client, asked = heard({"send_id": "x", "message": "success"})
    with pytest.raises(DataError):
        create_send_id(client, "c", wrong)
    assert asked == []
