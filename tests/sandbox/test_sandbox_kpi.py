"""The KPI series agree with the people behind them, and outlive those who are deleted."""

from __future__ import annotations

from sandbox_wire import Wire
from test_sandbox_exports import fetch, users


def series(wire: Wire, name: str, length: int = 10, **query: object) -> dict[str, int]:
    answer = wire.get(f"/kpi/{name}/data_series", length=length, **query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["message"] == "success"
    return {day["time"]: day[name] for day in answer.json()["data"]}


def everybody(wire: Wire, *fields: str) -> list[dict]:
    ids = [f"coffee-{i:07d}" for i in range(612)]
    found: list[dict] = []
    for start in range(0, len(ids), 50):
        body = {"external_ids": ids[start : start + 50], "fields_to_export": list(fields)}
        found += wire.post("/users/export/ids", body).json()["users"]
    return found


def test_new_users_are_the_profiles_made_on_each_day(wire: Wire):
    wire.control("clock", advance_s=4 * 86_400)
    made = [person["created_at"][:10] for person in everybody(wire, "created_at")]
    counted = series(wire, "new_users", 100)
    assert len(counted) == 100
    assert list(counted) == sorted(counted)
    assert all(counted[day] == made.count(day) for day in counted)
    assert sum(counted.values()) > 0


def test_active_people_are_those_whose_profile_shows_a_session(wire: Wire):
    wire.control("clock", advance_s=9 * 3600)
    last = [app["last_used"] for p in everybody(wire, "apps") for app in p.get("apps", [])]
    today, month_ago = "2026-03-02", "2026-02-01"
    assert series(wire, "dau", 1) == {today: sum(at[:10] == today for at in last)}
    assert series(wire, "mau", 1) == {today: sum(at[:10] >= month_ago for at in last)}


def test_a_month_holds_at_least_its_busiest_day_and_past_days_do_not_change(wire: Wire):
    daily, monthly = series(wire, "dau"), series(wire, "mau")
    assert len(daily) == len(monthly) == 10
    past = [day for day in daily if day != "2026-03-02"]  # that day has just begun
    assert all(0 < daily[day] <= monthly[day] for day in past)
    wire.control("clock", advance_s=30 * 86_400)
    assert {day: series(wire, "dau", 40)[day] for day in past} == {d: daily[d] for d in past}
    assert {day: series(wire, "mau", 40)[day] for day in past} == {d: monthly[d] for d in past}


def test_some_people_remove_the_app_and_their_profiles_say_when(wire: Wire):
    wire.control("clock", advance_s=60 * 86_400)
    counted = series(wire, "uninstalls", 71)
    assert 0 < sum(counted.values()) < 200
    shown = [p["uninstalled_at"] for p in everybody(wire, "uninstalled_at") if p]
    assert shown
    recent = [at for at in shown if at[:10] in counted]
    assert len(recent) <= sum(counted.values())
    for person in everybody(wire, "uninstalled_at", "apps"):
        if "uninstalled_at" in person:
            assert person["uninstalled_at"] > person["apps"][0]["last_used"]


def test_deleting_people_leaves_the_past_as_it_was(wire: Wire):
    new = [{"external_id": f"test-{i}", "x": 1} for i in range(5)]
    wire.post("/users/track", {"attributes": new})
    before = {name: series(wire, name) for name in ("new_users", "dau", "mau", "uninstalls")}
    assert before["new_users"]["2026-03-02"] >= 5
    ids = [user["external_id"] for user in new] + [f"coffee-{i:07d}" for i in range(40)]
    wire.post("/users/delete", {"external_ids": ids})
    assert {name: series(wire, name) for name in before} == before


def test_a_series_ends_where_it_is_asked_to_and_knows_nothing_of_days_to_come(shared: Wire):
    ended = series(shared, "dau", 3, ending_at="2026-02-27T12:00:00-05:00")
    assert list(ended) == ["2026-02-25", "2026-02-26", "2026-02-27"]
    assert list(series(shared, "new_users", 3, ending_at="2026-03-03")) == [
        "2026-03-01",
        "2026-03-02",
    ]
    assert next(iter(series(shared, "dau", 100))) == "2026-02-20"  # the first watched day
    for length in (0, 101, "many", ""):
        assert shared.get("/kpi/dau/data_series", length=length).status_code == 400
    assert shared.get("/kpi/mau/data_series").status_code == 400


def test_the_global_control_group_is_exported_and_gets_nothing(wire: Wire):
    def members() -> list[dict]:
        wanted = ["external_id", "random_bucket", "email_subscribe", "push_tokens"]
        answer = wire.post("/users/export/global_control_group", {"fields_to_export": wanted})
        assert answer.status_code == 201
        return users(fetch(answer.json()["url"]))

    assert members() == []
    people = wire.reachable(100)
    wire.control("plan", control_group_share=0.3)
    held = members()
    assert {"external_id", "random_bucket"} == set(held[0])
    assert all(person["random_bucket"] < 3_000 for person in held)
    kept = {person["external_id"] for person in held} & set(people)
    assert 10 < len(kept) < 60
    for start in (0, 50):
        wire.trigger(people[start : start + 50])
    assert wire.truth()["fates"]["unreachable"] == len(kept)
