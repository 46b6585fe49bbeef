"""What users/track refuses, item by item and as a whole, with the texts the contract gives."""

from __future__ import annotations

import pytest
from sandbox_wire import Wire

PERSON = {"external_id": "coffee-0000007"}
TIME = "2026-03-01T10:00:00Z"
SOLD = {**PERSON, "product_id": "tea", "currency": "USD", "price": 2.25, "time": TIME}
EVENT = {**PERSON, "name": "seen", "time": TIME}
NEEDS_ID = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
TOKEN = {"app_id": "a", "token": "t"}

REFUSED = [
    ("attributes", {"x": 1}, NEEDS_ID),
    ("attributes", {"external_id": None, "email": None}, NEEDS_ID),
    ("attributes", {"external_id": "i" * 988}, "EXTERNAL_USER_ID_TOO_LARGE"),
    (
        "attributes",
        {"external_id": "blocked-dummy-user"},
        "provided external_id is blacklisted and disallowed",
    ),
    ("attributes", {"email": "nobody"}, "EMAIL_BAD_FORMAT"),
    ("attributes", {**PERSON, "email": "a@b"}, "EMAIL_BAD_FORMAT"),
    (
        "attributes",
        {**PERSON, "email_subscribe": "yes"},
        "'email_subscribe' must be one of 'subscribed', 'unsubscribed', 'opted_in'",
    ),
    ("attributes", {**PERSON, "email_subscribe": 1}, "BAD_EMAIL_SUBSCRIPTION_STATE"),
    ("attributes", {**PERSON, "push_subscribe": "yes"}, "BAD_PUSH_SUBSCRIPTION_STATE"),
    ("attributes", {**PERSON, "push_subscribe": ["yes"]}, "BAD_PUSH_SUBSCRIPTION_STATE"),
    (
        "attributes",
        {**PERSON, "email_open_tracking_disabled": "no"},
        "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO",
    ),
    ("attributes", {**PERSON, "current_location": {"longitude": 200}}, "BAD_LOCATION_UPDATE"),
    ("attributes", {**PERSON, "push_token_import": True}, "BAD_PUSH_TOKEN_IMPORT"),
    ("attributes", {**PERSON, "push_tokens": "t"}, "BAD_PUSH_TOKEN_VALUE"),
    ("attributes", {**PERSON, "push_tokens": [{"token": "t"}]}, "BAD_PUSH_TOKEN_APP_ID"),
    ("attributes", {**PERSON, "push_tokens": [{"app_id": "a"}]}, "BAD_PUSH_TOKEN_STRING"),
    ("attributes", {**PERSON, "push_tokens": [{**TOKEN, "device_id": "short"}]}, "BAD_DEVICE_ID"),
    ("attributes", {**PERSON, "subscription_groups": {}}, "BAD_SUBSCRIPTION_GROUP_ARRAY"),
    ("attributes", {**PERSON, "subscription_groups": ["g"]}, "BAD_SUBSCRIPTION_GROUP_HASH"),
    ("attributes", {**PERSON, "subscription_groups": [{}]}, "BAD_SUBSCRIPTION_GROUP_ID"),
    (
        "attributes",
        {**PERSON, "subscription_groups": [{"subscription_group_id": "g"}]},
        "BAD_SUBSCRIPTION_GROUP_STATE",
    ),
    ("events", {**EVENT, "name": ""}, "'name' is required"),
    ("events", {**EVENT, "time": "soon"}, "'time' is required"),
    ("events", {**EVENT, "time": 1}, "'time' is required"),
    ("events", {**EVENT, "properties": {"time": 1}}, "Invalid 'properties' field"),
    ("events", {**EVENT, "properties": {"$x": 1}}, "Invalid 'properties' field"),
    ("events", {**EVENT, "properties": {"x": "y" * 256}}, "Invalid 'properties' field"),
    ("events", {**EVENT, "properties": {"x": ["y"] * 40_000}}, "Invalid 'properties' field"),
    ("purchases", {**SOLD, "product_id": "p" * 256}, "'product_id' is required"),
    ("purchases", {**SOLD, "currency": None}, "'currency' is required"),
    ("purchases", {**SOLD, "price": "2"}, "'price' is required"),
    ("purchases", {**SOLD, "price": 1e300}, "'price' must be an amount of money"),
    ("purchases", {**SOLD, "quantity": 101}, "'quantity' must be an integer from 1 to 100"),
    ("purchases", {**SOLD, "properties": {"price": 1}}, "Invalid 'properties' field"),
]


def test_every_refused_item_is_named_with_its_array_its_place_and_its_reason(shared: Wire):
    for array, item, text in REFUSED:
        body = {"attributes": [PERSON], array: [item, {**SOLD, **EVENT}]}
        answer = shared.post("/users/track", body)
        assert answer.status_code == 201, (item, answer.text)
        wanted = [{"type": text, "input_array": array, "index": 0}]
        assert answer.json()["errors"] == wanted, item
        assert answer.json()[f"{array}_processed"] == 1


def test_where_nothing_is_usable_the_whole_request_is_refused_with_the_reasons(shared: Wire):
    answer = shared.post("/users/track", {"events": [7], "attributes": []})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Valid data must be provided in the 'attributes'")
    assert answer.json()["errors"][0]["input_array"] == "events"
    assert "errors" not in shared.post("/users/track", {}).json()


@pytest.mark.parametrize(
    ("model", "sizes", "status"),
    [
        ("current", (75, 0), 201),
        ("current", (40, 36), 400),
        ("legacy", (75, 75), 201),
        ("legacy", (76, 0), 400),
        ("monthly_active", (25, 25), 201),
        ("monthly_active", (51, 0), 400),
    ],
)
def test_how_many_objects_fit_in_a_request_depends_on_the_plan(
    shared: Wire, model: str, sizes: tuple[int, int], status: int
):
    shared.control("plan", track=model)
    body = {"attributes": [PERSON] * sizes[0], "events": [EVENT] * sizes[1]}
    answer = shared.post("/users/track", body)
    shared.control("plan", track="current")
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["message"] == "Max Input Length Exceeded"


def test_a_plan_that_cannot_be_read_changes_nothing(shared: Wire):
    before = shared.client.get("/_sandbox/plan").json()
    for body in ({"track": "huge"}, {"fields_required": 1}, {"control_group_share": 2}, {"x": 1}):
        assert shared.client.post("/_sandbox/plan", json=body).status_code == 400
    assert shared.client.get("/_sandbox/plan").json() == before
