"""Exports of people: asynchronous, sparse, and one at a time."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import httpx
import orjson
from sandbox_wire import Wire, serving

FIELDS = ["external_id", "created_at", "email_subscribe", "push_subscribe", "total_revenue"]


def start(wire: Wire, segment: str = "everyone", **more: object) -> httpx.Response:
    body = {"segment_id": wire.segment(segment), "fields_to_export": FIELDS, **more}
    return wire.post("/users/export/segment", body)


def fetch(url: str) -> bytes:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = httpx.get(url)
        if answer.status_code == 200:
            return answer.content
        assert answer.status_code == 403
        assert "<Code>AccessDenied</Code>" in answer.text
        time.sleep(0.02)
    raise AssertionError("the export never became ready")


def users(blob: bytes) -> list[dict]:
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        lines = [line for name in archive.namelist() for line in archive.read(name).splitlines()]
    return [orjson.loads(line) for line in lines]


def test_an_export_is_denied_until_it_is_ready_and_then_holds_everybody_once(wire: Wire):
    wire.control("exports", delay_s=0.5)
    answer = start(wire)
    assert answer.status_code == 201
    assert httpx.get(answer.json()["url"]).status_code == 403
    people = users(fetch(answer.json()["url"]))
    assert len({p["external_id"] for p in people}) == len(people) == 600


def test_only_one_export_of_a_segment_runs_at_a_time(wire: Wire):
    wire.control("exports", delay_s=0.5)
    url = start(wire).json()["url"]
    assert start(wire).status_code == 429
    assert start(wire, "regulars").status_code == 201
    fetch(url)
    assert start(wire).status_code == 201


def test_an_export_is_gone_after_four_hours(wire: Wire):
    url = start(wire).json()["url"]
    fetch(url)
    wire.control("clock", advance_s=4 * 3600 - 60)
    assert httpx.get(url).status_code == 200
    wire.control("clock", advance_s=120)
    assert httpx.get(url).status_code == 403


def test_a_large_segment_comes_in_several_files(tmp_path: Path):
    with serving(tmp_path, people=5_200, history_days=1) as large:
        blob = fetch(start(large).json()["url"])
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        sizes = sorted(len(archive.read(name).splitlines()) for name in archive.namelist())
    assert sizes == [200, 5_000]


def test_exported_objects_leave_out_what_is_empty(shared: Wire):
    people = users(fetch(start(shared, custom_attributes_to_export=["commute_km"]).json()["url"]))
    assert all(value is not None for p in people for value in p.values())
    assert any("custom_attributes" not in p for p in people)  # its only value is missing
    assert any("push_subscribe" not in p for p in people)


def test_only_the_fields_asked_for_come_back_and_no_personal_data_with_them(shared: Wire):
    blob = fetch(start(shared, custom_attributes_to_export=["tier", "visits_30d"]).json()["url"])
    found = {name for p in users(blob) for name in p}
    assert found <= {*FIELDS, "custom_attributes"}
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        assert all(b"CANARY" not in archive.read(name) for name in archive.namelist())


def test_whoever_asks_for_personal_data_gets_canaries(shared: Wire):
    people = shared.profiles(["coffee-0000003"], "email", "phone", "custom_attributes")
    found = people["coffee-0000003"]
    assert "CANARY" in found["email"]
    assert "CANARY" in found["custom_attributes"]["loyalty_card"]


def test_unknown_ids_are_named_and_are_no_error(shared: Wire):
    body = {"external_ids": ["coffee-0000001", "ghost"], "fields_to_export": ["external_id"]}
    answer = shared.post("/users/export/ids", body)
    assert answer.status_code == 201
    assert answer.json()["invalid_user_ids"] == ["ghost"]
    body["external_ids"] = ["coffee-0000001"]
    assert "invalid_user_ids" not in shared.post("/users/export/ids", body).json()


def test_more_than_fifty_ids_are_refused(shared: Wire):
    body = {"external_ids": [str(i) for i in range(51)], "fields_to_export": ["external_id"]}
    assert shared.post("/users/export/ids", body).status_code == 400


def test_counters_only_grow_and_revenue_with_them(wire: Wire):
    ids = [f"coffee-{i:07d}" for i in range(50)]

    def totals() -> dict[str, tuple[int, float]]:
        seen = wire.profiles(ids, "purchases", "total_revenue")
        return {
            i: (sum(x["count"] for x in p.get("purchases", [])), p["total_revenue"])
            for i, p in seen.items()
        }

    before = totals()
    wire.control("clock", advance_s=10 * 86_400)
    after = totals()
    assert any(after[i][0] > before[i][0] for i in ids)
    assert all(after[i][1] >= before[i][1] for i in ids)


def test_the_key_sent_to_an_export_address_is_noticed(wire: Wire):
    url = start(wire).json()["url"]
    fetch(url)
    assert wire.truth()["keys_sent_to_exports"] == 0
    httpx.get(url, headers={"Authorization": f"Bearer {wire.key}"})
    assert wire.truth()["keys_sent_to_exports"] == 1
