"""What is let in of a profile: the agreed and nothing else, whatever Braze sends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.braze.profiles import ALLOWED_FIELDS, ProfileFilter, Tally, looks_personal
from services.braze.users import export_by_ids

CANARY = "canary-7f3a"
PROFILE = {
    "external_id": "cust-1",
    "braze_id": CANARY,
    "appboy_id": CANARY,
    "user_aliases": [{"alias_name": CANARY, "alias_label": CANARY}],
    "email": f"{CANARY}@example.com",
    "phone": "+4670" + CANARY,
    "first_name": CANARY,
    "last_name": CANARY,
    "dob": CANARY,
    "gender": CANARY,
    "home_city": CANARY,
    "last_coordinates": [CANARY, CANARY],
    "devices": [{"device_id": CANARY}],
    "push_tokens": [{"token": CANARY}],
    "apps": [{"name": CANARY}],
    "country": "SE",
    "total_revenue": 4.5,
    "custom_attributes": {
        "tier": "gold",
        "contact": f"{CANARY}@example.com",
        "mobile": "+46 70 123 45 67",
        "nested": {"x": CANARY},
        "list": [CANARY],
        "other": CANARY,
    },
    "custom_events": [
        {"name": "buy", "count": 2, "last": "2026-01-01T00:00:00Z", "props": CANARY},
        {"name": f"opened by {CANARY}@example.com", "count": 1},
    ],
    "campaigns_received": [
        {"api_campaign_id": "c", "name": CANARY, "engaged": {CANARY: True}, "in_control": False}
    ],
    "canvases_received": [{"api_canvas_id": "v", "steps_received": [{"name": CANARY}]}],
    "cards_clicked": [{"name": CANARY}],
}


def test_no_personal_value_gets_past_the_border():
    tally = Tally()
    let_in = ProfileFilter(
        sorted(ALLOWED_FIELDS), ["tier", "contact", "mobile", "nested", "list"], tally
    )
    kept = let_in(PROFILE)
    assert CANARY not in json.dumps(kept)
    assert kept["custom_attributes"] == {"tier": "gold"}
    assert tally.held_back == {"contact": 1, "mobile": 1, "nested": 1, "list": 1}
    assert [e["name"] for e in kept["custom_events"]] == ["buy"]
    assert (kept["external_id"], kept["country"], kept["total_revenue"]) == ("cust-1", "SE", 4.5)


def test_a_field_that_was_not_asked_for_is_dropped_though_it_is_harmless():
    assert ProfileFilter(["country"], [])(PROFILE) == {"external_id": "cust-1", "country": "SE"}


@pytest.mark.parametrize(
    "text",
    [
        "jo@example.com",
        "write to jo.doe@mail.example.org please",
        "+46701234567",
        "+1 (555) 010-9999",
        "555-010-9999",
        "070 123 45 67",
        "0701234567",
        "5550109999",
        "call +44 20 7946 0958 now",
    ],
)
def test_addresses_and_phone_numbers_are_recognised(text):
    assert looks_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "gold",
        "2026-03-04",
        "2026-03-04T09:15:22.417Z",
        "Europe/Stockholm",
        "1.2.3",
        "Fibre 1000",
        "12345678",
        "user @ home",
        "a@b",
        "3.14159265358979",
        "SKU-00123-45",
    ],
)
def test_ordinary_values_are_not_held_back(text):
    assert not looks_personal(text)


def test_customer_ids_that_are_addresses_are_counted():
    tally = Tally()
    let_in = ProfileFilter(["external_id"], [], tally)
    for given_id in ("jo@example.com", "5550109999", 77, None, ""):
        let_in({"external_id": given_id})
    assert (tally.n_people, tally.n_personal_ids, tally.n_without_id) == (3, 1, 2)


@given(
    st.dictionaries(
        st.sampled_from([*sorted(ALLOWED_FIELDS), "email", "custom_attributes"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["name", "count", "tier"]), inner, max_size=3)
            ),
            max_leaves=5,
        ),
    )
)
@settings(max_examples=80, deadline=None)
def test_values_of_any_kind_are_survived(profile):
    kept = ProfileFilter(sorted(ALLOWED_FIELDS), ["tier"])(profile)
    assert set(kept) <= {*ALLOWED_FIELDS, "custom_attributes"}
    for value in kept.get("custom_attributes", {}).values():
        assert isinstance(value, str | int | float | bool)


def test_people_are_read_by_id_fifty_at_a_time(line):
    line.says(201, {"message": "success", "users": [{"external_id": "0", "email": CANARY}]})
    line.says(201, {"message": "success", "users": [], "invalid_user_ids": ["55"]})
    found = export_by_ids(line.client(), [str(i) for i in range(56)], ["country"])
    assert found.users == [{"external_id": "0"}]
    assert found.unknown == ["55"]
    assert [len(line.body(n)["external_ids"]) for n in (0, 1)] == [50, 6]
    assert line.body(0)["fields_to_export"] == ["external_id", "country"]
