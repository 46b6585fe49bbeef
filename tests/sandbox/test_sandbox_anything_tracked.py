"""Whatever clients write into profiles, nothing breaks and exports keep their shape."""

from __future__ import annotations

import pytest
from braze_contract import Contract
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_wire import Wire

from services.sandbox.handling.export_objects import FIELDS
from services.sandbox.remembering.fields import PROFILE_FIELDS

PEOPLE = ("coffee-0000001", "made-1")
WORLDS_OWN = ("tier", "commute_km", "visits_30d", "has_app", "loyalty_card", "tenure_months")
CONTRACT = Contract()
EXPORT = CONTRACT.operation("POST", "/users/export/ids")
OPERATIONS = ("inc", "add", "remove", "$time", "longitude", "latitude", "app_id", "token")
STATES = ("opted_in", "unsubscribed", "gold", "SE", "2026-03-01T00:00:00Z", "1990-01-01")

simple = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(STATES),
)
names = st.one_of(
    st.sampled_from(sorted(PROFILE_FIELDS)), st.sampled_from(WORLDS_OWN), st.text(max_size=8)
)
values = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(OPERATIONS), names), inner, max_size=4),
    ),
    max_leaves=8,
)
identifiers = st.one_of(
    st.fixed_dictionaries({"external_id": st.one_of(st.sampled_from(PEOPLE), simple)}),
    st.fixed_dictionaries({"email": values}),
    st.fixed_dictionaries({"phone": values}),
    st.fixed_dictionaries(
        {
            "user_alias": st.fixed_dictionaries(
                {"alias_name": st.text(max_size=3), "alias_label": st.text(max_size=3)}
            ),
            "_update_existing_only": st.booleans(),
        }
    ),
    st.dictionaries(st.sampled_from(("braze_id", "user_alias", "external_id")), values, max_size=2),
)
items = st.builds(
    lambda rest, who: {**rest, **who}, st.dictionaries(names, values, max_size=5), identifiers
)
happenings = st.builds(
    lambda rest, who: {**rest, **who},
    st.dictionaries(
        st.sampled_from(
            ("name", "time", "product_id", "currency", "price", "quantity", "properties")
        ),
        st.one_of(values, st.sampled_from((*STATES, "USD", 2.5))),
        max_size=7,
    ),
    identifiers,
)


@pytest.fixture(scope="module")
def tireless(shared: Wire) -> Wire:
    """A sandbox that can be asked for whole profiles as often as one likes."""
    shared.control("limits", family="export_ids", allowance=1_000_000)
    return shared


@settings(max_examples=60, deadline=None)
@given(
    body=st.fixed_dictionaries(
        {},
        optional={
            "attributes": st.one_of(values, st.lists(items, max_size=4)),
            "events": st.one_of(values, st.lists(happenings, max_size=3)),
            "purchases": st.one_of(values, st.lists(happenings, max_size=3)),
        },
    )
)
def test_anything_can_be_tracked_and_every_profile_still_exports(tireless: Wire, body: dict):
    answer = tireless.post("/users/track", body)
    assert answer.status_code in (201, 400), answer.text
    sent = sum(len(v) for v in body.values() if isinstance(v, list))
    refused = len(answer.json().get("errors", []))
    if answer.status_code == 201:
        queued = sum(n for name, n in answer.json().items() if name.endswith("_processed"))
        assert queued + refused == sent
    export = {"external_ids": list(PEOPLE), "fields_to_export": sorted(FIELDS)}
    answer = tireless.post("/users/export/ids", export)
    assert CONTRACT.answer_problems(EXPORT, answer.status_code, answer.headers, answer.json()) == []
    assert all(v is not None for user in answer.json()["users"] for v in user.values())
