"""Sends: who gets a message, what is refused, what the truth log says."""

from __future__ import annotations

from sandbox_wire import Wire


def test_an_accepted_batch_is_in_the_outbox_as_it_was_asked_for(wire: Wire):
    person = wire.reachable(1)[0]
    answer = wire.trigger([person], {"offer": "Double points today", "n": 3})
    assert answer.status_code == 201
    assert answer.json()["message"] == "success"
    page = wire.client.get("/_sandbox/outbox").json()
    assert page["total"] == 1
    sent = page["messages"][0]
    assert sent["external_id"] == person
    assert sent["properties"] == {"offer": "Double points today", "n": 3}
    assert sent["at"] == "2026-03-02T00:00:00+00:00"
    assert sent["dispatch_id"] == answer.json()["dispatch_id"]


def test_nothing_is_sent_to_somebody_who_does_not_exist_but_the_answer_is_success(wire: Wire):
    answer = wire.trigger(["nobody-of-that-name"])
    assert answer.status_code == 201
    assert wire.truth()["fates"]["unknown_person"] == 1
    assert wire.truth()["fates"]["sent"] == 0


def test_people_who_unsubscribed_get_nothing_and_the_answer_is_success(wire: Wire):
    person = wire.reachable(1)[0]
    wire.post(
        "/users/track",
        {"attributes": [{"external_id": person, "email_subscribe": "unsubscribed"}]},
    )
    assert wire.trigger([person]).status_code == 201
    assert wire.truth()["fates"]["unreachable"] == 1
    assert "campaigns_received" not in wire.profiles([person], "campaigns_received")[person]


def test_a_person_named_twice_in_a_request_gets_one_message(wire: Wire):
    person = wire.reachable(1)[0]
    wire.trigger([person, person])
    fates = wire.truth()["fates"]
    assert (fates["sent"] + fates["bounced"], fates["repeated_in_request"]) == (1, 1)


def test_two_messages_on_one_day_are_counted_as_a_duplicate_and_on_two_days_are_not(wire: Wire):
    twice, once_a_day = wire.reachable(2)
    wire.trigger([twice, once_a_day])
    wire.trigger([twice])
    wire.control("clock", advance_s=86_400)
    wire.trigger([once_a_day])
    assert wire.truth()["duplicates"] == 1
    found = wire.control("truth/duplicates")["people"]
    assert found == [{"external_id": twice, "day": "2026-03-02", "messages": 2}]


def test_a_paused_campaign_answers_success_with_a_notice_and_sends_nothing(wire: Wire):
    answer = wire.trigger(wire.reachable(2), campaign="paused_email")
    assert answer.status_code == 201
    assert answer.json()["notice"].startswith("The campaign is paused.")
    assert wire.truth()["fates"]["inactive"] == 2


def test_a_campaign_with_a_control_group_keeps_some_people_back(wire: Wire):
    for start in range(0, 200, 50):
        wire.trigger(wire.reachable(200)[start : start + 50], campaign="with_control")
    held = wire.truth()["fates"]["control_group"]
    assert 5 <= held <= 40
    series = wire.get(
        "/campaigns/data_series", campaign_id=wire.campaign("with_control"), length=1
    ).json()["data"][0]["messages"]["email"]
    control = next(entry for entry in series if entry["variation_name"] == "Control Group")
    assert control["enrolled"] == held
    assert "sent" not in control


def test_more_than_fifty_recipients_are_refused(shared: Wire):
    answer = shared.trigger([f"coffee-{i:07d}" for i in range(51)])
    assert answer.status_code == 400
    assert "max number" in answer.json()["message"]


def test_recipients_inherit_request_properties_key_by_key(wire: Wire):
    person = wire.reachable(1)[0]
    wire.post(
        "/campaigns/trigger/send",
        {
            "campaign_id": wire.campaign("offer_email"),
            "trigger_properties": {"a": 1, "b": 1},
            "recipients": [{"external_user_id": person, "trigger_properties": {"b": 2}}],
        },
    )
    sent = wire.client.get("/_sandbox/outbox").json()["messages"][0]
    assert sent["properties"] == {"a": 1, "b": 2}


def test_sends_that_make_no_sense_are_refused_with_braze_texts(shared: Wire):
    trigger, email = "/campaigns/trigger/send", shared.campaign("offer_email")
    api = shared.campaign("api")
    wrong = [
        ({"campaign_id": "x"}, "campaign_id must be a string of the campaign api identifier"),
        ({"campaign_id": api, "recipients": [{"external_user_id": "a"}]}, "Invalid Campaign ID"),
        ({"campaign_id": email}, "No Recipients"),
    ]
    for body, text in wrong:
        assert shared.post(trigger, body).json()["message"] == text
    messages = {"email": {"app_id": "a", "from": "A <a@b.example>", "body": "x"}}
    body = {"external_user_ids": ["coffee-0000001"], "messages": messages, "campaign_id": api}
    assert shared.post("/messages/send", body).json()["message"] == "Message Variant Unspecified"
    messages["email"]["message_variation_id"] = shared.world["all_campaigns"][0]["variations"][0][
        "id"
    ]
    assert shared.post("/messages/send", body).json()["message"] == "Invalid Message Variant"


def test_an_api_campaign_is_sent_with_messages_send_and_counted_for_its_variation(wire: Wire):
    api = next(c for c in wire.world["all_campaigns"] if c["key"] == "api")
    variation = next(v["id"] for v in api["variations"] if v["channel"] == "email")
    people = wire.reachable(5)
    mail = {"app_id": "a", "from": "A <a@b.example>", "body": "x"}
    body = {
        "external_user_ids": people,
        "campaign_id": api["id"],
        "messages": {"email": {**mail, "message_variation_id": variation}},
    }
    assert wire.post("/messages/send", body).status_code == 201
    day = wire.get("/campaigns/data_series", campaign_id=api["id"], length=1).json()["data"][0]
    entry = next(e for e in day["messages"]["email"] if e["variation_api_id"] == variation)
    assert entry["sent"] == 5


def test_a_canvas_sends_its_later_step_days_after_the_entry(wire: Wire):
    canvas, people = wire.canvas("welcome"), wire.reachable(10)
    body = {
        "canvas_id": canvas,
        "recipients": [{"external_user_id": p, "context": {"offer": "Hello"}} for p in people],
    }
    assert wire.post("/canvas/trigger/send", body).status_code == 201

    def sent() -> list[int]:
        stats = wire.get(
            "/canvas/data_series",
            canvas_id=canvas,
            length=14,
            ending_at=wire.client.get("/_sandbox/clock").json()["now"],
            include_step_breakdown="true",
        ).json()["data"]["stats"]
        steps = [list(day["step_stats"].values()) for day in stats]
        return [sum(day[i]["messages"]["email"][0]["sent"] for day in steps) for i in (0, 1)]

    assert sent() == [10, 0]
    wire.control("clock", advance_s=3 * 86_400 + 1)
    assert sent()[0] == 10
    assert 8 <= sent()[1] <= 10  # somebody may have unsubscribed meanwhile
    received = wire.profiles(people, "canvases_received")[people[0]]["canvases_received"][0]
    assert received["steps_received"][0]["name"] == "Hello"
