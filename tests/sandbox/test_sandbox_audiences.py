"""Connected audiences and broadcasts: messages to people the request does not name."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_wire import Wire

from services.sandbox.remembering.audiences import COMPARISONS, matches

TRIGGER = "/campaigns/trigger/send"
DAY_S = 86_400
NOW_S = 1_772_582_400.0  # 2026-03-04


def attribute(name: str, comparison: str, value: Any = None) -> dict[str, Any]:
    return {
        "custom_attribute": {
            "custom_attribute_name": name,
            "comparison": comparison,
            **({} if value is None else {"value": value}),
        }
    }


def broadcast(wire: Wire, campaign: str = "offer_email", **more: Any):
    return wire.post(TRIGGER, {"campaign_id": wire.campaign(campaign), "broadcast": True, **more})


def log(wire: Wire) -> list[dict[str, Any]]:
    page = wire.client.get("/_sandbox/outbox", params={"limit": 10_000})
    return page.json()["messages"]


def test_a_broadcast_reaches_everybody_and_makes_a_send_id(wire: Wire):
    answer = broadcast(wire, trigger_properties={"offer": "Hello"}).json()
    assert answer["message"] == "success"
    assert answer["send_id"]
    messages = log(wire)
    assert len(messages) == wire.world["people"]
    assert {m["dispatch_id"] for m in messages} == {answer["dispatch_id"]}
    assert all(m["properties"] == {"offer": "Hello"} for m in messages)


def test_a_broadcast_to_an_audience_reaches_those_in_it_and_nobody_else(wire: Wire):
    gold = attribute("tier", "equals", "gold")
    app = attribute("app_installed", "equals", True)
    broadcast(wire, audience={"AND": [gold, {"OR": [app, attribute("tier", "does_not_exist")]}]})
    people = wire.profiles([f"coffee-{i:07d}" for i in range(50)], "custom_attributes")
    held = {name: p["custom_attributes"] for name, p in people.items()}
    wanted = {n for n, a in held.items() if a.get("tier") == "gold" and a.get("app_installed")}
    written_to = {m["external_id"] for m in log(wire)}
    assert written_to & set(held) == wanted
    assert wanted


def test_recipients_outside_the_audience_get_nothing(wire: Wire):
    people = wire.reachable(20)
    tiers = wire.profiles(people, "custom_attributes")
    wire.post(
        TRIGGER,
        {
            "campaign_id": wire.campaign("offer_email"),
            "audience": attribute("tier", "not_equal", "gold"),
            "recipients": [{"external_user_id": p} for p in people],
        },
    )
    for message in log(wire):
        gold = tiers[message["external_id"]]["custom_attributes"].get("tier") == "gold"
        assert (message["fate"] == "outside_audience") == gold


def test_subscription_states_and_the_last_visit_can_be_asked_for(wire: Wire):
    status = {"email_subscription_status": {"comparison": "is", "value": "opted_in"}}
    visited = {"last_used_app": {"comparison": "after", "value": "2026-02-20T00:00:00Z"}}
    broadcast(wire, audience={"AND": [status, visited]})
    messages = log(wire)
    assert 0 < len(messages) < 300
    assert {m["fate"] for m in messages} <= {"sent", "bounced"}
    first = [m["external_id"] for m in messages[:50]]
    states = wire.profiles(first, "email_subscribe")
    assert {p["email_subscribe"] for p in states.values()} == {"opted_in"}


def test_an_audience_without_recipients_has_to_be_a_broadcast(shared: Wire):
    body = {"campaign_id": shared.campaign("offer_email"), "audience": attribute("tier", "exists")}
    answer = shared.post(TRIGGER, body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "broadcast must be true when recipients are omitted"


@pytest.mark.parametrize(
    "audience",
    [
        [],
        {"tier": "gold"},
        {"AND": []} | {"OR": []},
        {"AND": {}},
        {"custom_attribute": {"comparison": "equals", "value": 1}},
        attribute("tier", "resembles", "gold"),
        attribute("tier", "equals"),
        attribute("tier", "matches_regex", "("),
        attribute("joined", "after", "yesterday"),
        {"email_subscription_status": {"comparison": "is", "value": "perhaps"}},
        {"last_used_app": {"comparison": "since", "value": "2026-01-01"}},
    ],
)
def test_an_audience_nobody_can_read_is_refused(shared: Wire, audience):
    answer = broadcast(shared, audience=audience)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid audience: ")


@pytest.mark.parametrize(
    ("held", "comparison", "wanted", "passes"),
    [
        ("gold", "equals", "gold", True),
        ("gold", "matches_regex", "^g.l", True),
        ("gold", "does_not_match_regex", "x", True),
        (None, "not_equal", "gold", True),
        (None, "equals", "gold", False),
        (True, "equals", 1, False),
        (True, "does_not_equal", False, True),
        (["a", "b"], "includes_value", "b", True),
        (["a", "b"], "does_not_include_value", "b", False),
        (3, "greater_than", 2, True),
        (3, "greater_than_or_equal_to", 3, True),
        (3, "less_than", 3, False),
        (3, "less_than_or_equal_to", 3, True),
        ("three", "greater_than", 2, False),
        ("2026-03-03T00:00:00Z", "less_than_x_days_ago", 2, True),
        ("2026-03-03T00:00:00Z", "greater_than_x_days_ago", 2, False),
        ("2026-03-06T00:00:00Z", "less_than_x_days_in_the_future", 3, True),
        ("2026-03-06T00:00:00Z", "greater_than_x_days_in_the_future", 3, False),
        ("2026-03-03", "before", "2026-03-04", True),
        ("2026-03-03", "after", "2026-03-04", False),
        ("soon", "after", "2026-03-04", False),
        (None, "exists", None, False),
        (None, "does_not_exist", None, True),
    ],
)
def test_each_comparison_means_what_it_says(held, comparison: str, wanted, passes: bool):
    assert comparison in COMPARISONS
    assert matches(held, comparison, wanted, NOW_S) is passes
