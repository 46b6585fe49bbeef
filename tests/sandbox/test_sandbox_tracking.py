"""What users/track does to a profile, value by value."""

from __future__ import annotations

import pytest
from sandbox_wire import Wire, serving

PERSON = "coffee-0000007"
TIME = "2026-03-01T10:00:00Z"


def write(wire: Wire, **values: object) -> None:
    answer = wire.post("/users/track", {"attributes": [{"external_id": PERSON, **values}]})
    assert answer.status_code == 201, answer.text
    assert "errors" not in answer.json()


def attributes(wire: Wire) -> dict:
    return wire.profiles([PERSON], "custom_attributes")[PERSON]["custom_attributes"]


def profile(wire: Wire, *fields: str) -> dict:
    person = wire.profiles([PERSON], *fields)[PERSON]
    del person["external_id"]
    return person


def test_custom_attributes_of_every_type_come_back_as_they_were_given(wire: Wire):
    values = {
        "s": "text",
        "b": False,
        "i": -7,
        "f": 2.5,
        "t": "2026-03-01T00:00:00.000Z",
        "a": ["x", "y"],
        "o": {"street": {"name": "High"}, "n": 1},
        "l": [{"n": 1}, {"n": 2}],
    }
    write(wire, **values)
    assert attributes(wire).items() >= values.items()
    write(wire, s=None, o=None, tier=None)
    assert {"s", "o", "tier"} & set(attributes(wire)) == set()


def test_a_value_of_another_type_replaces_what_the_world_had(wire: Wire):
    def gold() -> int:
        segment = {"segment_id": wire.segment("gold_city"), "length": 1}
        return wire.get("/segments/data_series", **segment).json()["data"][0]["size"]

    write(wire, tier="gold", home_store_type="city", commute_km="far", visits_30d=1.5)
    assert attributes(wire).items() >= {"tier": "gold", "commute_km": "far"}.items()
    before = gold()
    write(wire, tier=["no", "tier"])
    assert (attributes(wire)["tier"], gold()) == (["no", "tier"], before - 1)
    write(wire, tier="gold")
    assert (attributes(wire)["tier"], gold()) == ("gold", before)


def test_integers_are_counted_up_and_nothing_else_is(wire: Wire):
    write(wire, n=5, word="a")
    write(wire, n={"inc": 3}, fresh={"inc": 2}, word={"inc": 1})
    write(wire, n={"inc": -10}, fresh={"inc": 0.5})
    found = attributes(wire)
    assert (found["n"], found["fresh"], found["word"]) == (-2, 2, "a")


def test_lists_hold_each_value_once_and_the_latest_last(wire: Wire):
    write(wire, brands=["a", "b", "a", "c"])
    assert attributes(wire)["brands"] == ["b", "a", "c"]
    write(wire, brands={"add": ["b", "d"]})
    assert attributes(wire)["brands"] == ["a", "c", "b", "d"]
    write(wire, brands={"remove": ["c", "nobody's"]})
    assert attributes(wire)["brands"] == ["a", "b", "d"]
    write(wire, brands={"add": [str(i) for i in range(30)]})
    assert attributes(wire)["brands"] == [str(i) for i in range(5, 30)]


def test_one_bad_value_inside_drops_the_whole_nested_update(wire: Wire):
    write(wire, address={"city": "X", "since": {"$time": TIME}})
    assert attributes(wire)["address"] == {"city": "X", "since": TIME}
    write(wire, address={"city": "Y", "since": {"$time": "soon"}})
    write(wire, address={"city": "Z", "zip": None})
    assert attributes(wire)["address"]["city"] == "X"
    write(wire, address={"zip": "1"}, _merge_objects=True)
    assert attributes(wire)["address"] == {"city": "X", "since": TIME, "zip": "1"}
    write(wire, address={"zip": "2"})
    assert attributes(wire)["address"] == {"zip": "2"}


def test_profile_fields_are_taken_corrected_or_dropped(wire: Wire):
    fields = ("country", "language", "time_zone", "dob", "gender", "home_city", "last_coordinates")
    write(
        wire,
        country="sweden",
        language="SV",
        time_zone="Europe/Stockholm",
        dob="1990-02-28",
        gender="O",
        home_city="Place",
        current_location={"longitude": 18.1, "latitude": 59},
    )
    wanted = {"country": "SE", "language": "sv", "time_zone": "Europe/Stockholm"}
    wanted |= {"dob": "1990-02-28", "gender": "O", "home_city": "Place"}
    wanted["last_coordinates"] = [18.1, 59.0]
    assert profile(wire, *fields) == wanted
    write(wire, language="klingon", time_zone="Mars/Base", dob="1990-02-31", gender="X")
    assert profile(wire, *fields) == wanted
    write(wire, country="Atlantis", gender=None, home_city=None)
    left = {k: v for k, v in wanted.items() if k not in ("country", "gender", "home_city")}
    assert profile(wire, *fields) == left


