"""Keys, permissions, limits, faults: what a request meets before anybody handles it."""

from __future__ import annotations

import time

import httpx
import pytest
from sandbox_wire import Wire

RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def test_an_unknown_key_is_repeated_in_the_answer_and_the_rate_headers_are_empty(shared: Wire):
    answer = shared.get("/segments/list", key="wrong-key")
    assert answer.status_code == 401
    assert answer.json() == {"message": "Invalid API key: wrong-key"}
    assert [answer.headers[name] for name in RATE_HEADERS] == ["", "", ""]


def test_a_key_without_the_permission_is_refused_with_403(shared: Wire):
    key = shared.control("keys", without=["campaigns.trigger.send"])["key"]
    sent = shared.post("/campaigns/trigger/send", {}, key=key)
    assert sent.status_code == 403
    assert sent.json()["message"] == "You do not have permission to access this resource"
    assert shared.get("/segments/list", key=key).status_code == 200


def test_permission_is_checked_before_the_body_and_the_body_before_the_values(shared: Wire):
    with_permission = shared.client.post(
        "/users/track",
        content=b"{'single': quotes}",
        headers={
            "Authorization": f"Bearer {shared.key}",
            "Content-Type": "application/json",
        },
    )
    assert with_permission.status_code == 400
    assert set(with_permission.json()) == {"error"}
    plain = shared.client.post(
        "/users/track",
        content=b"{}",
        headers={"Authorization": f"Bearer {shared.key}", "Content-Type": "text/plain"},
    )
    assert plain.status_code == 415


@pytest.mark.parametrize(("method", "path"), [("GET", "/users/track"), ("GET", "/users/track/")])
def test_a_wrong_method_or_a_trailing_slash_is_no_such_path(shared: Wire, method: str, path: str):
    answer = shared.client.request(method, path, headers={"Authorization": f"Bearer {shared.key}"})
    assert answer.status_code == 404
    assert answer.json() == {"message": "Not Found"}


def test_every_answer_counts_down_a_window_that_ends_on_the_full_hour(shared: Wire):
    first, second = shared.get("/segments/list"), shared.get("/campaigns/list")
    left = [int(r.headers["x-ratelimit-remaining"]) for r in (first, second)]
    assert left[1] == left[0] - 1
    assert int(first.headers["x-ratelimit-limit"]) == 250_000
    assert int(first.headers["x-ratelimit-reset"]) % 3600 == 0


def test_a_used_up_bucket_answers_429_until_its_window_ends_even_on_a_frozen_clock(wire: Wire):
    wire.control("limits", family="track", allowance=2)
    body = {"events": [{"external_id": "coffee-0000001", "name": "x", "time": "2026-03-01"}]}
    while (refused := wire.post("/users/track", body)).status_code == 201:
        pass
    assert refused.status_code == 429
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert wire.get("/segments/list").status_code == 200  # other families go on
    deadline = time.monotonic() + 10
    while wire.post("/users/track", body).status_code == 429 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("kind", "status", "accepted"),
    [("429", 429, 0), ("500_before", 500, 0), ("html_before", 502, 0), ("500_after", 500, 1)],
)
def test_a_scripted_status_strikes_as_often_as_told(
    wire: Wire, kind: str, status: int, accepted: int
):
    wire.control("faults", faults=[{"path": "/campaigns/trigger/send", "kind": kind, "count": 1}])
    assert wire.trigger(wire.reachable(1)).status_code == status
    assert wire.truth()["accepted"] == accepted
    assert wire.trigger(wire.reachable(1)).status_code == 201


@pytest.mark.parametrize(
    ("kind", "accepted"), [("cut_before", 0), ("cut_after", 4), ("cut_body", 4), ("half", 2)]
)
def test_a_cut_line_leaves_what_was_accepted_in_the_truth_log(wire: Wire, kind: str, accepted: int):
    people = wire.reachable(4)
    wire.control("faults", faults=[{"path": "/campaigns/trigger/send", "kind": kind, "count": 1}])
    with pytest.raises(httpx.TransportError):
        wire.trigger(people)
    assert wire.truth()["accepted"] == accepted


def test_a_slow_body_outlasts_a_short_read_timeout_though_all_was_accepted(wire: Wire):
    people = wire.reachable(3)
    wire.control("faults", faults=[{"path": "*", "kind": "slow", "count": 1, "delay_s": 5}])
    wire.client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        wire.trigger(people)
    wire.client.timeout = httpx.Timeout(20)
    assert wire.truth()["accepted"] == 3


def test_faults_by_chance_are_the_same_for_the_same_seed(wire: Wire):
    def struck() -> list[int]:
        script = [{"path": "/segments/list", "kind": "500_before", "probability": 0.4, "seed": 7}]
        wire.control("faults", faults=script)
        return [wire.get("/segments/list").status_code for _ in range(20)]

    once = struck()
    assert once == struck()
    assert 500 in once
    assert 200 in once
