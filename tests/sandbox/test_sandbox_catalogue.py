"""Lists, details, series and templates of the workspace."""

from __future__ import annotations

from sandbox_wire import Wire


def test_details_say_what_a_campaign_is(shared: Wire):
    def details(name: str) -> dict:
        return shared.get("/campaigns/details", campaign_id=shared.campaign(name)).json()

    assert details("offer_email")["schedule_type"] == "api_triggered"
    assert details("offer_email")["enabled"] is True
    assert details("paused_email")["enabled"] is False
    kinds = [m.get("type") for m in details("with_control")["messages"].values()]
    assert kinds == [None, "control"]
    assert details("offer_push")["channels"] == ["ios_push"]
    mail = next(iter(details("offer_email")["messages"].values()))
    assert "api_trigger_properties.${subject}" in mail["subject"]
    assert "{{${set_user_to_unsubscribed_url}}}" in mail["body"]


def test_canvas_steps_read_their_properties_under_the_name_canvas_gives_them(shared: Wire):
    details = shared.get("/canvas/details", canvas_id=shared.canvas("moment")).json()
    body = next(iter(details["steps"][0]["messages"].values()))["body"]
    assert "canvas_entry_properties.${" in body
    assert "api_trigger_properties" not in body


def test_steps_follow_each_other_by_their_paths(shared: Wire):
    steps = shared.get("/canvas/details", canvas_id=shared.canvas("welcome")).json()["steps"]
    assert steps[0]["next_paths"][0]["next_step_id"] == steps[1]["id"]
    assert steps[1]["next_paths"] == []


def test_past_the_last_page_a_list_is_empty(shared: Wire):
    assert shared.get("/campaigns/list", page=0).json()["campaigns"]
    assert shared.get("/campaigns/list", page=1).json()["campaigns"] == []
    oldest = shared.get("/campaigns/list").json()["campaigns"]
    newest = shared.get("/campaigns/list", sort_direction="desc").json()["campaigns"]
    assert newest == oldest[::-1]


def test_a_series_may_be_a_hundred_days_of_a_campaign_and_fourteen_of_a_canvas(shared: Wire):
    campaign, canvas = shared.campaign("offer_email"), shared.canvas("moment")

    def status(path: str, **query: object) -> int:
        return shared.get(path, **query).status_code

    assert status("/campaigns/data_series", campaign_id=campaign, length=100) == 200
    assert status("/campaigns/data_series", campaign_id=campaign, length=101) == 400
    assert status("/canvas/data_series", canvas_id=canvas, length=14) == 200
    assert status("/canvas/data_series", canvas_id=canvas, length=15) == 400


def test_segment_sizes_exist_for_the_history_and_follow_the_people(shared: Wire):
    series = shared.get(
        "/segments/data_series", segment_id=shared.segment("regulars"), length=10
    ).json()["data"]
    assert len(series) == 10
    assert len({day["size"] for day in series}) > 1
    untracked = shared.segment("bakery_untracked")
    answer = shared.get("/segments/data_series", segment_id=untracked, length=10)
    assert answer.json()["data"] == []


def test_generated_and_written_descriptions_are_not_confused(shared: Wire):
    details = shared.get("/segments/details", segment_id=shared.segment("gold_city")).json()
    assert "tier is gold and" in details["description"]
    assert details["text_description"] == "Small group of the best customers."


def test_a_template_made_through_the_api_can_be_read_changed_and_found(wire: Wire):
    body = {"template_name": "Spring", "subject": "Hi", "body": "<p>Hi</p>", "tags": ["offers"]}
    made = wire.post("/templates/email/create", body)
    assert made.status_code == 201
    template = made.json()["email_template_id"]
    wire.control("clock", advance_s=60)
    wire.post("/templates/email/update", {"email_template_id": template, "subject": "Hello"})
    info = wire.get("/templates/email/info", email_template_id=template).json()
    assert (info["subject"], info["body"]) == ("Hello", "<p>Hi</p>")
    assert info["updated_at"] > info["created_at"]
    page = wire.get("/templates/email/list", limit=2, offset=6).json()
    assert [t["email_template_id"] for t in page["templates"]] == [template]
    assert page["count"] == 1
    assert wire.get("/templates/email/list", limit=1001).status_code == 400


def test_templates_are_refused_with_braze_texts(shared: Wire):
    body = {"template_name": "N", "subject": "S", "body": "B"}
    for change, text in (
        ({"template_name": ""}, "Template name is required"),
        ({"tags": "offers"}, "Tags must be an array"),
        ({"tags": ["never seen"]}, "Some tags could not be found"),
    ):
        answer = shared.post("/templates/email/create", {**body, **change})
        assert (answer.status_code, answer.json()["message"]) == (400, text)


def test_tracking_takes_what_is_usable_and_names_the_rest(wire: Wire):
    time = "2026-03-01T10:00:00Z"
    bought = {"product_id": "mug", "currency": "USD", "price": 9.5, "time": time, "quantity": 2}
    answer = wire.post(
        "/users/track",
        {
            "attributes": [{"external_id": "coffee-0000001", "note": "x"}, {"note": "nobody"}],
            "purchases": [{"external_id": "coffee-0000001", **bought}],
        },
    ).json()
    assert answer["attributes_processed"] == 1
    assert answer["purchases_processed"] == 1
    assert answer["errors"][0]["index"] == 1
    person = wire.profiles(["coffee-0000001"], "purchases", "custom_attributes")
    mug = next(p for p in person["coffee-0000001"]["purchases"] if p["name"] == "mug")
    assert mug["count"] == 2
    assert person["coffee-0000001"]["custom_attributes"]["note"] == "x"
    events = [{"external_id": "a", "name": "n", "time": time}] * 76
    refused = wire.post("/users/track", {"events": events})
    assert refused.json()["message"] == "Max Input Length Exceeded"
    nothing = wire.post("/users/track", {"attributes": [{"note": "nobody"}]})
    assert nothing.status_code == 400
    assert nothing.json()["errors"][0]["input_array"] == "attributes"


def test_tracking_an_unknown_person_makes_a_profile_unless_told_not_to(wire: Wire):
    wire.post("/users/track", {"attributes": [{"external_id": "new-one", "tier": "gold"}]})
    wire.post(
        "/users/track",
        {"attributes": [{"external_id": "ghost", "tier": "gold", "_update_existing_only": True}]},
    )
    found = wire.profiles(["new-one", "ghost"], "custom_attributes")
    assert set(found) == {"new-one"}
    assert found["new-one"]["custom_attributes"]["tier"] == "gold"
