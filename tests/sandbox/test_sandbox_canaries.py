"""Personal data gives itself away: each personal field of each profile holds a value to search."""

from __future__ import annotations

import orjson
from sandbox_wire import Wire

from services.sandbox.handling.canaries import CARD_ATTRIBUTE, TRACE
from services.sandbox.handling.export_objects import FIELDS

PERSONAL = (
    *("email", "phone", "first_name", "last_name", "dob", "home_city", "last_coordinates"),
    *("user_aliases", "devices", "push_tokens"),
)
SAFE = (
    *("external_id", "braze_id", "created_at", "country", "language", "time_zone"),
    *("random_bucket", "email_subscribe", "push_subscribe", "total_revenue", "apps"),
    *("custom_events", "purchases", "uninstalled_at", "attributed_source"),
)
PEOPLE = [f"coffee-{i:07d}" for i in range(50)]


def test_every_personal_field_of_everybody_can_be_recognised_anywhere(shared: Wire):
    for field in PERSONAL:
        for person in shared.profiles(PEOPLE, field).values():
            assert TRACE.search(orjson.dumps(person[field])), (field, person)
    for person in shared.profiles(PEOPLE, "custom_attributes").values():
        assert TRACE.search(person["custom_attributes"][CARD_ATTRIBUTE].encode())


def test_every_single_device_identifier_is_a_canary(shared: Wire):
    device = shared.profiles(PEOPLE[:1], "devices")[PEOPLE[0]]["devices"][0]
    plain = {"model", "os", "ad_tracking_enabled"}
    assert all(TRACE.search(v.encode()) for k, v in device.items() if k not in plain)


def test_fields_that_are_not_personal_hold_nothing_that_looks_like_it(shared: Wire):
    for person in shared.profiles(PEOPLE, *SAFE).values():
        assert not TRACE.search(orjson.dumps(person)), person


def test_every_documented_field_can_be_exported_and_unknown_ones_are_ignored(shared: Wire):
    people = shared.profiles(PEOPLE, *FIELDS, "tier", "nonsense")
    seen = {name for person in people.values() for name in person}
    rare = {"uninstalled_at", "campaigns_received", "canvases_received"}
    assert seen <= FIELDS
    assert seen >= FIELDS - rare


def test_absent_values_are_left_out_and_never_null(shared: Wire):
    people = shared.profiles(PEOPLE, *FIELDS).values()
    assert all(value is not None for person in people for value in person.values())
    assert any("gender" not in person for person in people)
    assert any("attributed_source" not in person for person in people)
    made = {"external_id": "plain", "user_aliases": [], "total_revenue": 0.0}
    shared.post("/users/track", {"attributes": [{"external_id": "plain"}]})
    found = shared.profiles(["plain"], *FIELDS)["plain"]
    for always in ("braze_id", "created_at", "random_bucket"):
        found.pop(always)
    assert found == made
