"""Recipients of triggers: every way of naming somebody, and what comes with the name."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_wire import Wire

TRIGGER = "/campaigns/trigger/send"
ENTER = "/canvas/trigger/send"


def trigger(wire: Wire, *recipients: dict[str, Any], **more: Any):
    campaign = wire.campaign("offer_email")
    return wire.post(TRIGGER, {"campaign_id": campaign, "recipients": recipients, **more})


def log(wire: Wire) -> list[dict[str, Any]]:
    return wire.client.get("/_sandbox/outbox").json()["messages"]


def names_of(wire: Wire, person: str) -> list[dict[str, Any]]:
    """The same person as each kind of recipient."""
    profile = wire.profiles([person], "braze_id", "email", "user_aliases")[person]
    return [
        {"external_user_id": person},
        {"braze_id": profile["braze_id"]},
        {"user_alias": profile["user_aliases"][0]},
        {"email": profile["email"], "prioritization": ["identified", "most_recently_updated"]},
    ]


def test_a_person_is_reached_by_every_identifier(wire: Wire):
    person = wire.reachable(1)[0]
    for name in names_of(wire, person):
        assert trigger(wire, name).status_code == 201
    assert [m["external_id"] for m in log(wire)] == [person] * 4
    assert {m["fate"] for m in log(wire)} <= {"sent", "bounced"}


def test_whoever_is_named_in_four_ways_gets_one_message(wire: Wire):
    person = wire.reachable(1)[0]
    trigger(wire, *names_of(wire, person))
    fates = [m["fate"] for m in log(wire)]
    assert fates[0] in ("sent", "bounced")
    assert fates[1:] == ["repeated_in_request"] * 3


def test_two_people_with_one_address_get_one_email(wire: Wire):
    first = wire.reachable(1)[0]
    address = wire.profiles([first], "email")[first]["email"]
    twin = {"external_id": "twin", "email": address.lower(), "email_subscribe": "opted_in"}
    wire.post("/users/track", {"attributes": [twin]})
    trigger(wire, {"external_user_id": first}, {"external_user_id": "twin"})
    assert [m["fate"] for m in log(wire)][1:] == ["repeated_in_request"]


def test_identifiers_that_lead_to_nobody_are_in_the_log_as_they_were_given(wire: Wire):
    answer = trigger(
        wire,
        {"external_user_id": 4711},
        {"user_alias": {"alias_name": "ghost", "alias_label": "crm"}},
        {"email": "ghost@person.invalid", "prioritization": ["unidentified"]},
    )
    assert answer.json()["message"] == "success"
    assert [(m["external_id"], m["fate"]) for m in log(wire)] == [
        ("4711", "unknown_person"),
        ("crm:ghost", "unknown_person"),
        ("ghost@person.invalid", "unknown_person"),
    ]


@pytest.mark.parametrize(
    ("recipient", "text"),
    [
        ({}, "Exactly one of"),
        ({"external_user_id": "a", "braze_id": "b"}, "Exactly one of"),
        ({"external_user_id": ""}, "must be a string"),
        ({"external_user_id": True}, "must be a string"),
        ({"user_alias": {"alias_name": "a"}}, "alias_label"),
        ({"email": "a@b.example"}, "prioritization is required"),
        ({"email": "a@b.example", "prioritization": ["best"]}, "prioritization must be"),
        (
            {"email": "a@b.example", "prioritization": ["identified", "unidentified"]},
            "only one of identified, unidentified",
        ),
        ({"external_user_id": "a", "trigger_properties": []}, "must be an object"),
        ({"external_user_id": "a", "attributes": []}, "attributes must be an object"),
        ({"external_user_id": "a", "send_to_existing_only": "no"}, "must be a boolean"),
        ({"external_user_id": "a", "send_to_existing_only": False}, "attributes is required"),
        (
            {
                "user_alias": {"alias_name": "a", "alias_label": "b"},
                "send_to_existing_only": False,
                "attributes": {},
            },
            "cannot be used with user_alias",
        ),
        ({"external_user_id": "a", "trigger_properties": {"x": "y" * 51_300}}, "50 KB"),
    ],
)
def test_a_recipient_that_makes_no_sense_is_refused(shared: Wire, recipient, text: str):
    answer = trigger(shared, recipient)
    assert answer.status_code == 400
    assert text in answer.json()["message"]


def test_null_counts_as_absent_and_an_empty_list_as_none(wire: Wire):
    person = wire.reachable(1)[0]
    everything = {"user_alias": None, "braze_id": None, "email": None, "attributes": None}
    answer = trigger(
        wire,
        {"external_user_id": person, "trigger_properties": None, **everything},
        broadcast=None,
        audience=None,
        send_id=None,
    )
    assert answer.status_code == 201
    assert trigger(wire).json()["message"] == "No Recipients"
    assert len(log(wire)) == 1


def test_attributes_are_on_the_profile_before_the_message_is_sent(wire: Wire):
    person = wire.reachable(1)[0]
    track = {"external_id": person, "email_subscribe": "unsubscribed"}
    wire.post("/users/track", {"attributes": [track]})
    again = {"email_subscribe": "opted_in", "note": "back"}
    trigger(wire, {"external_user_id": person, "attributes": again})
    assert log(wire)[0]["fate"] in ("sent", "bounced")
    profile = wire.profiles([person], "custom_attributes")[person]
    assert profile["custom_attributes"]["note"] == "back"


def test_an_unknown_person_is_made_only_where_the_request_says_so(wire: Wire):
    mail = {"email": "new@person.invalid", "tier": "gold"}
    trigger(wire, {"external_user_id": "ghost", "attributes": mail})
    made = {"external_user_id": "new-one", "send_to_existing_only": False, "attributes": mail}
    trigger(wire, made)
    first, second = (m["fate"] for m in log(wire))
    assert first == "unknown_person"
    assert second in ("sent", "bounced")
    found = wire.profiles(["ghost", "new-one"], "custom_attributes")
    assert set(found) == {"new-one"}


def test_attributes_that_cannot_be_written_are_told_and_the_message_goes_out(wire: Wire):
    person = wire.reachable(1)[0]
    wrong = {"email_subscribe": "perhaps"}
    answer = trigger(wire, {"external_user_id": person, "attributes": wrong})
    assert answer.status_code == 201
    assert answer.json()["errors"][0].startswith("recipients[0].attributes: ")
    assert log(wire)[0]["fate"] in ("sent", "bounced")


def test_a_canvas_reads_context_and_the_older_name_and_context_wins(wire: Wire):
    people = wire.reachable(2)
    body = {
        "canvas_id": wire.canvas("moment"),
        "canvas_entry_properties": {"offer": "old", "n": 1},
        "recipients": [
            {"external_user_id": people[0], "canvas_entry_properties": {"offer": "own"}},
            {"external_user_id": people[1], "context": {"n": 2}, "canvas_entry_properties": {}},
        ],
    }
    wire.post(ENTER, body)
    wire.post(ENTER, {**body, "context": {"offer": "new"}})
    assert [m["properties"] for m in log(wire)] == [
        {"offer": "own", "n": 1},
        {"offer": "old", "n": 2},
        {"offer": "own"},
        {"offer": "new", "n": 2},
    ]


def test_targets_that_cannot_be_triggered_are_refused(shared: Wire):
    person = [{"external_user_id": "coffee-0000001"}]

    def told(path: str, **body: Any) -> str:
        return shared.post(path, {"recipients": person, **body}).json()["message"]

    unknown = "00000000-0000-4000-8000-000000000000"
    malformed = "campaign_id must be a string of the campaign api identifier"
    assert told(TRIGGER) == malformed
    assert told(TRIGGER, campaign_id=7) == malformed
    for wrong in (unknown, shared.campaign("api"), shared.campaign("newsletter")):
        assert told(TRIGGER, campaign_id=wrong) == "Invalid Campaign ID"
    malformed = "canvas_id must be a string of the Canvas api identifier"
    assert told(ENTER, canvas_id="x") == malformed
    assert told(ENTER, canvas_id=unknown) == "Invalid Canvas ID"
    campaign = shared.campaign("offer_email")
    assert told(TRIGGER, campaign_id=campaign, send_id="never made") == "Invalid send_id"
    both = "broadcast must be false when recipients are given"
    assert told(TRIGGER, campaign_id=campaign, broadcast=True) == both


def test_paused_and_archived_targets_say_so_and_send_nothing(wire: Wire):
    person = [{"external_user_id": wire.reachable(1)[0]}]
    paused = wire.post(ENTER, {"canvas_id": wire.canvas("paused_journey"), "recipients": person})
    old = wire.post(ENTER, {"canvas_id": wire.canvas("old_journey"), "recipients": person})
    text = wire.post(TRIGGER, {"campaign_id": wire.campaign("old_text"), "recipients": person})
    tail = "to ensure trigger requests will take effect."
    assert paused.json()["notice"] == f"The Canvas is paused. Resume the Canvas {tail}"
    assert old.json()["notice"] == f"The Canvas is archived. Unarchive the Canvas {tail}"
    assert text.json()["notice"] == f"The campaign is archived. Unarchive the campaign {tail}"
    assert {a.status_code for a in (paused, old, text)} == {201}
    assert [m["fate"] for m in log(wire)] == ["inactive"] * 3


def test_nobody_gets_a_campaign_again_before_they_are_eligible(wire: Wire):
    person = wire.reachable(1)
    for day in range(8):
        wire.trigger(person, campaign="once_a_week")
        wire.control("clock", advance_s=86_400)
        assert day >= 0
    fates = [m["fate"] for m in log(wire)]
    assert {fates[0], fates[7]} <= {"sent", "bounced"}
    assert fates[1:7] == ["not_reeligible"] * 6


def test_a_capped_campaign_is_withheld_from_people_who_had_a_message_today(wire: Wire):
    person = wire.reachable(1)
    wire.trigger(person)
    wire.trigger(person, campaign="once_a_week")
    assert log(wire)[1]["fate"] == "frequency_capped"


def test_braze_draws_the_variation_and_the_control_group_once_for_each_person(wire: Wire):
    people = wire.reachable(100)
    for start in (0, 50, 0, 50):
        wire.trigger(people[start : start + 50], campaign="two_subjects")
    fates = [m["fate"] for m in log(wire)]
    assert [f == "control_group" for f in fates[:100]] == [
        f == "control_group" for f in fates[100:]
    ]
    series = wire.get(
        "/campaigns/data_series", campaign_id=wire.campaign("two_subjects"), length=1
    ).json()["data"][0]["messages"]["email"]
    first, second, control = series
    assert control["variation_name"] == "Control Group"
    assert first["sent"] + second["sent"] == 200 - fates.count("control_group")
    assert 25 <= first["sent"] / 2 <= 65
    profiles = wire.profiles(people[:50], "campaigns_received")
    received = [c for p in profiles.values() for c in p["campaigns_received"]]
    drawn = [c for c in received if c["api_campaign_id"] == wire.campaign("two_subjects")]
    assert len(drawn) == 50
    assert {d["variation_name"] for d in drawn} == {"Variant 1", "Variant 2", "Control Group"}
    assert all(d["in_control"] == (d["variation_name"] == "Control Group") for d in drawn)
