"""Messages of every channel: sent with messages/send, shown in details and counted in series."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_wire import Wire

MAIL = {"app_id": "a", "from": "A <a@b.example>", "body": "x"}
DAY_S = 86_400
# API.md 10.3, by key of the message object
COUNTERS = {
    "email": (
        "email",
        "sent opens unique_opens clicks unique_clicks unsubscribes bounces delivered reported_spam",
    ),
    "apple_push": ("ios_push", "sent direct_opens total_opens bounces body_clicks"),
    "android_push": ("android_push", "sent direct_opens total_opens bounces body_clicks"),
    "web_push": ("web_push", "sent direct_opens total_opens bounces body_clicks"),
    "kindle_push": ("kindle_push", "sent direct_opens total_opens bounces body_clicks"),
    "sms": ("sms", "sent sent_to_carrier delivered rejected delivery_failed clicks opt_out help"),
    "whats_app": ("whats_app", "sent delivered failed read"),
    "webhook": ("webhook", "sent errors"),
    "content_card": (
        "content_cards",
        "sent total_clicks total_dismissals total_impressions unique_clicks unique_dismissals"
        " unique_impressions",
    ),
}
OF_EVERY_VARIATION = {"variation_name", "variation_api_id", "unique_recipients", "revenue"}
OF_EVERY_VARIATION |= {"conversions", "conversions_by_send_time"}


def send(wire: Wire, messages: dict[str, Any], **more: Any):
    people = more.pop("people", None) or wire.reachable(50)
    return wire.post("/messages/send", {"external_user_ids": people, "messages": messages, **more})


def variations(wire: Wire) -> tuple[str, dict[str, str]]:
    """The campaign with every channel: its id, and a variation for each channel in its details."""
    campaign = wire.campaign("every_channel")
    details = wire.get("/campaigns/details", campaign_id=campaign).json()
    return campaign, {m["channel"]: i for i, m in details["messages"].items()}


def fates(wire: Wire) -> list[str]:
    return [m["fate"] for m in wire.client.get("/_sandbox/outbox").json()["messages"]]


def test_every_channel_is_sent_and_counted_under_its_own_names(wire: Wire):
    campaign, ids = variations(wire)
    assert set(ids) == {channel for channel, _ in COUNTERS.values()}
    for kind, (channel, _) in COUNTERS.items():
        message = {**(MAIL if kind == "email" else {}), "message_variation_id": ids[channel]}
        capped = {"override_frequency_capping": True}
        assert send(wire, {kind: message}, campaign_id=campaign, **capped).status_code == 201
    wire.control("clock", advance_s=2 * DAY_S)
    days = wire.get("/campaigns/data_series", campaign_id=campaign, length=3).json()["data"]
    assert set(days[0]["messages"]) == set(ids)
    for channel, counters in COUNTERS.values():
        entries = [day["messages"][channel][0] for day in days]
        assert set(entries[0]) == OF_EVERY_VARIATION | set(counters.split())
        assert sum(e["sent"] for e in entries) > 0
        assert {e["variation_api_id"] for e in entries} == {ids[channel]}
    logged = {m["channel"] for m in wire.client.get("/_sandbox/outbox").json()["messages"]}
    assert logged == {"email", "sms", "push", "webhook", "content_cards", "whats_app"}


def test_messages_without_a_campaign_are_in_the_truth_log_and_in_no_series(wire: Wire):
    assert send(wire, {"email": MAIL, "web_push": {"alert": "x"}}, campaign_id=None).is_success
    assert wire.truth()["accepted"] == 100
    assert wire.truth()["requests"] == 1
    listed = wire.get("/campaigns/list", include_archived="true").json()["campaigns"]
    assert "Messages without a campaign" not in {c["name"] for c in listed}
    for campaign in listed:
        series = wire.get("/campaigns/data_series", campaign_id=campaign["id"], length=1).json()
        entries = [e for group in series["data"][0]["messages"].values() for e in group]
        assert not any(e.get("sent") for e in entries)


def test_who_is_written_to_follows_the_subscription_state_asked_for(wire: Wire):
    person = wire.reachable(1)
    for state in ("subscribed", "unsubscribed"):
        track = {"external_id": person[0], "email_subscribe": state}
        wire.post("/users/track", {"attributes": [track]})
        for wanted in ("opted_in", "subscribed", "all"):
            send(wire, {"email": MAIL}, people=person, recipient_subscription_state=wanted)
    got = ["unreachable" if fate == "unreachable" else "went out" for fate in fates(wire)]
    assert got == ["unreachable", "went out", "went out", "unreachable", "unreachable", "went out"]


def test_a_frequency_cap_holds_unless_the_request_overrides_it(wire: Wire):
    campaign, ids = variations(wire)
    person = wire.reachable(1)
    wire.trigger(person)
    wire.trigger(person, campaign="two_subjects")
    mail = {"email": {**MAIL, "message_variation_id": ids["email"]}}
    send(wire, mail, people=person, campaign_id=campaign)
    send(wire, mail, people=person, campaign_id=campaign, override_frequency_capping=True)
    assert fates(wire)[2] == "frequency_capped"
    assert fates(wire)[3] in ("sent", "bounced")


def test_ids_and_a_segment_mean_those_of_them_who_are_in_it(wire: Wire):
    people = wire.reachable(50)
    tiers = wire.profiles(people, "custom_attributes")
    send(wire, {"email": MAIL}, people=people, segment_id=wire.segment("gold_city"))
    gold = [p["custom_attributes"].get("tier") == "gold" for p in tiers.values()]
    inside = [fate != "outside_audience" for fate in fates(wire)]
    assert 0 < sum(inside) < 50
    assert all(g for g, i in zip(gold, inside, strict=True) if i)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"external_user_ids": []}, "No Recipients"),
        ({"external_user_ids": [], "broadcast": True}, "No Recipients"),
        ({"external_user_ids": [], "segment_id": "everyone"}, "broadcast must be true"),
        ({"broadcast": True}, "broadcast must be false"),
        ({"segment_id": "x"}, "segment_id must be a string of the segment api identifier"),
        ({"external_user_ids": [f"p{n}" for n in range(51)]}, "The max number of external_ids"),
        ({"user_aliases": [{"alias_name": "x"}]}, "alias_label"),
        ({"messages": {}}, "No message to send"),
        ({"messages": {"fax": {}}}, "No message to send"),
        ({"messages": {"email": "hello"}}, "email must be an object"),
        ({"messages": {"email": {"from": "A <a@b.example>", "body": "x"}}}, "app_id is required"),
        ({"messages": {"email": {"app_id": "a", "body": "x"}}}, "from is required"),
        ({"messages": {"email": {"app_id": "a", "from": "a"}}}, "body is required"),
        ({"messages": {"apple_push": {"extra": "x"}}}, "Invalid Extra Push Payload"),
        ({"messages": {"apple_push": {"alert": "x" * 1_912}}}, "Apple Push Length Exceeded"),
        ({"messages": {"android_push": {"alert": "x" * 4_000}}}, "Android Push Length Exceeded"),
        ({"campaign_id": "offer_email"}, "Invalid Campaign ID"),
        ({"campaign_id": "every_channel"}, "Message Variant Unspecified"),
        ({"send_id": "wave"}, "campaign_id is required when send_id is given"),
        ({"recipient_subscription_state": "none"}, "recipient_subscription_state must be one of"),
        ({"override_frequency_capping": "yes"}, "override_frequency_capping must be a boolean"),
    ],
)
def test_messages_that_make_no_sense_are_refused_with_braze_texts(shared: Wire, change, text):
    body = {"external_user_ids": ["coffee-0000001"], "messages": {"email": MAIL}, **change}
    if body.get("segment_id") == "everyone":
        body["segment_id"] = shared.segment("everyone")
    if "campaign_id" in body:
        body["campaign_id"] = shared.campaign(body["campaign_id"])
    answer = shared.post("/messages/send", body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(text) or text in answer.json()["message"]


def test_a_variation_of_another_campaign_or_channel_is_refused(shared: Wire):
    campaign, ids = variations(shared)

    def told(kind: str, variation: str) -> str:
        message = {kind: {**MAIL, "message_variation_id": variation}}
        return send(shared, message, campaign_id=campaign).json()["message"]

    other = shared.world["all_campaigns"][0]["variations"][0]["id"]
    assert told("email", other) == "Invalid Message Variant"
    assert told("android_push", ids["ios_push"]) == "Mismatched Message Type"
