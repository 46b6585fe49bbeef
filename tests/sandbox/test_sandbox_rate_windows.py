"""Rate limits: one bucket a family, windows that end with the clock, headers on every answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_wire import Wire

from services.sandbox.routing.rate_limits import LIMITS, Buckets, Limit, family_of

ALLOWANCES = {  # of the API's documentation
    "shared": (250_000, 3600),
    "track": (3_000, 3),
    "export_ids": (250, 60),
    "export_ids_light": (40, 1),
    "delete": (20_000, 60),
    "broadcast": (250, 60),
    "campaign_series": (50_000, 60),
    "send_ids": (100, 86_400),
}
LIGHT, HEAVY = {"fields_to_export": ["email"]}, {"fields_to_export": ["campaigns_received"]}
TO_ONE = {"recipients": [{"external_user_id": "x"}]}


@pytest.mark.parametrize(
    ("path", "body", "family"),
    [
        ("/users/track", {}, "track"),
        ("/users/delete", {}, "delete"),
        ("/users/export/ids", LIGHT, "export_ids_light"),
        ("/users/export/ids", HEAVY, "export_ids"),
        ("/users/export/ids", {}, "export_ids"),  # the whole profile, so receipts too
        ("/users/export/segment", HEAVY, "shared"),
        ("/campaigns/data_series", None, "campaign_series"),
        ("/canvas/data_series", None, "shared"),
        ("/sends/id/create", {}, "send_ids"),
        ("/messages/send", {"external_user_ids": ["x"]}, "shared"),
        ("/messages/send", {"segment_id": "s", "external_user_ids": ["x"]}, "broadcast"),
        ("/messages/send", {"broadcast": True}, "broadcast"),
        ("/campaigns/trigger/send", TO_ONE, "shared"),
        ("/campaigns/trigger/send", {"audience": {"AND": []}}, "broadcast"),
        ("/canvas/trigger/send", {"broadcast": True}, "broadcast"),
        ("/canvas/trigger/send", TO_ONE, "shared"),
        ("/campaigns/trigger/schedule/create", {"broadcast": True}, "broadcast"),
        ("/kpi/dau/data_series", None, "shared"),
    ],
)
def test_every_request_counts_against_the_bucket_of_its_family(path, body, family):
    assert family_of(path, body) == family


def test_the_allowances_are_the_documented_ones():
    assert {n: (x.allowance, x.window_s) for n, x in LIMITS.items()} == ALLOWANCES


@given(
    st.integers(1, 5),
    st.sampled_from([1, 3, 60, 3600, 86_400]),
    st.lists(st.floats(0, 40_000), min_size=1, max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_no_window_lets_more_through_than_its_allowance(allowance, window_s, steps):
    buckets = Buckets({"shared": Limit(allowance, window_s)})
    now_s, passed = 1_772_000_000.0, {}
    for step in steps:
        now_s += step
        count = buckets.take("shared", now_s)
        assert count.reset_s % window_s == 0
        assert now_s < count.reset_s <= now_s + window_s
        assert 0 <= count.remaining <= allowance
        if not count.exceeded:
            passed[count.reset_s] = passed.get(count.reset_s, 0) + 1
        else:
            assert passed[count.reset_s] == allowance
    assert max(passed.values(), default=0) <= allowance


def headers(answer) -> tuple[int, int, int]:
    names = ("limit", "remaining", "reset")
    return tuple(int(answer.headers[f"x-ratelimit-{name}"]) for name in names)


def test_one_family_does_not_eat_of_another(wire: Wire):
    body = {"events": [{"external_id": "coffee-0000001", "name": "x", "time": "2026-03-01"}]}
    limit, before, _ = headers(wire.get("/segments/list"))
    assert limit == 250_000
    assert headers(wire.post("/users/track", body))[0] == 3_000
    assert headers(wire.get("/segments/list"))[1] == before - 1


def test_all_keys_of_the_workspace_share_its_buckets(wire: Wire):
    other = wire.control("keys", permissions=["segments.list"])["key"]
    left = [headers(wire.get("/segments/list", key=key))[1] for key in (wire.key, other, wire.key)]
    assert left == [left[0], left[0] - 1, left[0] - 2]


def test_a_refusal_without_permission_costs_nothing(wire: Wire):
    without = wire.control("keys", without=["segments.list"])["key"]
    first = headers(wire.get("/segments/list"))[1]
    denied = wire.get("/segments/list", key=without)
    assert denied.status_code == 403
    assert headers(denied)[1] == first
    assert headers(wire.get("/segments/list"))[1] == first - 1


def test_beyond_the_allowance_429_comes_before_the_body_is_read(wire: Wire):
    wire.control("limits", family="send_ids", allowance=0)
    wire.control("limits", family="track", allowance=1, window_s=86_400)
    wire.post("/users/track", {"events": []})
    refused = wire.client.post(
        "/users/track", content=b"{", headers={"Authorization": f"Bearer {wire.key}"}
    )
    assert refused.status_code == 429
    assert refused.json() == {"message": "Rate Limited"}
    assert headers(refused)[1] == 0
    assert headers(refused)[2] % 86_400 == 0


def test_windows_follow_the_virtual_clock(wire: Wire):
    wire.control("limits", family="shared", allowance=2)
    assert [wire.get("/segments/list").status_code for _ in range(3)] == [200, 200, 429]
    wire.control("clock", advance_s=3600)
    assert wire.get("/segments/list").status_code == 200


def test_bad_limits_are_refused(shared: Wire):
    for body in (
        {"family": "nothing"},
        {"family": "shared", "allowance": "many"},
        {"family": "shared", "window_s": 0},
        {"family": "shared", "allowance": -1},
    ):
        assert shared.client.post("/_sandbox/limits", json=body).status_code == 400