def test_names_in_capitals_are_custom_attributes(wire: Wire):
    write(wire, Email="x@person.invalid")
    assert attributes(wire)["Email"] == "x@person.invalid"


def test_consent_follows_what_was_written(wire: Wire):
    person = wire.reachable(1)[0]
    wire.post(
        "/users/track", {"attributes": [{"external_id": person, "email_subscribe": "unsubscribed"}]}
    )
    wire.trigger([person])
    assert wire.truth()["fates"]["unreachable"] == 1


def test_push_tokens_and_their_devices_are_kept(wire: Wire):
    token = {"app_id": "app-1", "token": "abc", "device_id": "device-0001"}
    new = {"external_id": "new", "push_tokens": [token]}
    wire.post("/users/track", {"attributes": [new]})
    held = wire.profiles(["new"], "push_tokens", "push_subscribe")["new"]
    assert held["push_tokens"][0].items() >= {"token": "abc", "device_id": "device-0001"}.items()
    assert held["push_subscribe"] == "subscribed"
    found = wire.post(
        "/users/export/ids", {"device_id": "device-0001", "fields_to_export": ["external_id"]}
    )
    assert found.json()["users"] == [{"external_id": "new"}]


def test_events_and_purchases_of_any_name_are_counted_with_first_and_last(wire: Wire):
    def at(day: int) -> str:
        return f"2026-02-{day:02d}T10:00:00-5:00"

    events = [{"external_id": PERSON, "name": "own", "time": at(d)} for d in (3, 1, 2)]
    sold = {"product_id": "pot", "currency": "USD", "price": 2.25, "quantity": 3, "time": at(4)}
    before = profile(wire, "total_revenue")["total_revenue"]
    body = {"events": events, "purchases": [{"external_id": PERSON, **sold, "app_id": None}]}
    answer = wire.post("/users/track", body).json()
    assert (answer["events_processed"], answer["purchases_processed"]) == (3, 1)
    found = profile(wire, "custom_events", "purchases", "total_revenue")
    own = next(e for e in found["custom_events"] if e["name"] == "own")
    assert own["count"] == 3
    assert (own["first"], own["last"]) == ("2026-02-01T15:00:00.000Z", "2026-02-03T15:00:00.000Z")
    pot = next(p for p in found["purchases"] if p["name"] == "pot")
    assert (pot["count"], pot["first"]) == (3, "2026-02-04T15:00:00.000Z")
    assert found["total_revenue"] == pytest.approx(before + 6.75)


def test_a_time_to_come_becomes_now_and_one_long_ago_is_counted_but_not_shown(wire: Wire):
    times = {"later": "2030-01-01T00:00:00Z", "old": "2020-01-01T00:00:00Z"}
    events = [{"external_id": PERSON, "name": n, "time": t} for n, t in times.items()]
    wire.post("/users/track", {"events": events})
    shown = {e["name"]: e for e in profile(wire, "custom_events")["custom_events"]}
    assert shown["later"]["last"] == "2026-03-02T00:00:00.000Z"
    assert "old" not in shown


def test_writes_can_be_made_to_take_their_time_and_survive_a_restart_meanwhile(tmp_path):
    small = {"people": 50, "history_days": 1}
    with serving(tmp_path, **small) as wire:
        wire.control("plan", write_delay_s=300)
        for n in (1, 2):
            wire.post("/users/track", {"attributes": [{"external_id": "slow", "n": n}]})
        assert wire.profiles(["slow"], "custom_attributes") == {}
        wire.control("clock", advance_s=200)
    with serving(tmp_path, **small) as again:
        assert again.profiles(["slow"], "custom_attributes") == {}
        again.control("clock", advance_s=100)
        assert again.profiles(["slow"], "custom_attributes")["slow"]["custom_attributes"] == {
            "n": 2
        }
        created = again.profiles(["slow"], "created_at")["slow"]["created_at"]
        assert created == "2026-03-02T00:05:00.000Z"


def test_more_people_than_the_world_has_spare_rows_for_still_get_profiles(tmp_path):
    with serving(tmp_path, people=20, history_days=1) as wire:
        for start in range(0, 2_250, 75):
            new = [{"external_id": f"n{i}", "i": i} for i in range(start, start + 75)]
            assert wire.post("/users/track", {"attributes": new}).status_code == 201
        wire.trigger(["n2249"])
        last = wire.profiles(["n0", "n2100", "n2249"], "custom_attributes", "total_revenue")
        wire.control("clock", advance_s=86_400)
        assert wire.profiles(["coffee-0000001"], "external_id")
    assert [p["custom_attributes"]["i"] for p in last.values()] == [0, 2100, 2249]
