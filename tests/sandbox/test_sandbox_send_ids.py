"""Send ids: sends of one campaign whose statistics are read together."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_wire import Wire

DAY_S = 86_400


def variation(wire: Wire, channel: str = "email") -> tuple[str, str]:
    """An API campaign and one of its variations."""
    api = next(c for c in wire.world["all_campaigns"] if c["key"] == "api")
    return api["id"], next(v["id"] for v in api["variations"] if v["channel"] == channel)


def create(wire: Wire, send_id: str | None = None) -> str:
    body = {"campaign_id": variation(wire)[0], "send_id": send_id}
    answer = wire.post("/sends/id/create", body)
    assert answer.status_code == 201
    return answer.json()["send_id"]


def send(wire: Wire, people: list[str], send_id: str | None):
    campaign, message = variation(wire)
    mail = {"app_id": "a", "from": "A <a@b.example>", "body": "x", "message_variation_id": message}
    body = {"external_user_ids": people, "campaign_id": campaign, "send_id": send_id}
    return wire.post("/messages/send", {**body, "messages": {"email": mail}})


def summed(days: list[dict[str, Any]]) -> dict[str, float]:
    """The counters of a campaign's email variation, summed over days."""
    entries = [day["messages"]["email"][0] for day in days]
    return {k: sum(e[k] for e in entries) for k, v in entries[0].items() if not isinstance(v, str)}


def sums(wire: Wire, send_id: str, length: int = 20) -> dict[str, float]:
    """Everything counted for a send id."""
    query = {"campaign_id": variation(wire)[0], "send_id": send_id, "length": length}
    days = wire.get("/sends/data_series", **query).json()["data"]
    assert len(days) == length
    return summed(days)


def test_the_figures_of_all_send_ids_add_up_to_the_campaigns(wire: Wire):
    people = wire.reachable(120)
    names = ("wave-1", "wave-2", "wave-3")
    for n, name in enumerate(names):
        for start in (0, 20):
            send(wire, people[40 * n + start : 40 * n + start + 20], create(wire, name))
        wire.control("clock", advance_s=DAY_S)
    wire.control("clock", advance_s=4 * DAY_S)
    campaign, _ = variation(wire)
    whole = summed(
        wire.get("/campaigns/data_series", campaign_id=campaign, length=20).json()["data"]
    )
    each = [sums(wire, name) for name in names]
    assert [e["sent"] for e in each] == [40, 40, 40]
    assert min(e["unique_opens"] for e in each) > 0
    for name in set(whole) - {"revenue"}:
        assert sum(e[name] for e in each) == whole[name], name
    assert sum(e["revenue"] for e in each) == pytest.approx(whole["revenue"])
    assert whole["conversions"] > 0


def test_a_conversion_counts_for_the_latest_send_id_the_person_received(wire: Wire):
    people = wire.reachable(50)
    for name in ("early", "late"):
        send(wire, people, create(wire, name))
    wire.control("clock", advance_s=5 * DAY_S)
    assert sums(wire, "early")["sent"] == sums(wire, "late")["sent"] == 50
    assert sums(wire, "early")["conversions"] == 0
    assert sums(wire, "late")["conversions"] > 0


def test_figures_are_gone_two_weeks_after_the_send(wire: Wire):
    create(wire, "wave-1")
    send(wire, wire.reachable(10), "wave-1")
    wire.control("clock", advance_s=14 * DAY_S)
    assert sums(wire, "wave-1")["sent"] == 10
    wire.control("clock", advance_s=1)
    assert sums(wire, "wave-1")["sent"] == 0


def test_a_broadcast_makes_its_own_send_id(wire: Wire):
    campaign, message = variation(wire)
    mail = {"app_id": "a", "from": "A <a@b.example>", "body": "x", "message_variation_id": message}
    segment = wire.segment("gold_city")
    body: dict[str, Any] = {"campaign_id": campaign, "broadcast": True, "segment_id": segment}
    answer = wire.post("/messages/send", {**body, "messages": {"email": mail}}).json()
    truth = wire.truth()["fates"]
    assert sums(wire, answer["send_id"])["sent"] == truth["sent"] + truth["bounced"] > 0


def test_send_ids_are_made_first_and_are_short_plain_text(shared: Wire):
    campaign, _ = variation(shared)
    assert create(shared, "wave-7") == create(shared, "wave-7") == "wave-7"
    assert create(shared) not in ("", create(shared))
    for wrong in ("", "x" * 65, "größe", 7):
        body = {"campaign_id": campaign, "send_id": wrong}
        assert shared.post("/sends/id/create", body).status_code == 400
    assert send(shared, ["coffee-0000001"], "never made").json()["message"] == "Invalid send_id"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"campaign_id": None}, "campaign_id must be a string of the campaign api identifier"),
        ({"campaign_id": "offer_email"}, "Invalid Campaign ID"),
        ({"send_id": None}, "send_id is required"),
        ({"send_id": "never made"}, "Invalid send_id"),
        ({"length": None}, "length must be an integer between 1 and 100"),
        ({"length": 101}, "length must be an integer between 1 and 100"),
        ({"ending_at": "soon"}, "Bad Request"),
    ],
)
def test_a_series_nobody_can_answer_is_refused(shared: Wire, query: dict[str, Any], text: str):
    create(shared, "wave-8")
    if query.get("campaign_id"):
        query = {"campaign_id": shared.campaign(query["campaign_id"])}
    asked = {"campaign_id": variation(shared)[0], "send_id": "wave-8", "length": 3, **query}
    answer = shared.get("/sends/data_series", **{k: v for k, v in asked.items() if v is not None})
    assert (answer.status_code, answer.json()["message"]) == (400, text)
