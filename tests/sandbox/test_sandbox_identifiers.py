"""Every identifier leads to the same person, and none to the wrong one."""

from __future__ import annotations

import pytest
from sandbox_wire import Wire

from services.sandbox.remembering.directory import Directory
from services.sandbox.remembering.identifiers import Outcome, resolve
from services.sandbox.world.people import populate
from services.sandbox.world.worlds import WORLDS

PERSON = "coffee-0000007"
EVERY = ["external_id", "braze_id", "user_aliases", "email", "phone", "devices"]
NOW_S = 1_772_409_600.0


def found(wire: Wire, **ids: object) -> list[str | None]:
    """External ids of the profiles some identifiers lead to."""
    answer = wire.post("/users/export/ids", {**ids, "fields_to_export": ["external_id"]})
    assert answer.status_code == 201, answer.text
    return [user.get("external_id") for user in answer.json()["users"]]


def write(wire: Wire, *attributes: dict) -> dict:
    answer = wire.post("/users/track", {"attributes": list(attributes)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_person_is_found_by_every_identifier_the_profile_shows(shared: Wire):
    person = shared.profiles([PERSON], *EVERY)[PERSON]
    assert found(shared, braze_id=person["braze_id"]) == [PERSON]
    assert found(shared, user_aliases=person["user_aliases"]) == [PERSON]
    assert found(shared, email_address=person["email"].lower()) == [PERSON]
    assert found(shared, phone=person["phone"]) == [PERSON]
    assert found(shared, device_id=person["devices"][0]["device_id"]) == [PERSON]


def test_kinds_of_identifiers_may_be_mixed_and_each_profile_comes_once(shared: Wire):
    person = shared.profiles([PERSON], *EVERY)[PERSON]
    other = "coffee-0000008"
    ids = {"external_ids": [PERSON, other], "braze_id": person["braze_id"]}
    assert found(shared, **ids, phone=person["phone"]) == [PERSON, other]


def test_identifiers_nobody_has_find_nobody(shared: Wire):
    alias = {"alias_name": "CANARY-ALIAS-9999999", "alias_label": "crm"}
    strange = {"alias_name": "CANARY-ALIAS-0000007", "alias_label": "other"}
    assert found(shared, user_aliases=[alias, strange]) == []
    assert found(shared, email_address="CANARY-MAIL-7@person.invalid") == []
    assert found(shared, braze_id="0" * 24) == []
    assert found(shared, device_id="CANARY-DEVICE-9999999") == []


def test_somebody_who_has_not_joined_yet_has_no_identifier_at_all(wire: Wire):
    joiner = "coffee-0000605"
    assert found(wire, external_ids=[joiner], phone="+999550000605") == []
    wire.control("clock", advance_s=120 * 86_400)
    assert found(wire, external_ids=[joiner]) == [joiner]
    assert found(wire, phone="+999550000605") == [joiner]


def test_who_is_written_before_joining_is_made_by_that_write(wire: Wire):
    joiner = "coffee-0000605"
    write(wire, {"external_id": joiner, "note": "early"})
    person = wire.profiles([joiner], "email", "country", "custom_attributes", "created_at")[joiner]
    assert person.pop("created_at").startswith("2026-03-02T00:00:00")
    assert person == {"external_id": joiner, "custom_attributes": {"note": "early"}}


def test_an_unknown_alias_is_ignored_unless_creating_is_asked_for(wire: Wire):
    alias = {"alias_name": "a-1", "alias_label": "shop"}
    assert write(wire, {"user_alias": alias, "x": 1})["attributes_processed"] == 1
    assert found(wire, user_aliases=[alias]) == []
    write(wire, {"user_alias": alias, "x": 1, "_update_existing_only": False})
    assert found(wire, user_aliases=[alias]) == [None]
    write(wire, {"user_alias": alias, "x": 2})
    body = {"user_aliases": [alias], "fields_to_export": ["user_aliases", "custom_attributes"]}
    only = wire.post("/users/export/ids", body).json()["users"]
    assert only == [{"user_aliases": [alias], "custom_attributes": {"x": 2}}]


def test_an_address_alone_makes_a_profile_without_alias_and_finds_it_again(wire: Wire):
    write(wire, {"email": "new@person.invalid", "x": 1})
    write(wire, {"email": "New@person.invalid", "y": 2})
    write(wire, {"phone": "+15550100", "x": 3})
    write(wire, {"phone": "+15550101", "x": 3, "_update_existing_only": True})
    body = {"email_address": "new@person.invalid", "phone": "+15550100"}
    fields = ["external_id", "email", "phone", "user_aliases", "custom_attributes"]
    users = wire.post("/users/export/ids", {**body, "fields_to_export": fields}).json()["users"]
    assert users == [
        {"email": "new@person.invalid", "user_aliases": [], "custom_attributes": {"x": 1, "y": 2}},
        {"phone": "+15550100", "user_aliases": [], "custom_attributes": {"x": 3}},
    ]
    assert found(wire, phone="+15550101") == []


def test_an_unknown_external_id_makes_a_second_profile_with_the_same_address(wire: Wire):
    write(wire, {"email": "twin@person.invalid"})
    write(wire, {"external_id": "twin-2", "email": "twin@person.invalid"})
    write(wire, {"external_id": "twin-3", "email": "twin@person.invalid"})
    assert found(wire, email_address="twin@person.invalid") == [None, "twin-2", "twin-3"]
    # a lookup by the address: identified people first, then the one updated last
    write(wire, {"external_id": "twin-2", "x": 0})
    body = {"email_address": "twin@person.invalid", "fields_to_export": ["braze_id"]}
    nameless = wire.post("/users/export/ids", body).json()["users"][0]["braze_id"]
    write(wire, {"braze_id": nameless, "latest": True})
    write(wire, {"email": "twin@person.invalid", "chosen": True})
    people = wire.profiles(["twin-2", "twin-3"], "custom_attributes")
    assert people["twin-2"]["custom_attributes"] == {"x": 0, "chosen": True}
    assert "custom_attributes" not in people["twin-3"]


def test_a_changed_address_leads_to_its_new_owner_only(wire: Wire):
    write(wire, {"external_id": PERSON, "email": "moved@person.invalid", "phone": None})
    assert found(wire, email_address="moved@person.invalid") == [PERSON]
    assert found(wire, email_address="CANARY-MAIL-0000007@person.invalid") == []
    assert found(wire, phone="+999550000007") == []
    assert "phone" not in wire.profiles([PERSON], "phone")[PERSON]


def test_two_primary_identifiers_in_one_object_are_refused(shared: Wire):
    alias = {"alias_name": "b", "alias_label": "shop"}
    answer = shared.post(
        "/users/track", {"attributes": [{"external_id": "x", "user_alias": alias}]}
    )
    assert answer.status_code == 400
    assert "only one of" in answer.json()["errors"][0]["type"]


def test_numbers_are_ids_and_come_back_as_strings(wire: Wire):
    write(wire, {"external_id": 4711, "x": 1})
    assert found(wire, external_ids=[4711]) == ["4711"]


def test_wrong_shapes_of_ids_are_refused_and_break_nothing(shared: Wire):
    fields = {"fields_to_export": ["external_id"]}
    for ids in (
        {},
        {"external_ids": []},
        {"external_ids": "coffee-0000001"},
        {"external_ids": [None]},
        {"external_ids": [["a"]]},
        {"user_aliases": [{"alias_name": "a"}]},
        {"braze_id": 7},
        {"email_address": ["a@b.example"]},
    ):
        assert shared.post("/users/export/ids", {**ids, **fields}).status_code == 400, ids


def test_a_new_customer_must_name_fields_and_an_older_one_gets_the_whole_profile(wire: Wire):
    wire.control("plan", fields_required=True)
    assert wire.post("/users/export/ids", {"external_ids": [PERSON]}).status_code == 400
    wire.control("plan", fields_required=False)
    answer = wire.post("/users/export/ids", {"external_ids": [PERSON]}).json()
    assert {"email", "custom_attributes", "country", "devices"} <= set(answer["users"][0])


@pytest.fixture(scope="module")
def directory() -> Directory:
    """Three people with one address: two identified, the second updated last."""
    people = populate(WORLDS["coffee"], 50, 0, NOW_S, 10)
    directory = Directory(people)
    for row in (4, 9, 6):
        directory.set_contact("email", row, "shared@person.invalid")
        directory.note_write(row)
    people.external_ids[6] = ""
    return directory


@pytest.mark.parametrize(
    ("order", "outcome", "row"),
    [
        (["identified"], Outcome.AMBIGUOUS, -1),
        (["unidentified"], Outcome.KNOWN, 6),
        (["identified", "most_recently_updated"], Outcome.KNOWN, 9),
        (["identified", "least_recently_updated"], Outcome.KNOWN, 4),
        (["most_recently_updated"], Outcome.KNOWN, 6),
        (["most_recently_updated", "identified"], Outcome.UNKNOWN, -1),
        (["identified", "unidentified"], Outcome.WRONG, -1),
        (["newest"], Outcome.WRONG, -1),
        ([], Outcome.WRONG, -1),
        (None, Outcome.WRONG, -1),
    ],
)
def test_prioritization_narrows_people_with_one_address_word_by_word(
    directory: Directory, order: list[str] | None, outcome: Outcome, row: int
):
    recipient = {"email": "shared@person.invalid", "prioritization": order}
    meant = resolve(directory, recipient, NOW_S)
    assert (meant.outcome, meant.row) == (outcome, row)


def test_a_recipient_has_exactly_one_identifier(directory: Directory):
    both = {"external_user_id": "coffee-0000001", "braze_id": "0" * 24}
    assert resolve(directory, both, NOW_S).outcome is Outcome.WRONG
    assert resolve(directory, {}, NOW_S).outcome is Outcome.WRONG
    assert resolve(directory, "coffee-0000001", NOW_S).outcome is Outcome.WRONG
    one = {"external_user_id": "coffee-0000001", "braze_id": None}
    assert resolve(directory, one, NOW_S).row == 1
    unknown = resolve(directory, {"external_user_id": 77}, NOW_S)
    assert (unknown.outcome, unknown.name) == (Outcome.UNKNOWN, "77")
