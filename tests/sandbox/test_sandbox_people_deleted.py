"""Temporary test users come and go through the API; whoever is deleted is gone for good."""

from __future__ import annotations

import pytest
from sandbox_wire import Wire, serving
from test_sandbox_exports import fetch, start, users

PERSON = "coffee-0000007"
ONE = {"fields_to_export": ["external_id", "custom_attributes"]}


def delete(wire: Wire, **ids: object) -> int:
    answer = wire.post("/users/delete", ids)
    assert answer.status_code == 201, answer.text
    return answer.json()["deleted"]


def exists(wire: Wire, **ids: object) -> bool:
    return bool(wire.post("/users/export/ids", {**ids, **ONE}).json()["users"])


def test_a_test_user_is_made_written_to_and_deleted(wire: Wire):
    user = {"external_id": "test-1", "email": "t1@person.invalid", "tier": "gold"}
    wire.post("/users/track", {"attributes": [user]})
    assert wire.profiles(["test-1"], "email_subscribe")["test-1"]["email_subscribe"] == "subscribed"
    wire.trigger(["test-1"])
    assert wire.truth()["accepted"] == 1
    assert delete(wire, external_ids=["test-1"]) == 1
    assert not exists(wire, external_ids=["test-1"])
    assert not exists(wire, email_address="t1@person.invalid")
    wire.trigger(["test-1"])
    assert wire.truth()["fates"]["unknown_person"] == 1
    assert wire.truth()["accepted"] == 2


def test_a_deleted_person_made_again_starts_with_nothing(wire: Wire):
    before = wire.profiles([PERSON], "braze_id", "total_revenue")[PERSON]
    delete(wire, external_ids=[PERSON])
    wire.post("/users/track", {"attributes": [{"external_id": PERSON, "x": 1}]})
    after = wire.profiles([PERSON], "braze_id", "total_revenue", "custom_attributes")[PERSON]
    assert after["custom_attributes"] == {"x": 1}
    assert after["total_revenue"] == 0
    assert after["braze_id"] != before["braze_id"]
    assert not exists(wire, braze_id=before["braze_id"])


def test_deleted_counts_the_ids_given_unknown_ones_too(wire: Wire):
    assert delete(wire, external_ids=[PERSON, "ghost", PERSON]) == 3
    assert not exists(wire, external_ids=[PERSON])


@pytest.mark.parametrize(
    "ids",
    [
        {"user_aliases": [{"alias_name": "CANARY-ALIAS-0000007", "alias_label": "crm"}]},
        {
            "email_addresses": [
                {"email": "CANARY-MAIL-0000007@person.invalid", "prioritization": ["identified"]}
            ]
        },
        {"phone_numbers": [{"phone": "+999550000007", "prioritization": ["identified"]}]},
    ],
    ids=lambda ids: next(iter(ids)),
)
def test_people_are_deleted_by_every_identifier(shared_once: Wire, ids: dict):
    shared_once.post("/users/track", {"attributes": [{"external_id": "stays", "x": 1}]})
    with_braze_id = shared_once.profiles(["coffee-0000009"], "braze_id")
    if "user_aliases" in ids:
        delete(shared_once, braze_ids=[with_braze_id["coffee-0000009"]["braze_id"]])
        assert not exists(shared_once, external_ids=["coffee-0000009"])
    assert delete(shared_once, **ids) == 1
    assert not exists(shared_once, external_ids=[PERSON])
    assert exists(shared_once, external_ids=["stays"])


@pytest.fixture
def shared_once(wire: Wire) -> Wire:
    return wire


def test_where_several_people_still_match_none_is_deleted(wire: Wire):
    mail = "two@person.invalid"
    people = [{"external_id": name, "email": mail} for name in ("two-a", "two-b")]
    wire.post("/users/track", {"attributes": people})
    assert delete(wire, email_addresses=[{"email": mail, "prioritization": ["identified"]}]) == 1
    assert exists(wire, external_ids=["two-a"])
    latest = [{"email": mail, "prioritization": ["identified", "most_recently_updated"]}]
    delete(wire, email_addresses=latest)
    assert exists(wire, external_ids=["two-a"])
    assert not exists(wire, external_ids=["two-b"])


def test_wrong_deletions_are_refused_whole(shared: Wire):
    alias = {"alias_name": "CANARY-ALIAS-0000011", "alias_label": "crm"}
    item = {"email": "a@b.example", "prioritization": ["least_recently_updated"]}
    for body in (
        {},
        {"external_ids": []},
        {"external_ids": [PERSON], "user_aliases": [alias]},
        {"external_ids": [PERSON, None]},
        {"external_ids": {"a": 1}},
        {"external_ids": [str(i) for i in range(51)]},
        {"email_addresses": [{"email": "a@b.example"}]},
        {"email_addresses": [item]},
        {"braze_ids": [7]},
    ):
        assert shared.post("/users/delete", body).status_code == 400, body
    assert exists(shared, external_ids=[PERSON])


def test_counters_keep_what_deleted_people_did(wire: Wire):
    people = wire.reachable(5)
    wire.trigger(people)
    wire.control("clock", advance_s=3600)

    def sent() -> int:
        campaign = wire.campaign("offer_email")
        day = wire.get("/campaigns/data_series", campaign_id=campaign, length=1).json()["data"][0]
        return day["messages"]["email"][0]["sent"]

    def members() -> int:
        series = wire.get(
            "/segments/data_series", segment_id=wire.segment("everyone"), length=1
        ).json()
        return series["data"][0]["size"]

    before = sent(), members()
    delete(wire, external_ids=people)
    assert (sent(), members()) == (before[0], before[1] - 5)


def test_a_restart_remembers_who_was_made_and_who_is_gone(tmp_path):
    alias = {"alias_name": "a-1", "alias_label": "shop"}
    small = {"people": 100, "history_days": 2}
    with serving(tmp_path, **small) as wire:
        new = [{"external_id": f"new-{i}", "n": i} for i in range(20)]
        new.append({"user_alias": alias, "n": 20, "_update_existing_only": False})
        wire.post("/users/track", {"attributes": new})
        delete(wire, external_ids=["new-3", "coffee-0000004"])
        wire.post("/users/track", {"attributes": [{"external_id": "new-3", "n": "again"}]})
        wire.control("clock", advance_s=86_400)
        body = {"external_ids": [f"new-{i}" for i in range(20)] + ["coffee-0000004"]}
        body |= {"user_aliases": [alias]}
        body |= {"fields_to_export": ["external_id", "braze_id", "custom_attributes", "created_at"]}
        before = wire.post("/users/export/ids", body).json()
        kpi = wire.get("/kpi/new_users/data_series", length=5).json()
    with serving(tmp_path, **small) as again:
        assert again.post("/users/export/ids", body).json() == before
        assert again.get("/kpi/new_users/data_series", length=5).json() == kpi
    assert before["invalid_user_ids"] == ["coffee-0000004"]
    assert len(before["users"]) == 21


def test_a_test_user_enters_a_segment_by_the_attributes_it_is_given(wire: Wire):
    def members() -> set[str]:
        return {p["external_id"] for p in users(fetch(start(wire, "regulars").json()["url"]))}

    before = members()
    new = [{"external_id": f"test-{n}", "visits_30d": n} for n in (0, 30)]
    wire.post("/users/track", {"attributes": new})
    assert members() - before == {"test-30"}
