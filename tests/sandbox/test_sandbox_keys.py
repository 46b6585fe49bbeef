"""REST API keys: what each may do, and from where."""

from __future__ import annotations

import pytest
from sandbox_wire import Wire, serving

from services.sandbox.routing.permissions import ALL, OF_THE_CONSOLE
from services.sandbox.routing.routes import OPERATIONS

DENIED = "You do not have permission to access this resource"


def answer_to(wire: Wire, operation, key: str):
    headers = {"Authorization": f"Bearer {key}"}
    return wire.client.request(operation.method, operation.path, json={}, headers=headers)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.path)
def test_each_path_opens_with_its_own_permission_and_with_no_other(shared: Wire, operation):
    only = shared.control("keys", permissions=[operation.permission])["key"]
    others = shared.control("keys", permissions=sorted(ALL - {operation.permission}))["key"]
    assert answer_to(shared, operation, only).status_code != 403
    refused = answer_to(shared, operation, others)
    assert refused.status_code == 403
    assert refused.json() == {"message": DENIED}


def test_a_key_can_lack_three_permissions_and_hold_two_too_many(shared: Wire):
    missing = ["users.track", "canvas.list", "segments.details"]
    excess = ["users.delete", "sends.id.create"]
    made = shared.control("keys", **{"without": missing, "with": excess})
    assert set(made["permissions"]) == (OF_THE_CONSOLE - set(missing)) | set(excess)


def test_the_console_starts_with_a_key_of_its_nineteen_permissions_and_no_more(shared: Wire):
    listed = {k["name"]: k for k in shared.client.get("/_sandbox/keys").json()["keys"]}
    assert set(listed["console"]["permissions"]) == OF_THE_CONSOLE
    assert len(OF_THE_CONSOLE) == 19
    assert set(listed["everything"]["permissions"]) == ALL
    assert (shared.home / "sandbox/console-key").read_text() == listed["console"]["key"]


def test_a_key_bound_to_addresses_opens_nothing_from_elsewhere(shared: Wire):
    wanted = ["segments.list"]
    away = shared.control("keys", permissions=wanted, addresses=["203.0.113.0/24"])["key"]
    refused = shared.get("/segments/list", key=away)
    assert refused.status_code == 403
    assert refused.json() == {"message": "Invalid whitelisted IPs"}
    here = shared.control("keys", permissions=wanted, addresses=["127.0.0.0/8", "::1"])["key"]
    assert shared.get("/segments/list", key=here).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"permissions": ["users.everything"]},
        {"permissions": "users.track"},
        {"addresses": ["next door"]},
    ],
)
def test_a_key_that_cannot_be_is_not_made(shared: Wire, body: dict):
    before = shared.client.get("/_sandbox/keys").json()
    assert shared.client.post("/_sandbox/keys", json=body).status_code == 400
    assert shared.client.get("/_sandbox/keys").json() == before


def test_keys_outlive_a_restart_with_what_they_may_do(tmp_path):
    with serving(tmp_path, history_days=1) as first:
        made = first.control("keys", permissions=["kpi.dau.data_series"], addresses=["127.0.0.1"])
    with serving(tmp_path, history_days=1) as second:
        kept = second.client.get("/_sandbox/keys").json()["keys"]
        assert {**made, "name": None} in kept
        assert second.key == first.key


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic abc", "{key}", 'Bearer "{key}"', "Token {key}"]
)
def test_anything_but_bearer_and_the_key_is_unauthorised(shared: Wire, header: str | None):
    headers = {} if header is None else {"Authorization": header.format(key=shared.key)}
    answer = shared.client.get("/segments/list", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["message"].startswith("Invalid API key: ")
    assert answer.headers["x-ratelimit-remaining"] == ""


def test_a_key_in_the_query_or_the_body_is_ignored(shared: Wire):
    assert shared.client.get(f"/segments/list?api_key={shared.key}").status_code == 401
    assert shared.client.post("/users/track", json={"api_key": shared.key}).status_code == 401
